"""Find faces with BlazeFace, MediaPipe's short-range detector, including tilted faces; each search step takes 1 ms.

The input of the net is a square of 128 pixels, so a frame is searched by the same plan of steps as with dlib.
"""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

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
from facestream.analysis.geometry import eyes_and_mouth_xy, tilt_deg
from facestream.analysis.interpreter import Interpreter
from facestream.analysis.landmarks import box_of_landmarks

INPUT_PX = 128
FACE_PX = 24
"""The net found all of 64 upright faces of this size in its input, and 85 % of those of 20 pixels."""
STRIDES_AND_ANCHORS = ((8, 2), (16, 6))
"""Two grids of cells (stride in pixels) with this many boxes in each cell; 896 in all (Bazarevsky et al. 2019)."""
BOXES = 896
NUMBERS = 16
"""For each box: center and size of the box, then six points (eyes, nose tip, mouth, ears), x and y of each."""
SURE_FROM = 0.7
"""Least score of a new face; hands and folds of cloth have scores of 0.5 to 0.6."""
SURER_FROM = 0.8
"""Least score in the tiles of `finer`. In 350 images without a face, 10 scores were at least 0.7, and none 0.8."""
HINT_FROM = 0.1
"""Least score of a hint. A face of 12 to 16 pixels in the input of the net, half of FACE_PX and more, mostly has more;
so have 4 to 7 places without a face in a cluttered frame."""
MOST_HINTS_OF_STEP = 8
FINER_IN_STILLS_TO = 1 / 16
"""Least share of the height that finer tiles look for in a photograph. In 350 images without a face, those for 1/16
showed none, those for 1/32 seven."""
LOOK_SURE_FROM = 0.5
"""Least score where a face is followed already."""
OVERLAP = 0.3
"""Intersection over union above which two boxes mean the same face."""
LOOK_FACE_PX = 48
_LEFT_EYE, _RIGHT_EYE, _NOSE, _MOUTH = 2, 3, 4, 5
_NOSE_TIP = 30
"""Of the 68 landmarks."""

# The box of dlib's detector relative to eyes and mouth, measured on 64 faces.
SIDE_PER_EYES_OR_MOUTH = 2.3
MIDDLE_SHARE = 0.46


