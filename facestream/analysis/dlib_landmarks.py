"""Predict the 68 landmarks of one face with dlib's model; never decides where a face is.

The only module that needs dlib and its landmark file; it is imported where the setting `landmarks` is `dlib`.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import dlib
import numpy as np

from facestream.analysis.derolling import back_from, deroll_square
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.landmarks import DEROLL_FROM_DEG
from facestream.analysis.trees.forest import open_forest, prepared_path
from facestream.analysis.trees.library import find_library
from facestream.analysis.trees.predictor import TreesPredictor

logger = logging.getLogger(__name__)

DEROLLED_FACE_PX = 100
DEROLLED_PX = 160


class DlibLandmarks:
    """dlib's 68-point ensemble of regression trees (Kazemi and Sullivan 2014), for a face of any size.

    With the prepared trees, 0.4 to 0.6 ms a face; with dlib itself, 1.7 to 3 ms and nearly the same landmarks, rounded
    to whole pixels.
    """

    def __init__(self, path: Path, sha256: str = "") -> None:
        """`path`: dlib's file. `sha256`: its checksum, by which the prepared trees are found; without it, dlib."""
        trees = _trees(path, sha256) if sha256 else None
        self.compiled = trees is not None
        self.slow_because = "" if trees else "dlib itself predicts landmarks, which takes four times the time"
        self._predict: Callable[[GrayImage, int, int, int, int], LandmarksXY] = (
            trees.predict if trees else _dlib_predictor(path)
        )

    def predict(self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0) -> LandmarksXY:
        """Landmarks of the face in `box` with a tilt of `tilt_deg` (positive: clockwise), in pixels of `gray`.

        Fractions of a pixel where the trees are compiled, whole ones where dlib predicts an upright face.

        The box may extend beyond the image.
        """
        if abs(tilt_deg) < DEROLL_FROM_DEG:
            return self._predict_upright(gray, box)
        side = box.width * DEROLLED_PX / DEROLLED_FACE_PX
        upright, matrix = deroll_square(gray, box.center_xy, side, tilt_deg, DEROLLED_PX)
        edge = (DEROLLED_PX - DEROLLED_FACE_PX) / 2
        points = self._predict_upright(upright, BoundingBox(edge, edge, DEROLLED_FACE_PX, DEROLLED_FACE_PX))
        return back_from(matrix, points)

    def predict_and_judge(
        self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0
    ) -> tuple[LandmarksXY, bool]:
        """The landmarks, and always yes: the trees do not know what is no face."""
        return self.predict(gray, box, tilt_deg), True

    def _predict_upright(self, gray: GrayImage, box: BoundingBox) -> LandmarksXY:
        left, top = round(box.left), round(box.top)
        right, bottom = round(box.left + box.width) - 1, round(box.top + box.height) - 1
        return self._predict(gray, left, top, right, bottom)


def _trees(path: Path, sha256: str) -> TreesPredictor | None:
    library = find_library(path.parent)
    if library is None:
        return None
    try:
        return TreesPredictor(library, open_forest(prepared_path(path), sha256))
    except (OSError, ValueError) as error:
        logger.info("%s: not used (%s); dlib predicts the landmarks", prepared_path(path), error)
        return None


def _dlib_predictor(path: Path) -> Callable[[GrayImage, int, int, int, int], LandmarksXY]:
    predict_shape = dlib.shape_predictor(str(path))

    def predict(gray: GrayImage, left: int, top: int, right: int, bottom: int) -> LandmarksXY:
        shape = predict_shape(gray, dlib.rectangle(left, top, right, bottom))
        return np.array([(point.x, point.y) for point in shape.parts()], np.float32)

    return predict
