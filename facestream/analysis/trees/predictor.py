"""Predict the landmarks in a box with the compiled trees."""

import ctypes

import numpy as np

from facestream.analysis.faces import GrayImage, LandmarksXY
from facestream.analysis.trees.forest import Forest
from facestream.analysis.trees.library import POINTS, CForest, CImage


class TreesPredictor:
    """The trees of one landmark file; any number of threads may use it at the same time."""

    def __init__(self, library: ctypes.CDLL, forest: Forest) -> None:
        self._predict = library.predict
        self._forest = forest  # holds the memory that the addresses point to
        cascades, trees = forest.leaves.shape[:2]
        self.addresses = CForest(
            cascades,
            trees,
            forest.anchor.shape[1],
            *(
                part.ctypes.data
                for part in (
                    forest.initial,
                    forest.splits,
                    forest.leaves,
                    forest.steps,
                    forest.anchor,
                    forest.offset,
                )
            ),
        )

    def predict(self, gray: GrayImage, left: float, top: float, right: float, bottom: float) -> LandmarksXY:
        """The landmarks of the face in a box, in fractions of a pixel: `dlib.shape_predictor` returns them rounded.

        `gray`: shape (height, width), uint8. The box has dlib's edges, `right` and `bottom` belong to it; it may extend
        beyond the image.
        """
        if gray.strides[1] != 1:
            gray = np.ascontiguousarray(gray)
        height, width = gray.shape
        landmarks = np.empty((POINTS, 2), np.float32)
        image = CImage(gray.ctypes.data, gray.strides[0], width, height)
        self._predict(
            ctypes.byref(self.addresses),
            ctypes.byref(image),
            left,
            top,
            right - left,
            bottom - top,
            landmarks.ctypes.data,
        )
        return landmarks