class BlazeFaceDetector:
    """One net. One thread at a time."""

    step_every_s = 0.0  # a step takes no longer than reading an emotion
    settled_from = 0.8

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, INPUT_PX, INPUT_PX, 3), (1, BOXES, NUMBERS), (1, BOXES, 1))
        self._cells_xy = _cells_xy()

    def plan(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        full = min(MAX_ENLARGEMENT, FACE_PX / max(1.0, min_face_share * height))
        side = INPUT_PX / full
        return search_plan((width, height), INPUT_PX / max(width, height), full, (side, side), FACE_PX / full)

    def finer(self, width: int, height: int, min_face_share: float) -> tuple[SearchStep, ...]:
        return finer_steps(lambda share: self.plan(width, height, share), min_face_share)

    def bordered(self, width: int, height: int) -> SearchStep:
        return bordered_step(width, height, lambda width, height: INPUT_PX / max(width, height))

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        return self.search_with_hints(gray, step)[0]

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        width = min(INPUT_PX, max(1, round(step.width * step.scale)))
        height = min(INPUT_PX, max(1, round(step.height * step.scale)))
        square = np.zeros((INPUT_PX, INPUT_PX), np.uint8)
        square[:height, :width] = scaled_region(gray, step, (width, height))
        across, down = step.width / width, step.height / height
        points, weights = self._scored(square, HINT_FROM)
        sure = weights >= (SURER_FROM if step.surer else SURE_FROM)

        def in_frame(points_xy: NDArray[np.float64]) -> NDArray[np.float64]:
            return points_xy * (across, down) + (step.left, step.top)

        found = [_found(in_frame(merged), score) for merged, score in _merged(points[sure], weights[sure])]
        likely = np.argsort(-weights)[:MOST_HINTS_OF_STEP]
        middles, scores = in_frame(points[likely, 0]).tolist(), weights[likely].tolist()
        return found, [Hint((x, y), score) for (x, y), score in zip(middles, scores, strict=True)]

    def search_whole(self, gray: GrayImage, min_face_share: float) -> list[FoundFace]:
        height, width = gray.shape
        plan = self.plan(width, height, min_face_share)
        found = without_duplicates(found for step in plan for found in self.search(gray, step))
        if min_face_share >= 2 * FINER_IN_STILLS_TO:
            finer = self.finer(width, height, min_face_share)
            found = without_duplicates((face for step in finer for face in self.search(gray, step)), found)
        return found or self.search(gray, self.bordered(width, height))

    def check(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Check | None:
        box = box_of_landmarks(landmarks_xy)
        side = box.width * INPUT_PX / LOOK_FACE_PX
        # Black beyond the frame, as around the input of a search: it finds more faces there than repeated edges.
        upright, matrix = deroll_square(
            gray, box.center_xy, side, tilt_deg(landmarks_xy), INPUT_PX, cv2.BORDER_CONSTANT
        )
        best_score, best_points = 0.0, None
        for points, score in _merged(*self._scored(raised_region(upright), LOOK_SURE_FROM)):
            seen = _found(points, score).box
            if score > best_score and is_expected_face(
                seen.center_xy, seen.width, INPUT_PX / 2, LOOK_FACE_PX
            ):
                best_score, best_points = score, points
        if best_points is None:
            return None
        landmarks = np.asarray(landmarks_xy @ matrix[:, :2].T + matrix[:, 2], np.float32)
        return Check(best_score, off_share(best_points, landmarks))

    def points_off(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> float | None:
        check = self.check(gray, landmarks_xy)
        return check.points_off if check else None

    def _scored(
        self, square: GrayImage, least_score: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Center, size and six points of each box, shape (n, 8, 2), in pixels of the input `square` (128, 128).

        And their scores, shape (n,).
        """
        scaled = square.astype(np.float32) / 127.5 - 1.0
        boxes, logits = self._net.run(np.asarray(cv2.merge([scaled, scaled, scaled]), np.float32))
        chosen = logits[:, 0] >= math.log(least_score / (1 - least_score))
        points = boxes[chosen].reshape(-1, NUMBERS // 2, 2).astype(np.float64)
        cells = self._cells_xy[chosen][:, None]
        points[:, 0] += cells[:, 0]
        points[:, 2:] += cells
        return points, 1 / (1 + np.exp(-np.clip(logits[chosen, 0].astype(np.float64), -50, 50)))


def _merged(
    points: NDArray[np.float64], weights: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], float]]:
    """The weighted mean of each group of overlapping boxes, steadier than the best box alone, and its best score."""
    merged = []
    left = np.argsort(-weights)
    while left.size:
        alike = _overlap(points[left[0]], points[left]) > OVERLAP
        alike[0] = True
        share = weights[left[alike]]
        mean = np.asarray(np.tensordot(share / share.sum(), points[left[alike]], 1))
        merged.append((mean, float(weights[left[0]])))
        left = left[~alike]
    return merged


def _overlap(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of the others, 0..1."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=1)
    return np.asarray(shared / np.maximum(1e-9, one[1].prod() + others[:, 1].prod(axis=1) - shared))


def _found(points_xy: NDArray[np.float64], score: float) -> FoundFace:
    """The face with the box dlib would draw, which the landmark predictor was trained with."""
    left, right, mouth = points_xy[_LEFT_EYE], points_xy[_RIGHT_EYE], points_xy[_MOUTH]
    eyes, along = (left + right) / 2, right - left
    down = mouth - eyes
    side = max(1.0, SIDE_PER_EYES_OR_MOUTH * max(float(np.linalg.norm(along)), float(np.linalg.norm(down))))
    x, y = eyes + MIDDLE_SHARE * down
    tilt = math.degrees(math.atan2(along[1] - down[0], along[0] + down[1]))
    return FoundFace(BoundingBox(float(x - side / 2), float(y - side / 2), side, side), tilt, score)


def off_share(points_xy: NDArray[np.float64], landmarks_xy: LandmarksXY) -> float:
    """`Check.points_off` of the net's points, shape (8, 2), and of landmarks, in the same pixels."""
    left, right, mouth = eyes_and_mouth_xy(landmarks_xy)
    size = max(1.0, math.dist(left, right), math.dist(mouth, (left + right) / 2))
    pairs = (_LEFT_EYE, left), (_RIGHT_EYE, right), (_NOSE, landmarks_xy[_NOSE_TIP]), (_MOUTH, mouth)
    return sum(math.dist(points_xy[number], landmark) for number, landmark in pairs) / len(pairs) / size


def _cells_xy() -> NDArray[np.float64]:
    """Centers of the cells of all boxes, in pixels, shape (896, 2)."""
    middles = []
    for stride, anchors in STRIDES_AND_ANCHORS:
        count = INPUT_PX // stride
        for y in range(count):
            for x in range(count):
                middles += [((x + 0.5) * stride, (y + 0.5) * stride)] * anchors
    return np.array(middles, np.float64)
