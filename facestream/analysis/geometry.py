"""Compute head pose, eye opening, mouth opening and tilt from 68 landmarks. Pure: reads no image."""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import HeadPose, LandmarksXY

Rotation = Sequence[Sequence[float]]
"""Three rows of a rotation matrix: plain numbers, because numpy takes longer for so few."""
HeadFit = tuple[Rotation, Sequence[float]]
"""Rotation and place, three numbers, of a head: see `head_fit`."""

_FACE, _LEFT_EYE, _RIGHT_EYE, _MOUTH_CORNERS = range(68), range(36, 42), range(42, 48), (48, 54)
# One matrix product gives the centers of several parts; this is called many times a frame, and numpy's mean is slower.
_PARTS = (_FACE, _LEFT_EYE, _RIGHT_EYE, _MOUTH_CORNERS)
_MEANS: NDArray[np.float64] = np.array(
    [[(point in part) / len(part) for point in range(68)] for part in _PARTS], np.float64
)

# Points that move with the skull and hardly with the expression: outer and inner eye corners, nose bridge, nose
# tip and wings. Their positions on a mean adult head in millimetres: x to the right of the image, y down, z away from
# the camera. Rounded from published mean facial proportions: eye corners 90 and 32 mm apart, nose about 48 mm long.
_RIGID: NDArray[np.intp] = np.array((36, 39, 42, 45, 27, 30, 31, 35), np.intp)
_RIGID_MM: NDArray[np.float64] = np.array(
    [
        (-45.0, 0.0, 14.0), (-16.0, 1.0, 6.0), (16.0, 1.0, 6.0), (45.0, 0.0, 14.0),
        (0.0, -1.0, -7.0), (0.0, 36.0, -28.0), (-14.0, 44.0, -6.0), (14.0, 44.0, -6.0),
    ]
)  # fmt: skip


def head_pose(landmarks_xy: LandmarksXY, frame_size_wh: tuple[int, int]) -> HeadPose | None:
    """Pose from a perspective fit of eight rigid points (SQPnP, Terzakis and Lourakis 2020); None if none fits.

    The camera is unknown. The function assumes a focal length of the frame's width (53 degrees field of view), which
    changes the angles of a face at the edge of the frame by a few degrees.
    """
    fit = head_fit(landmarks_xy, frame_size_wh)
    return fit and pose_of(fit[0])


def head_fit(landmarks_xy: LandmarksXY, frame_size_wh: tuple[int, int]) -> HeadFit | None:
    """The fit of `head_pose`: rotation, and place of the middle between the eyes in millimetres.

    From the camera: x to the right of the image, y down, z away from it. The millimetres are those of a mean adult head
    and of the assumed focal length: with a true one of f, the distance is f / width times as far.
    """
    camera = _camera(frame_size_wh)
    points = landmarks_xy[_RIGID].astype(np.float64)
    try:
        fits, rotation_vector, place = cv2.solvePnP(_RIGID_MM, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:
        return None
    if not fits:
        return None
    rotation: list[list[float]] = cv2.Rodrigues(rotation_vector)[0].tolist()
    x, y, z = place.ravel().tolist()
    # A sum with a number that is not finite is not finite.
    if not math.isfinite(sum(map(sum, rotation)) + x + y + z):
        return None
    return rotation, (x, y, z)


@functools.lru_cache(maxsize=64)
def _camera(frame_size_wh: tuple[int, int]) -> NDArray[np.float64]:
    """The camera that `head_pose` assumes for frames of this size, shape (3, 3)."""
    width, height = frame_size_wh
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], np.float64)
    camera.flags.writeable = False
    return camera


def pose_of(rotation: Rotation) -> HeadPose:
    """The pose of a head with this rotation."""
    # The last column points from the nose backwards, the first one along the eye line.
    (right_x, _, back_x), (right_y, _, back_y), (_, _, back_z) = rotation
    yaw = math.degrees(math.atan2(-back_x, back_z))
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, back_y))))
    roll = math.degrees(math.atan2(right_y, right_x))
    return HeadPose(yaw, pitch, roll)


