"""Find upright faces with dlib's HOG detector; each search step takes 1 to 11 ms."""

import math
from collections.abc import Iterator
from typing import Any

import dlib

from facestream.analysis.contrast import raised_region
from facestream.analysis.derolling import deroll_square
from facestream.analysis.detection.detector import (
    MAX_ENLARGEMENT,
    Check,
    FoundFace,
    Hint,
    SearchStep,
    bordered_step,
    finer_steps,
    is_expected_face,
    search_plan,
    without_duplicates,
)
from facestream.analysis.detection.regions import scaled_region
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import box_of_landmarks

HOG_FACE_PX = 80
"""The smallest face that dlib's detector finds; its sliding window is 80 pixels wide."""
STEP_PIXELS = 400 * 300
"""Most pixels of one step of a search: 11 ms, so that a stream of 30 FPS keeps its pace."""
STILL_STEP_PIXELS = 2_000_000
"""For images: they may take longer. dlib 20.0.1 writes beyond its memory on strips of 240,000 x 80 pixels."""
MAX_STEP_SIDE_PX = 4096
LOOK_FACE_PX = 100
LOOK_PX = 176
"""`check` scales the face to 100 px in an upright square of 176 px: 3-4 ms."""


class HogDetector:
    """dlib's frontal face detector (HOG and a linear classifier, five views). One thread at a time."""

    step_every_s = 0.1  # every third frame, so that most frames cost little
    settled_from = 1.0

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def plan(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        return self._plan(width, height, min_face_share, STEP_PIXELS)

    @staticmethod
    def _plan(width: int, height: int, min_face_share: float, step_pixels: int) -> tuple[SearchStep, ...]:
        full = min(MAX_ENLARGEMENT, HOG_FACE_PX / max(1.0, min_face_share * height))
        whole = _largest_scale(width, height, step_pixels)
        side = math.sqrt(step_pixels) / full
        return search_plan((width, height), whole, full, (side, side), HOG_FACE_PX / full)

    def finer(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        return finer_steps(lambda share: self.plan(width, height, share), min_face_share)

    def bordered(self, width: int, height: int) -> SearchStep:
        return bordered_step(width, height, _largest_scale)

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        size = max(1, round(step.width * step.scale)), max(1, round(step.height * step.scale))
        across, down = step.width / size[0], step.height / size[1]
        return [
            FoundFace(
                BoundingBox(
                    step.left + found.left() * across, step.top + found.top() * down,
                    found.width() * across, found.height() * down,
                ),
                score=score,
            )
            for found, score in self._scored(scaled_region(gray, step, size))
        ]  # fmt: skip

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        # No hints: below dlib's threshold, folds of cloth score as high as small faces.
        return self.search(gray, step), []

    def search_whole(self, gray: GrayImage, min_face_share: float) -> list[FoundFace]:
        plan = self._plan(gray.shape[1], gray.shape[0], min_face_share, STILL_STEP_PIXELS)
        found = without_duplicates(found for step in plan for found in self.search(gray, step))
        return found or self.search(gray, self.bordered(gray.shape[1], gray.shape[0]))

    def check(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Check | None:
        """The face is derolled first: landmarks follow a tilted head, but the detector finds upright faces only."""
        box = box_of_landmarks(landmarks_xy)
        side = box.width * LOOK_PX / LOOK_FACE_PX
        upright, _ = deroll_square(gray, box.center_xy, side, tilt_deg(landmarks_xy), LOOK_PX)
        scores = [
            score
            for found, score in self._scored(raised_region(upright))
            if is_expected_face(
                (found.center().x, found.center().y), found.width(), LOOK_PX / 2, LOOK_FACE_PX
            )
        ]
        return Check(max(scores), None) if scores else None

    def points_off(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> float | None:  # noqa: ARG002
        return None

    def _scored(self, image: GrayImage) -> Iterator[tuple[Any, float]]:
        """The rectangles of the faces with their scores, at dlib's own threshold."""
        found, scores, _ = self._detector.run(image, 0, 0.0)
        return zip(found, scores, strict=True)


def _largest_scale(width: int, height: int, step_pixels: int = STEP_PIXELS) -> float:
    return min(math.sqrt(step_pixels / (width * height)), MAX_STEP_SIDE_PX / max(width, height))
