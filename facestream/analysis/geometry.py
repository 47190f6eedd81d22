"""Head pose, eye opening and mouth opening from 68 landmarks. Pure; knows no model and no picture."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.faces import HeadPose, LandmarksXY

_LEFT_EYE = (36, 37, 38, 39, 40, 41)
_RIGHT_EYE = (42, 43, 44, 45, 46, 47)

# Points that move with the skull and hardly with the expression: outer and inner eye corners, nose bridge, nose
# tip and wings. Their places on a mean adult head, in millimetres; x to the picture's right, y down, z away from it.
# Rounded from published mean facial proportions: eye corners 90 and 32 mm apart, nose about 48 mm long.
_RIGID = (36, 39, 42, 45, 27, 30, 31, 35)
_RIGID_MM: NDArray[np.float64] = np.array(
    [
        (-45.0, 0.0, 14.0), (-16.0, 1.0, 6.0), (16.0, 1.0, 6.0), (45.0, 0.0, 14.0),
        (0.0, -1.0, -7.0), (0.0, 36.0, -28.0), (-14.0, 44.0, -6.0), (14.0, 44.0, -6.0),
    ]
)  # fmt: skip


def head_pose(landmarks_xy: LandmarksXY, frame_size_wh: tuple[int, int]) -> HeadPose | None:
    """Pose from a perspective fit of eight rigid points; None where no pose fits.

    The camera is unknown: a focal length of the picture's width (53 degrees field of view) is assumed, which moves
    the angles of a face at the picture's edge by a few degrees.
    """
    width, height = frame_size_wh
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], np.float64)
    points = np.ascontiguousarray(landmarks_xy[list(_RIGID)], np.float64)
    try:
        fits, rotation_vector, _ = cv2.solvePnP(_RIGID_MM, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:
        return None
    if not fits:
        return None
    rotation, _ = cv2.Rodrigues(rotation_vector)
    # Where the nose points, and how the eye line lies.
    forward = rotation @ np.array([0.0, 0.0, -1.0])
    yaw = math.degrees(math.atan2(forward[0], -forward[2]))
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -forward[1]))))
    roll = math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))
    if not all(map(math.isfinite, (yaw, pitch, roll))):
        return None
    return HeadPose(yaw, pitch, roll)


def eye_opening(landmarks_xy: LandmarksXY) -> float:
    """Eye aspect ratio (Soukupova and Cech 2016), mean of both eyes: about 0.3 open, under 0.2 closed."""
    return (_aspect(landmarks_xy, _LEFT_EYE) + _aspect(landmarks_xy, _RIGHT_EYE)) / 2


def mouth_opening(landmarks_xy: LandmarksXY) -> float:
    """Height of the inner mouth (mean of three) over its width; 0 closed."""
    heights = [
        float(np.linalg.norm(landmarks_xy[top] - landmarks_xy[low]))
        for top, low in ((61, 67), (62, 66), (63, 65))
    ]
    width = float(np.linalg.norm(landmarks_xy[60] - landmarks_xy[64]))
    return sum(heights) / 3 / max(1.0, width)


def eye_distance_px(landmarks_xy: LandmarksXY) -> float:
    """Distance of the eyes' middles."""
    left, right = landmarks_xy[36:42].mean(axis=0), landmarks_xy[42:48].mean(axis=0)
    return float(np.linalg.norm(right - left))


def tilt_deg(landmarks_xy: LandmarksXY) -> float:
    """How far the face is tilted in the picture, -180..180, positive clockwise.

    From the line of the eyes and the one from eyes to mouth together: a turned head shortens one, not both.
    """
    left, right = landmarks_xy[36:42].mean(axis=0), landmarks_xy[42:48].mean(axis=0)
    along = right - left
    down = landmarks_xy[[48, 54]].mean(axis=0) - (left + right) / 2
    return math.degrees(math.atan2(along[1] - down[0], along[0] + down[1]))


def _aspect(landmarks_xy: LandmarksXY, eye: tuple[int, ...]) -> float:
    p = landmarks_xy[list(eye)]
    heights = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    return float(heights / (2 * max(1.0, float(np.linalg.norm(p[0] - p[3])))))
