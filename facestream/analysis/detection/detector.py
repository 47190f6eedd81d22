"""What a face detector is, and the plan by which every detector searches a frame in small steps.

Never looks at a pixel: `hog.py` and `blazeface.py` hold the detectors.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY

MAX_ENLARGEMENT = 4.0
"""Enlarging a face of under 20 pixels further shows no more of it."""
EXPECTED_OFF_SHARE = 0.3
EXPECTED_SIZE_RATIO = 1.5
SAME_FACE_SHARE = 0.5
PART_SHARE = 0.4
"""A face whose middle is nearer to that of a larger one, in sides of the larger box, is a part of that one."""
BORDER_SHARE = 0.3
"""Width of the border of `bordered_step`, as a share of the shorter side. Detectors know faces with something around
them: of photographs that are cropped to the face they miss a third without a border, one in thirty with it."""


@dataclass(frozen=True, slots=True)
class SearchStep:
    """One region of a frame, in its pixels, and the scale at which a detector looks at it.

    It may extend beyond the frame; the detector sees black there.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float
    surer: bool = False
    """Only faces of a high score count: tiles this fine show faces where there are none."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A detected face: the box that dlib draws around it when it is upright, and its tilt."""

    box: BoundingBox
    tilt_deg: float = 0.0
    """Positive: clockwise."""
    score: float = 0.0
    """As in `Face.score`."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a detector says of a face that is followed already."""

    score: float
    """As in `Face.score`."""
    points_off: float | None
    """How far eyes, nose and mouth as the detector sees them are from the landmarks, 0 or more: the mean of the four
    distances as a share of the distance between the eyes, or from eyes to mouth if that is larger. None: the detector
    does not say where they are."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A place that looks a little like a face: perhaps one that is too small for the step that saw it."""

    xy: tuple[float, float]
    """Its middle, in pixels of the frame."""
    score: float
    """As in `Face.score`, and mostly lower than that of a face."""


class FaceDetector(Protocol):
    """Finds faces. Each thread needs its own."""

    step_every_s: float
    """Time between two steps of a search while all known faces are followed."""
    settled_from: float
    """Score of a clear check."""

    def plan(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        """Steps that together find every face of this share of the height; the first covers the whole frame."""

    def finer(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        """Tiles that together find most faces down to half of this share; empty if they would show no more."""

    def bordered(self, width: int, height: int) -> SearchStep:
        """The whole frame with a border: finds a face that fills the frame, which the plan may miss."""

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        """Faces in one region, in pixels of the whole frame."""

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        """The same, and the likeliest places of faces that are too small for this step; none if it cannot tell."""

    def search_whole(self, gray: GrayImage, min_face_share: float) -> list[FoundFace]:
        """All faces of an image, however long it takes."""

    def check(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Check | None:
        """Look for the face at these landmarks; None: the detector finds none there."""

    def points_off(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> float | None:
        """`Check.points_off` alone; None also if there is no face. Free for a detector that never knows it."""


def search_plan(
    size_wh: tuple[int, int], whole_scale: float, full_scale: float, tile_wh: tuple[float, float], face: float
) -> tuple[SearchStep, ...]:
    """The whole frame first, because that finds every near face; then tiles at full scale if that was too coarse.

    Tiles overlap by twice the smallest `face`, so that each face is whole in one of them. All lengths are pixels of
    the frame; a scale is the size looked at over the size in the frame.
    """
    width, height = size_wh
    steps = [SearchStep(0, 0, width, height, min(whole_scale, full_scale))]
    if whole_scale < full_scale:
        steps += [
            SearchStep(left, top, right - left, bottom - top, full_scale)
            for top, bottom in _spans(height, tile_wh[1], min(2 * face, tile_wh[1] / 2))
            for left, right in _spans(width, tile_wh[0], min(2 * face, tile_wh[0] / 2))
        ]
    return tuple(steps)


def finer_steps(
    plan_for: Callable[[float], tuple[SearchStep, ...]], min_face_share: float
) -> tuple[SearchStep, ...]:
    """The tiles of the plan for half of this share, unless that for the share is as fine."""
    full = plan_for(min_face_share)[-1].scale
    return tuple(replace(step, surer=True) for step in plan_for(min_face_share / 2) if step.scale > full)


def bordered_step(width: int, height: int, scale_of: Callable[[int, int], float]) -> SearchStep:
    """The frame and the border around it; `scale_of` gives the scale for a width and height in pixels."""
    border = round(BORDER_SHARE * min(width, height))
    width, height = width + 2 * border, height + 2 * border
    return SearchStep(-border, -border, width, height, min(MAX_ENLARGEMENT, scale_of(width, height)))


def _spans(length: int, side: float, overlap: float) -> list[tuple[int, int]]:
    """Equal spans of at most `side` that cover 0..length and share `overlap`."""
    if length <= side:
        return [(0, length)]
    count = math.ceil((length - overlap) / (side - overlap))
    span = (length + (count - 1) * overlap) / count
    return [
        (round(i * (span - overlap)), min(length, round(i * (span - overlap) + span))) for i in range(count)
    ]


def is_expected_face(center_xy: tuple[float, float], width: float, middle: float, expected: float) -> bool:
    """Whether a detected face is the one expected around (`middle`, `middle`), at a width of `expected`.

    A face beside it belongs to another track: without this check, landmarks that moved to it would stay there.
    """
    return (
        math.dist(center_xy, (middle, middle)) < EXPECTED_OFF_SHARE * expected
        and expected / EXPECTED_SIZE_RATIO < width < expected * EXPECTED_SIZE_RATIO
    )


def is_part_of_larger(box: BoundingBox, others: Iterable[BoundingBox]) -> bool:
    """Whether `box` lies in the middle of a larger face: in its finest tiles a detector may take an eye for a face."""
    return any(
        box.width < other.width and math.dist(box.center_xy, other.center_xy) < PART_SHARE * other.width
        for other in others
    )


def without_duplicates(found: Iterable[FoundFace], known: Iterable[FoundFace] = ()) -> list[FoundFace]:
    """The `known` faces and each further one once, the largest box first; overlapping tiles find a face twice."""
    kept = list(known)
    for face in sorted(found, key=lambda face: -face.box.width):
        near = SAME_FACE_SHARE * face.box.width
        if all(math.dist(face.box.center_xy, other.box.center_xy) > near for other in kept) and (
            not is_part_of_larger(face.box, (other.box for other in kept))
        ):
            kept.append(face)
    return kept
