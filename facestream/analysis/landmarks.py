"""Predict the 68 landmarks of one face with dlib; never decides where a face is."""

import math
from pathlib import Path

import dlib
import numpy as np

from facestream.analysis.derolling import back_from, deroll_square
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import middle_xy, spread_px, tilt_deg

# The box of dlib's detector relative to the landmarks, measured on 72 frames of the test clips.
SIDE_PER_SPREAD = 2.87
UP_PER_SPREAD = 0.15

DEROLL_FROM_DEG = 8.0
"""The predictor starts from an upright face: its error is half again as large at 20 degrees; it fails at 45."""
DEROLLED_FACE_PX = 100
DEROLLED_PX = 160


class LandmarkPredictor:
    """dlib's 68-point ensemble of regression trees (Kazemi and Sullivan 2014); 1.7-2.5 ms a face of any size."""

    def __init__(self, path: Path) -> None:
        self._predict = dlib.shape_predictor(str(path))

    def predict(self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0) -> LandmarksXY:
        """Landmarks of the face in `box` with a tilt of `tilt_deg` (positive: clockwise), in pixels of `gray`.

        The box may extend beyond the image.
        """
        if abs(tilt_deg) < DEROLL_FROM_DEG:
            return self._predict_upright(gray, box)
        side = box.width * DEROLLED_PX / DEROLLED_FACE_PX
        upright, matrix = deroll_square(gray, box.center_xy, side, tilt_deg, DEROLLED_PX)
        edge = (DEROLLED_PX - DEROLLED_FACE_PX) / 2
        points = self._predict_upright(upright, BoundingBox(edge, edge, DEROLLED_FACE_PX, DEROLLED_FACE_PX))
        return back_from(matrix, points)

    def _predict_upright(self, gray: GrayImage, box: BoundingBox) -> LandmarksXY:
        rectangle = dlib.rectangle(
            round(box.left), round(box.top), round(box.left + box.width) - 1, round(box.top + box.height) - 1
        )
        shape = self._predict(gray, rectangle)
        return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def box_of_landmarks(landmarks_xy: LandmarksXY) -> BoundingBox:
    """The square box that dlib's detector draws around a face with these landmarks when it is upright."""
    x, y = middle_xy(landmarks_xy)
    spread = spread_px(landmarks_xy)
    side = SIDE_PER_SPREAD * spread
    tilt = math.radians(tilt_deg(landmarks_xy))
    x += UP_PER_SPREAD * spread * math.sin(tilt)
    y -= UP_PER_SPREAD * spread * math.cos(tilt)
    return BoundingBox(x - side / 2, y - side / 2, side, side)
