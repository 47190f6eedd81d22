"""Annotate one frame as its peer wants it: mirrored, with a background, and with the chosen layers of its report."""

from dataclasses import dataclass

from facestream.analysis.drawing.background import Background, mirror_planes, mirrored, show_background
from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, Layer, draw
from facestream.analysis.drawing.words import Language
from facestream.analysis.faces import FrameReport


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a peer wants to see on a frame."""

    layers: tuple[Layer, ...] = tuple(DEFAULT_LAYERS)
    background: Background = Background.FRAME
    mirror: bool = False
    """Whether left and right are exchanged."""
    language: Language = Language.ENGLISH
    """Of the labels."""
    stats: str = ""
    """The text in the upper left corner, for the layer `stats`."""


def annotate(planes: Planes, report: FrameReport | None, wanted: Annotation) -> None:
    """Annotate the planes of a frame in place; without a report, it is only mirrored and hidden by the background."""
    if wanted.mirror:
        # First, so that the text that is drawn later can be read.
        mirror_planes(planes)
        report = report and mirrored(report, planes[0].shape[1])
    show_background(planes, report or FrameReport(()), wanted.background)
    if report is not None:
        shows_points = wanted.background is Background.LANDMARKS
        layers = {*wanted.layers, Layer.POINTS} if shows_points else wanted.layers
        draw(planes, report, layers, wanted.stats, wanted.language)
