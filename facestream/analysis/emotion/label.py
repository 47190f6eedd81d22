"""From a track to the face that is shown: pose, openings, blinks, and whether its emotion may be named."""

from dataclasses import replace

import cv2
import numpy as np

from facestream.analysis import geometry
from facestream.analysis.faces import UNSURE, BoundingBox, Face, GrayImage, HeadPose, UnsureReason
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.tracking.blinks import next_eyes
from facestream.analysis.tracking.tracks import Track

SMALL_EYE_DISTANCE_PX = 12.0
TURNED_YAW_DEG = 40.0
TURNED_PITCH_DEG = 32.0
BLURRED_BELOW = 0.04
"""Of `sharpness`. On FER+ valid, where 99 % of the faces have above 0.10: blurred until half of them fall below this,
the emotion net is right for 0.77 of them instead of 0.84; blurred twice as much, for 0.58."""
SHARPNESS_PX = 40
LEAVE_SHARE = 1.1
"""A doubt ends only when the face is so many times clear of its limit: otherwise the label would flicker at it."""


def describe(gray: GrayImage, track: Track, box: BoundingBox) -> tuple[Track, Face]:
    """The face of a track whose emotion_state has been read; and the track, with its blink counted."""
    points = track.steady.points_xy if track.steady else track.landmarks_xy
    # Lids are faster than any filter: from the landmarks as they were predicted.
    eyes = geometry.eye_opening(track.landmarks_xy)
    track = replace(track, eyes=next_eyes(track.eyes, eyes, track.seen_s))
    pose = geometry.head_pose(points, (gray.shape[1], gray.shape[0]))
    unsure = _unsure_reason(gray, track, box, pose)
    track = replace(track, unsure=unsure)
    face = Face(
        id=track.id,
        box=box_of_landmarks(points),
        landmarks_xy=points,
        probabilities=track.emotion_state.probabilities,
        label=UNSURE if unsure else track.emotion_state.label,
        unsure=unsure,
        pose=pose,
        eye_opening=eyes,
        blinks=track.eyes.blinks,
        mouth_opening=geometry.mouth_opening(track.landmarks_xy),
    )
    return track, face


def _unsure_reason(
    gray: GrayImage, track: Track, box: BoundingBox, pose: HeadPose | None
) -> UnsureReason | None:
    def limit_for(reason: UnsureReason, limit: float) -> float:
        return limit * LEAVE_SHARE if track.unsure == reason else limit

    if geometry.eye_distance_px(track.landmarks_xy) < limit_for(UnsureReason.SMALL, SMALL_EYE_DISTANCE_PX):
        return UnsureReason.SMALL
    turned_share = limit_for(UnsureReason.TURNED, 1.0)
    if (
        pose is None
        or abs(pose.yaw_deg) * turned_share > TURNED_YAW_DEG
        or abs(pose.pitch_deg) * turned_share > TURNED_PITCH_DEG
    ):
        return UnsureReason.TURNED
    if sharpness(gray, box) < limit_for(UnsureReason.BLURRED, BLURRED_BELOW):
        return UnsureReason.BLURRED
    if track.emotion_state.close:
        return UnsureReason.CLOSE
    return None


def sharpness(gray: GrayImage, box: BoundingBox) -> float:
    """Variance of the Laplacian over that of the gray levels, between forehead and chin of the face at 40 px.

    0 for a flat or blurred face, whatever its size and contrast; hair and background do not count.
    """
    x, y = box.center_xy
    left, right = round(x - 0.44 * box.width), round(x + 0.44 * box.width)
    top, bottom = round(y - 0.49 * box.height), round(y + 0.39 * box.height)
    inner = gray[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if inner.size == 0:
        return 0.0
    shrinks = box.width > SHARPNESS_PX
    face = cv2.resize(
        inner, (SHARPNESS_PX, SHARPNESS_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    detail = cv2.Laplacian(face, cv2.CV_32F)
    return float(detail.var() / (float(np.var(face)) + 25.0))
