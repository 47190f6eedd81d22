from dataclasses import replace

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.description import Reading, as_face
from facestream.analysis.emotion.label import SMALL_EYE_DISTANCE_PX, hold_reason
from facestream.analysis.emotion.reader import Look
from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import (
    NEVER_S,
    UNSURE,
    BoundingBox,
    Emotion,
    GrayImage,
    LandmarksXY,
    UnsureReason,
)
from facestream.analysis.geometry import eye_distance_px, eye_opening, head_pose, mouth_opening, tilt_deg
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.quality import NO_QUALITY, sharpness
from facestream.analysis.tracking.tracks import Track, Tracks

SURE = EmotionState((0.05, 0.05, 0.0, 0.8, 0.0, 0.0, 0.1), Emotion.HAPPY, 0.0)


@pytest.fixture(scope="module")
def landmarks_xy(analyzer: Analyzer, group_gray: GrayImage) -> LandmarksXY:
    """Landmarks of a real face."""
    return max(analyzer.analyze_still(group_gray).faces, key=lambda face: face.box.width).landmarks_xy


def unsure_reason_of(
    gray: GrayImage,
    landmarks_xy: LandmarksXY,
    emotion_state: EmotionState = SURE,
    before: UnsureReason | None = None,
):
    detail = sharpness(gray, box_of_landmarks(landmarks_xy))
    reading = Reading(None, emotion_state, Look.PLAIN, detail, NO_QUALITY)
    track = Track(1, landmarks_xy, 0.0, unsure=before)
    return as_face(gray, track, reading, eye_distance_px(landmarks_xy))[1]


def test_a_large_sharp_frontal_face_gets_its_label(group_gray: GrayImage, landmarks_xy: LandmarksXY):
    face = unsure_reason_of(group_gray, landmarks_xy)

    assert face.label == Emotion.HAPPY
    assert face.unsure is None


def test_a_face_whose_best_emotions_are_close_is_unsure(group_gray: GrayImage, landmarks_xy: LandmarksXY):
    face = unsure_reason_of(group_gray, landmarks_xy, replace(SURE, close=True))

    assert (face.label, face.unsure) == (UNSURE, UnsureReason.CLOSE)


def test_a_blurred_face_is_unsure(group_gray: GrayImage, landmarks_xy: LandmarksXY):
    blurred = np.asarray(cv2.GaussianBlur(group_gray, (0, 0), 9), np.uint8)

    assert unsure_reason_of(blurred, landmarks_xy).unsure == UnsureReason.BLURRED


def test_blur_is_measured_on_the_frames_whose_emotion_is_read(analyzer: Analyzer, group_gray: GrayImage):
    blurred = np.asarray(cv2.GaussianBlur(group_gray, (0, 0), 9), np.uint8)
    tracks, seen = Tracks(), []
    for number in range(9):
        _, tracks = analyzer.analyze(group_gray, tracks, number * 0.05)
    for time_s in (0.42, 0.46):
        report, tracks = analyzer.analyze(blurred, tracks, time_s)
        seen.append([face.unsure == UnsureReason.BLURRED for face in report.faces])

    assert not any(seen[0])
    assert any(seen[1])


