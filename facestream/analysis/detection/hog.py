"""Find faces in a gray picture with dlib's HOG detector: by a plan of small steps, or all at once; follows nobody."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import cv2
import dlib
import numpy as np

from facestream.analysis.derolling import deroll_square
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import box_of_landmarks

HOG_FACE_PX = 80
"""The smallest face dlib's detector finds; its sliding window is 80 pixels wide."""
STEP_PIXELS = 400 * 300
"""Most pixels one step of a search looks at: 11 ms, so that a 30 FPS stream keeps its pace beside it."""
STILL_STEP_PIXELS = 2_000_000
"""For photographs, which may take their time. dlib 20.0.1 overruns its memory on strips of 240,000 x 80 pixels."""
MAX_STEP_SIDE_PX = 4096
MAX_ENLARGEMENT = 4.0
"""A face of under 20 pixels shows nothing that more pixels would bring back."""
LOOK_FACE_PX = 100
LOOK_PX = 176
"""A look at one place shows the face at 100 px, upright, in a square of 176 px: 3-4 ms."""
LOOK_OFF_SHARE = 0.3
LOOK_SIZE_RATIO = 1.5
SAME_FACE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class SearchStep:
    """One region of the picture and the scale it is looked at."""

    left: int
    top: int
    width: int
    height: int
    scale: float


@dataclass(frozen=True, slots=True)
class FoundFace:
    """Where a detector saw a face: a box as dlib draws it on the upright face, and how far that is tilted."""

    box: BoundingBox
    tilt_deg: float = 0.0


class FaceDetector(Protocol):
    """What finds faces. Never shared between threads."""

    step_every_s: float
    """How often a search takes its next step while all known faces are followed."""

    def plan(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        """Steps that together see every face of at least that share of the height; the first sees the whole picture."""

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        """Faces in one region, in pixels of the picture."""

    def search_whole(self, gray: GrayImage, min_face_share: float) -> list[FoundFace]:
        """Faces of the whole picture at once."""

    def sees_face(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> bool:
        """Whether the detector, too, finds a face at these landmarks."""


def search_plan(
    size_wh: tuple[int, int], whole_scale: float, full_scale: float, tile_wh: tuple[float, float], face: float
) -> tuple[SearchStep, ...]:
    """The whole picture first, because that finds every near face; where it is too coarse, tiles at full scale.

    Tiles overlap by twice the smallest `face`, so that none is cut everywhere. All lengths are pixels of the picture.
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


def _spans(length: int, side: float, overlap: float) -> list[tuple[int, int]]:
    """Equal spans of at most `side` that cover 0..length and share `overlap`."""
    if length <= side:
        return [(0, length)]
    count = math.ceil((length - overlap) / (side - overlap))
    span = (length + (count - 1) * overlap) / count
    return [
        (round(i * (span - overlap)), min(length, round(i * (span - overlap) + span))) for i in range(count)
    ]


def is_where_looked(center_xy: tuple[float, float], width: float, middle: float, expected: float) -> bool:
    """Whether a face found in a look is the one that was expected in its middle, at a width of `expected`.

    A face beside or around it is another's: landmarks that slid off theirs would live on it for ever.
    """
    return (
        math.dist(center_xy, (middle, middle)) < LOOK_OFF_SHARE * expected
        and expected / LOOK_SIZE_RATIO < width < expected * LOOK_SIZE_RATIO
    )


def without_doubles(found: Iterable[FoundFace]) -> list[FoundFace]:
    """Each face once, the largest box first, where tiles overlap."""
    kept: list[FoundFace] = []
    for face in sorted(found, key=lambda face: -face.box.width):
        near = SAME_FACE_SHARE * face.box.width
        if all(math.dist(face.box.center_xy, other.box.center_xy) > near for other in kept):
            kept.append(face)
    return kept


class HogDetector:
    """dlib's frontal face detector (HOG and a linear classifier, five views); finds upright faces."""

    step_every_s = 0.1  # in every third frame, so that most frames stay cheap

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def plan(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        return self._plan(width, height, min_face_share, STEP_PIXELS)

    @staticmethod
    def _plan(width: int, height: int, min_face_share: float, step_pixels: int) -> tuple[SearchStep, ...]:
        full = min(MAX_ENLARGEMENT, HOG_FACE_PX / max(1.0, min_face_share * height))
        whole = min(math.sqrt(step_pixels / (width * height)), MAX_STEP_SIDE_PX / max(width, height))
        side = math.sqrt(step_pixels) / full
        return search_plan((width, height), whole, full, (side, side), HOG_FACE_PX / full)

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        region = gray[step.top : step.top + step.height, step.left : step.left + step.width]
        size = max(1, round(step.width * step.scale)), max(1, round(step.height * step.scale))
        scaled = cv2.resize(
            region, size, interpolation=cv2.INTER_AREA if step.scale < 1 else cv2.INTER_LINEAR
        )
        across, down = step.width / size[0], step.height / size[1]
        return [
            FoundFace(
                BoundingBox(
                    step.left + found.left() * across, step.top + found.top() * down,
                    found.width() * across, found.height() * down,
                )
            )
            for found in self._detector(np.ascontiguousarray(scaled))
        ]  # fmt: skip

    def search_whole(self, gray: GrayImage, min_face_share: float) -> list[FoundFace]:
        plan = self._plan(gray.shape[1], gray.shape[0], min_face_share, STILL_STEP_PIXELS)
        return without_doubles(found for step in plan for found in self.search(gray, step))

    def sees_face(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> bool:
        """With the eyes turned level: the landmarks follow a tilted head, the detector knows upright ones only."""
        box = box_of_landmarks(landmarks_xy)
        side = box.width * LOOK_PX / LOOK_FACE_PX
        upright, _ = deroll_square(gray, box.center_xy, side, tilt_deg(landmarks_xy), LOOK_PX)
        return any(
            is_where_looked((found.center().x, found.center().y), found.width(), LOOK_PX / 2, LOOK_FACE_PX)
            for found in self._detector(upright)
        )
