"""Say coarsely where a face looks: at the camera, or to the left, right, up or down. Pure: needs no model and no clock.

The iris is the darkest part between the lids; its place between the corners of the eye turns the direction of the head.
What is straight ahead differs from eye to eye and from landmarks to landmarks, so the direction is relative to where
this face looks usually: a person who never looks at the camera seems to do so.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import NEVER_S, Gaze, GrayImage, HeadPose, LandmarksXY
from facestream.analysis.geometry import bounded, eye_distance_px

MEASURE_EVERY_S = 0.12
SMOOTHING_S, USUAL_S = 0.15, 20.0
"""Time constants of the direction, and of where the face looks usually."""
SETTLED_AFTER_S = 1.0
YAW_DEG_PER_WIDTH, PITCH_DEG_PER_WIDTH = 140.0, 200.0
"""By how much a shift of the iris by one width of the eye turns the eye: an eyeball of 12 mm radius, 29 mm between the
corners, for small angles. Up and down the lids hide a part of the iris, and only two thirds of the shift are seen."""
BEGINS_DEG, ENDS_DEG = 13.0, 9.0
"""From the usual direction; a word ends at the second."""
MOST_USUAL_YAW_DEG = 10.0
"""A face that looks aside all the time does not look at the camera."""
MOST_STEP_DEG = 15.0
LEAST_EYE_DISTANCE_PX = 36.0
MOST_YAW_DEG, MOST_PITCH_DEG = 30.0, 35.0
OPEN_ABOVE = 0.75
"""Share of the usual opening of the eyes."""
LEAST_CONTRAST = 14.0
"""Between the darkest and the bright part of an eye, in gray levels: less is a covered eye, or a glare on glasses."""
FORGET_AFTER_S = 1.0
PATCH_WH = 40, 24
_DARK_FROM = 0.4
"""A pixel counts by how much darker it is than this share of the way from bright to dark."""
_LEVELS: NDArray[np.float64] = np.arange(256, dtype=np.float64)
_X, _Y = np.meshgrid(np.arange(PATCH_WH[0]) - PATCH_WH[0] / 2, np.arange(PATCH_WH[1]) - PATCH_WH[1] / 2)
# The product with the pixels of a patch is their sum, and their sums weighted by place.
_MOMENTS: NDArray[np.float64] = np.stack([np.ones_like(_X), _X, _Y]).reshape(3, -1)


@dataclass(frozen=True, slots=True)
class GazeState:
    """Where one face looks, up to its last frame."""

    direction_deg: tuple[float, ...] = ()
    """Smoothed yaw (towards the right of the image) and pitch (up) of the eyes; empty: not measured."""
    usual_deg: tuple[float, ...] = ()
    seconds: float = 0.0
    """How long it was measured, at most USUAL_S."""
    measured_s: float = NEVER_S
    tried_s: float = NEVER_S
    """When the eyes were last looked at, measured or not."""
    word: Gaze | None = None

    def __post_init__(self) -> None:
        if not {len(self.direction_deg), len(self.usual_deg)} <= {0, 2} or self.seconds < 0:
            raise ValueError(
                f"{len(self.direction_deg)} angles of the eyes, {len(self.usual_deg)} usual ones, in {self.seconds} "
                "seconds; expected none or 2 of each, in 0 or more"
            )


NO_GAZE = GazeState()


def next_gaze(
    state: GazeState,
    gray: GrayImage,
    landmarks_xy: LandmarksXY,
    pose: HeadPose | None,
    open_share: float,
    time_s: float,
) -> GazeState:
    """The state after the frame at `time_s`; looks at the eyes eight times a second at most.

    `open_share`: how far the eyes are open, as a share of their usual opening. The word is None while the face is
    turned or small, its eyes are closed or covered, and in its first second.
    """
    if 0 <= time_s - state.tried_s < MEASURE_EVERY_S:
        return state
    state = replace(state, tried_s=time_s)
    read = _direction_deg(gray, landmarks_xy, pose) if open_share > OPEN_ABOVE else None
    step_s = time_s - state.measured_s
    if read is None:
        # A blink does not interrupt a look.
        return state if 0 <= step_s < FORGET_AFTER_S / 2 else replace(state, direction_deg=(), word=None)
    if not state.usual_deg:
        return replace(state, direction_deg=read, usual_deg=read, measured_s=time_s)
    if not state.direction_deg or not 0 < step_s < FORGET_AFTER_S:
        return replace(state, direction_deg=read, measured_s=time_s, word=None)
    share = 1 - math.exp(-step_s / SMOOTHING_S)
    direction = tuple(old + share * (new - old) for old, new in zip(state.direction_deg, read, strict=True))
    seconds = min(USUAL_S, state.seconds + step_s)
    usual = tuple(
        old + step_s / seconds * bounded(new - old, MOST_STEP_DEG)
        for old, new in zip(state.usual_deg, read, strict=True)
    )
    word = _word(state.word, direction, usual) if seconds >= SETTLED_AFTER_S else None
    return GazeState(direction, usual, seconds, time_s, time_s, word)


def iris_offset(gray: GrayImage, eye_xy: LandmarksXY) -> tuple[float, float] | None:
    """Where the iris is, from the middle between the corners of the eye, in widths of the eye: right, down.

    `eye_xy`: the six points of one eye, shape (6, 2). None: the eye is covered, closed or outside of the image.
    """
    corners: list[list[float]] = eye_xy.tolist()
    (left_x, left_y), (right_x, right_y) = corners[0], corners[3]
    width_px = math.hypot(right_x - left_x, right_y - left_y)
    if width_px < 1:
        return None
    # Plain numbers: numpy takes longer for so few.
    scale = PATCH_WH[0] / width_px
    cos, sin = scale * (right_x - left_x) / width_px, scale * (right_y - left_y) / width_px
    middle_x, middle_y = (left_x + right_x) / 2, (left_y + right_y) / 2
    across = PATCH_WH[0] / 2 - cos * middle_x - sin * middle_y
    down = PATCH_WH[1] / 2 + sin * middle_x - cos * middle_y
    matrix = np.array([[cos, sin, across], [-sin, cos, down]])
    patch = cv2.warpAffine(gray, matrix, PATCH_WH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lids = [[round(cos * x + sin * y + across), round(cos * y - sin * x + down)] for x, y in corners]
    inside = cv2.fillConvexPoly(np.zeros(PATCH_WH[::-1], np.uint8), np.array(lids, np.int32), 1)
    levels = patch[inside.view(np.bool_)]
    if levels.size < PATCH_WH[0]:
        return None
    levels.sort()
    dark, bright = int(levels[levels.size // 20]), int(levels[levels.size * 4 // 5])
    if bright - dark < LEAST_CONTRAST:
        return None
    counts = ((bright - _LEVELS) / (bright - dark) - _DARK_FROM).clip(0, 1)
    weights = counts[patch] * inside
    total, right, lower = (_MOMENTS @ weights.ravel()).tolist()
    if total <= 0:
        return None
    return right / total / PATCH_WH[0], lower / total / PATCH_WH[0]


def _direction_deg(
    gray: GrayImage, landmarks_xy: LandmarksXY, pose: HeadPose | None
) -> tuple[float, float] | None:
    if pose is None or abs(pose.yaw_deg) > MOST_YAW_DEG or abs(pose.pitch_deg) > MOST_PITCH_DEG:
        return None
    if eye_distance_px(landmarks_xy) < LEAST_EYE_DISTANCE_PX:
        return None
    left, right = iris_offset(gray, landmarks_xy[36:42]), iris_offset(gray, landmarks_xy[42:48])
    if left is None or right is None:
        return None
    return (
        pose.yaw_deg + YAW_DEG_PER_WIDTH * (left[0] + right[0]) / 2,
        pose.pitch_deg - PITCH_DEG_PER_WIDTH * (left[1] + right[1]) / 2,
    )


def _word(before: Gaze | None, direction: tuple[float, ...], usual: tuple[float, ...]) -> Gaze:
    yaw = direction[0] - bounded(usual[0], MOST_USUAL_YAW_DEG)
    pitch = direction[1] - usual[1]
    amounts = {Gaze.LEFT: -yaw, Gaze.RIGHT: yaw, Gaze.UP: pitch, Gaze.DOWN: -pitch}
    farthest = max(amounts, key=amounts.__getitem__)
    if (
        before in amounts
        and amounts[before] > ENDS_DEG
        and amounts[farthest] - amounts[before] < BEGINS_DEG - ENDS_DEG
    ):
        return before
    return farthest if amounts[farthest] > BEGINS_DEG else Gaze.CAMERA
