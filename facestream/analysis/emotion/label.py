"""Choose the label of a face: decide whether its emotion may be named.

`choose_label` returns the label that is shown: the one that `steadying.py` has picked, or UNSURE. Pure: needs no model
and no clock.
"""

import cv2
import numpy as np

from facestream.analysis import geometry
from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import (
    UNSURE,
    BoundingBox,
    GrayImage,
    HeadPose,
    LandmarksXY,
    UnsureReason,
)

SMALL_EYE_DISTANCE_PX = 12.0
TURNED_YAW_DEG = 40.0
TURNED_PITCH_DEG = 32.0
BLURRED_BELOW = 0.04
"""Limit of `sharpness`. In FER+ valid, 99 % of the faces are above 0.10. Blurred until half of them are below this
limit, the emotion net is right for 0.79 of them instead of 0.84; blurred twice as much, for 0.49."""
SHARPNESS_PX = 40
LEAVE_SHARE = 1.1
"""Hysteresis: a reason ends only when the face is beyond the limit by this factor; the label does not flicker."""


def choose_label(
    emotion_state: EmotionState,
    gray: GrayImage,
    box: BoundingBox,
    landmarks_xy: LandmarksXY,
    pose: HeadPose | None,
    previous: UnsureReason | None,
) -> tuple[str, UnsureReason | None]:
    """The label of a face, and why it is UNSURE where it is.

    `previous` is the reason of the frame before: a reason that holds ends only well clear of its limit.
    """

    def limit_for(reason: UnsureReason, limit: float) -> float:
        return limit * LEAVE_SHARE if previous == reason else limit

    if geometry.eye_distance_px(landmarks_xy) < limit_for(UnsureReason.SMALL, SMALL_EYE_DISTANCE_PX):
        return UNSURE, UnsureReason.SMALL
    turned_share = limit_for(UnsureReason.TURNED, 1.0)
    if (
        pose is None
        or abs(pose.yaw_deg) * turned_share > TURNED_YAW_DEG
        or abs(pose.pitch_deg) * turned_share > TURNED_PITCH_DEG
    ):
        return UNSURE, UnsureReason.TURNED
    if sharpness(gray, box) < limit_for(UnsureReason.BLURRED, BLURRED_BELOW):
        return UNSURE, UnsureReason.BLURRED
    if emotion_state.close:
        return UNSURE, UnsureReason.CLOSE
    return emotion_state.label, None


def inner_face(gray: GrayImage, box: BoundingBox, wider: float = 1.0) -> GrayImage:
    """A view of the pixels from forehead to chin, without hair and background; empty for a face beyond the frame.

    With `wider`, a region of that many times the width and height.
    """
    x, y = box.center_xy
    left, right = round(x - 0.44 * wider * box.width), round(x + 0.44 * wider * box.width)
    top, bottom = round(y - 0.49 * wider * box.height), round(y + 0.39 * wider * box.height)
    return gray[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]


def sharpness(gray: GrayImage, box: BoundingBox) -> float:
    """Variance of the Laplacian over the variance of the gray levels, in the inner face scaled to 40 x 40 pixels.

    The value is 0 for a flat or blurred face and does not depend on its size or contrast.
    """
    inner = inner_face(gray, box)
    if inner.size == 0:
        return 0.0
    shrinks = box.width > SHARPNESS_PX
    face = cv2.resize(
        inner, (SHARPNESS_PX, SHARPNESS_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    detail = cv2.Laplacian(face, cv2.CV_32F)
    return float(detail.var() / (float(np.var(face)) + 25.0))