def test_a_small_face_is_unsure(group_gray: GrayImage, landmarks_xy: LandmarksXY):
    share = 0.9 * SMALL_EYE_DISTANCE_PX / eye_distance_px(landmarks_xy)
    small = np.asarray(
        cv2.resize(group_gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8
    )

    assert unsure_reason_of(small, landmarks_xy * np.float32(share)).unsure == UnsureReason.SMALL


def test_an_unsure_reason_ends_only_clearly_beyond_its_limit(
    group_gray: GrayImage, landmarks_xy: LandmarksXY
):
    share = 1.05 * SMALL_EYE_DISTANCE_PX / eye_distance_px(landmarks_xy)
    small = np.asarray(
        cv2.resize(group_gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8
    )
    points = landmarks_xy * np.float32(share)

    assert unsure_reason_of(small, points).unsure is None
    assert unsure_reason_of(small, points, before=UnsureReason.SMALL).unsure == UnsureReason.SMALL


def squeezed(landmarks_xy: LandmarksXY, share: float) -> LandmarksXY:
    """Narrow the left half of the face and move the nose over it: a head turned to the left of the image."""
    points = landmarks_xy.copy()
    middle = points[27, 0]
    depth = np.where(np.isin(np.arange(68), [30, 31, 32, 33, 34, 35, 28, 29]), -share * 40, 0)
    left = points[:, 0] < middle
    points[left, 0] = middle + (points[left, 0] - middle) * (1 - share)
    points[:, 0] += depth.astype(np.float32)
    return points


def test_a_face_turned_far_is_unsure(group_gray: GrayImage, landmarks_xy: LandmarksXY):
    face = unsure_reason_of(group_gray, squeezed(landmarks_xy, 0.75))

    assert face.pose is not None
    assert abs(face.pose.yaw_deg) > 40
    assert face.unsure == UnsureReason.TURNED


@pytest.mark.parametrize("angle", [-120, -40, 0, 25, 170])
def test_roll_and_tilt_follow_the_image(landmarks_xy: LandmarksXY, angle: int):
    turn = cv2.getRotationMatrix2D((500, 333), -angle, 1.0).astype(np.float32)
    turned = landmarks_xy @ turn[:, :2].T + turn[:, 2]

    pose, upright = head_pose(turned, (1000, 667)), head_pose(landmarks_xy, (1000, 667))

    assert tilt_deg(turned) - tilt_deg(landmarks_xy) == pytest.approx(angle, abs=0.1)
    assert pose is not None
    assert upright is not None
    # Not exact: in perspective, a face away from the centre is seen from the side.
    assert (pose.roll_deg - upright.roll_deg - angle + 180) % 360 - 180 == pytest.approx(0, abs=12)


def test_a_smaller_copy_of_a_face_has_the_same_openings(landmarks_xy: LandmarksXY):
    assert eye_opening(landmarks_xy * np.float32(0.4)) == pytest.approx(eye_opening(landmarks_xy), rel=0.01)
    assert mouth_opening(landmarks_xy * np.float32(0.4)) == pytest.approx(
        mouth_opening(landmarks_xy), rel=0.01
    )


def test_an_open_mouth_increases_the_mouth_opening(landmarks_xy: LandmarksXY):
    opened = landmarks_xy.copy()
    opened[[65, 66, 67], 1] += 20

    assert mouth_opening(opened) > mouth_opening(landmarks_xy) + 0.3


def test_collapsed_landmarks_give_finite_values():
    point = np.full((68, 2), 50.0, np.float32)

    pose = head_pose(point, (640, 480))

    assert pose is None or np.isfinite([pose.yaw_deg, pose.pitch_deg, pose.roll_deg]).all()
    assert eye_opening(point) == 0
    assert mouth_opening(point) == 0
    assert tilt_deg(point) == 0


def test_a_flat_face_has_no_sharpness():
    assert sharpness(np.full((100, 100), 7, np.uint8), BoundingBox(20, 20, 50, 50)) == 0


def shown(reasons: list[UnsureReason | None], hold_s: float = 1.0) -> list[UnsureReason | None]:
    """What is shown in frames that are a tenth of a second apart."""
    previous, until_s, seen = None, NEVER_S, []
    for number, reason in enumerate(reasons):
        previous, until_s = hold_reason(reason, previous, until_s, number / 10, hold_s)
        seen.append(previous)
    return seen


def test_a_reason_that_ends_for_moments_is_shown_without_a_break():
    hidden = UnsureReason.HIDDEN

    seen = shown([None, hidden, hidden, *[None] * 8, hidden, *[None] * 15])

    assert seen == [None, *[hidden] * 20, *[None] * 6]


def test_a_reason_is_shown_at_once_and_takes_the_place_of_another():
    assert shown([UnsureReason.HIDDEN, UnsureReason.TURNED, None])[1:] == [UnsureReason.TURNED] * 2


def test_close_has_its_own_memory_and_is_not_held():
    assert shown([None, UnsureReason.CLOSE, None]) == [None, UnsureReason.CLOSE, None]


def test_without_smoothing_each_frame_is_judged_by_itself():
    assert shown([UnsureReason.HIDDEN, None], hold_s=0.0) == [UnsureReason.HIDDEN, None]
