"""What a landmark model is, and the box around landmarks; never decides where a face is.

Runs no model: `dlib_landmarks.py` and `mesh_landmarks.py` hold them.
"""

import math
from typing import Protocol

from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import Placement, placement_of

# The box of dlib's detector relative to the landmarks, measured on 72 frames of the test clips.
SIDE_PER_SPREAD = 2.87
UP_PER_SPREAD = 0.15

DEROLL_FROM_DEG = 8.0
"""dlib's predictor starts from an upright face: its error is half again as large at 20 degrees; it fails at 45."""


class LandmarkPredictor(Protocol):
    """Predicts the landmarks of a face of any size. One thread at a time."""

    slow_because: str
    """Why it takes longer than it could on this machine; empty: it does not."""

    def predict(self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0) -> LandmarksXY:
        """Landmarks of the face in `box` with a tilt of `tilt_deg` (positive: clockwise), in pixels of `gray`.

        The box is that of `box_of_landmarks`; it may extend beyond the image.
        """

    def predict_and_judge(
        self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0
    ) -> tuple[LandmarksXY, bool]:
        """The same, and whether there is a face in the box; a model that cannot say so says yes."""


def box_of_landmarks(landmarks_xy: LandmarksXY) -> BoundingBox:
    """The square box that dlib's detector draws around a face with these landmarks when it is upright."""
    return box_at(placement_of(landmarks_xy))


def box_at(placement: Placement) -> BoundingBox:
    """As `box_of_landmarks`, for a face that is placed there."""
    (x, y), spread, _, tilt_deg = placement
    side = SIDE_PER_SPREAD * spread
    tilt = math.radians(tilt_deg)
    x += UP_PER_SPREAD * spread * math.sin(tilt)
    y -= UP_PER_SPREAD * spread * math.cos(tilt)
    return BoundingBox(x - side / 2, y - side / 2, side, side)
