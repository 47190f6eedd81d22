"""Predict the 68 landmarks of one face with MediaPipe's face mesh; never decides where a face is.

The net places 468 points on a face. Each of the 68 is a weighted mean of up to four of them: mesh_points.json, made by
models/training/mesh_points.py.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.derolling import back_from, deroll_square
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.interpreter import Interpreter

INPUT_PX = 192
VERTICES = 468
SIDE_PER_BOX = 1.7
"""Side of the crop per side of the face's box; 1.5 and 1.9 place the points further from dlib's on FER+ valid."""
TABLE = Path(__file__).with_name("mesh_points.json")


class MeshLandmarks:
    """MediaPipe's face mesh (Kartynnik et al. 2019), 468 points, reduced to 68: 1.5 ms a face of any size and tilt."""

    slow_because = ""

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, INPUT_PX, INPUT_PX, 3), (1, 1, 1, 3 * VERTICES), (1, 1, 1, 1))

    def predict(self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0) -> LandmarksXY:
        """Landmarks of the face in `box` with a tilt of `tilt_deg` (positive: clockwise), in pixels of `gray`.

        The box is that of `box_of_landmarks`; it may extend beyond the image.
        """
        return self.predict_and_judge(gray, box, tilt_deg)[0]

    def predict_and_judge(
        self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0
    ) -> tuple[LandmarksXY, bool]:
        """The landmarks, and whether the net sees a face in the box; it does not see profiles as faces."""
        vertices, matrix, logit = self.predict_vertices(gray, box, tilt_deg)
        return back_from(matrix, mesh_weights() @ vertices[:, :2]), logit > 0

    def predict_vertices(
        self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], float]:
        """The whole mesh in an upright crop.

        Returns the points, shape (468, 3), in pixels of the crop; the matrix, shape (2, 3), from pixels of `gray` to
        those of the crop; and the logit that the crop shows a face: above 0 it does.
        """
        side = SIDE_PER_BOX * max(1.0, box.width)
        upright, matrix = deroll_square(gray, box.center_xy, side, tilt_deg, INPUT_PX)
        # The net was trained on colour; a frame is analysed in gray.
        scaled = upright.astype(np.float32) / 255.0
        vertices, logit = self._net.run(np.repeat(scaled[..., None], 3, axis=2))
        return vertices.reshape(VERTICES, 3), matrix, float(logit.ravel()[0])


@cache
def mesh_weights() -> NDArray[np.float32]:
    """The share of each vertex in each of the 68 landmarks, shape (68, 468); each row sums to 1."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    weights = np.zeros((len(table["landmarks"]), VERTICES), np.float32)
    for landmark, shares in zip(weights, table["landmarks"], strict=True):
        for vertex, share in shares:
            landmark[vertex] = share
    return weights