def rotation_of(pose: HeadPose) -> NDArray[np.float64]:
    """The rotation of a head with this pose, shape (3, 3): `pose_of` the other way round."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    back = np.array(
        [-math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)], np.float64
    )
    # The eye line lies in the image as roll says, and is at right angles to the direction of the nose.
    x, y, z = math.cos(roll), math.sin(roll), max(1e-9, abs(back[2]))
    across = np.array([x * z, y * z, -math.copysign(1.0, back[2]) * (x * back[0] + y * back[1])])
    across /= np.linalg.norm(across)
    return np.column_stack([across, np.cross(back, across), back])


def eye_opening(landmarks_xy: LandmarksXY) -> float:
    """Eye aspect ratio (Soukupova and Cech 2016), mean of both eyes, 0 or more: about 0.3 open, under 0.2 closed."""
    points = landmarks_xy[36:48].tolist()
    return (_aspect(points[:6]) + _aspect(points[6:])) / 2


def mouth_opening(landmarks_xy: LandmarksXY) -> float:
    """Height of the inner mouth (mean of three) over its width, 0 or more: 0 closed, above 0.3 open."""
    points = landmarks_xy[60:68].tolist()
    heights = (
        math.dist(points[1], points[7]) + math.dist(points[2], points[6]) + math.dist(points[3], points[5])
    )
    return heights / 3 / max(1.0, math.dist(points[0], points[4]))


class Placement(NamedTuple):
    """Where a face lies in the image, how large and how tilted it is: see `placement_of`."""

    middle_xy: tuple[float, float]
    """Mean of all landmarks, in pixels."""
    spread_px: float
    """Root mean square distance of the landmarks from their mean, in pixels, at least 1."""
    eye_distance_px: float
    """Distance between the centers of the eyes, in pixels."""
    tilt_deg: float
    """Tilt of the face in the image, -180..180, positive clockwise."""


def placement_of(landmarks_xy: LandmarksXY) -> Placement:
    """The placement of a face with these landmarks.

    Both the line between the eyes and the line from eyes to mouth count for the tilt: a turned head shortens only one
    of them.
    """
    # Double precision, because the spread is a small difference of large squares.
    points = landmarks_xy.astype(np.float64)
    middle, left, right, mouth = (_MEANS @ points).tolist()
    mean_square = float(np.vdot(points, points)) / len(_FACE)
    spread = math.sqrt(max(1.0, mean_square - middle[0] ** 2 - middle[1] ** 2))
    down_x, down_y = mouth[0] - (left[0] + right[0]) / 2, mouth[1] - (left[1] + right[1]) / 2
    tilt = math.degrees(math.atan2(right[1] - left[1] - down_x, right[0] - left[0] + down_y))
    return Placement((middle[0], middle[1]), spread, math.dist(left, right), tilt)


def eye_distance_px(landmarks_xy: LandmarksXY) -> float:
    """As `Placement.eye_distance_px`."""
    return placement_of(landmarks_xy).eye_distance_px


def eyes_and_mouth_xy(landmarks_xy: LandmarksXY) -> NDArray[np.float64]:
    """Centers of the eye on the left of the image, of the other eye, and of the corners of the mouth, shape (3, 2)."""
    return np.asarray(_MEANS[1:] @ landmarks_xy, np.float64)


def tilt_deg(landmarks_xy: LandmarksXY) -> float:
    """As `Placement.tilt_deg`."""
    return placement_of(landmarks_xy).tilt_deg


def bounded(value: float, most: float) -> float:
    """The value, or the nearest one in -most..most."""
    return min(most, max(-most, value))


def _aspect(eye: list[list[float]]) -> float:
    heights = math.dist(eye[1], eye[5]) + math.dist(eye[2], eye[4])
    return heights / (2 * max(1.0, math.dist(eye[0], eye[3])))
