"""Smile and brows by geometry: relative to the person's own face, and independent of how the head is turned."""

from dataclasses import replace

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.description import Reading, as_face
from facestream.analysis.emotion.reader import Look
from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import Emotion, GrayImage, HeadPose, LandmarksXY
from facestream.analysis.geometry import (
    _RIGID,
    _RIGID_MM,
    eye_distance_px,
    head_fit,
    head_pose,
    rotation_of,
)
from facestream.analysis.quality import NO_QUALITY
from facestream.analysis.tracking.expression import (
    _DEPTH_MM,
    _POINTS,
    NO_BROWS,
    NO_REST,
    Rest,
    measure_mm,
    next_brows,
    next_expression,
    next_rest,
    smile_and_brows,
)
from facestream.analysis.tracking.tracks import Track

SIZE_WH = 640, 480
REST = Rest((50.0, 1.0, 18.0), 10.0, 0.0)


def face_mm(width: float = 50.0, lift: float = 1.0, brows: float = 18.0) -> np.ndarray:
    """A mean adult head, shape (68, 3), whose mouth and brows have these measures."""
    points = np.zeros((68, 3))
    points[list(_RIGID)] = _RIGID_MM
    x = [-width / 2, width / 2, 0, 0, 0, 0, -45, -35, -25, -15, 15, 25, 35, 45]
    y = [70 - lift, 70 - lift, *[70.0] * 4, *[-brows] * 8]
    points[list(_POINTS)] = np.column_stack([x, y, _DEPTH_MM])
    return points


def seen(points_mm: np.ndarray, pose: HeadPose | None = None) -> LandmarksXY:
    """The head 600 mm in front of the camera that `head_fit` assumes."""
    rotation = rotation_of(pose or HeadPose(0, 0, 0))
    camera = points_mm @ rotation.T + (0, 0, 600)
    pixels = camera[:, :2] / camera[:, 2:] * SIZE_WH[0] + np.array(SIZE_WH) / 2
    return pixels.astype(np.float32)


def measured(points_xy: LandmarksXY) -> tuple[float, float, float]:
    fit = head_fit(points_xy, SIZE_WH)
    assert fit is not None
    return measure_mm(points_xy, fit, SIZE_WH)


@pytest.mark.parametrize(
    "pose", [HeadPose(0, 0, 0), HeadPose(25, 0, 0), HeadPose(0, 20, 0), HeadPose(-20, -15, 30)]
)
def test_the_measures_do_not_depend_on_the_pose(pose: HeadPose):
    assert measured(seen(face_mm(), pose)) == pytest.approx((50.0, 1.0, 18.0), abs=0.2)


def test_a_wider_mouth_with_lifted_corners_is_a_smile():
    values = smile_and_brows(REST, measured(seen(face_mm(width=67, lift=9))))

    assert values == pytest.approx((1.0, 0.0), abs=0.03)


def test_lowered_corners_are_below_zero_and_raised_brows_above():
    values = smile_and_brows(REST, measured(seen(face_mm(width=48, lift=-3, brows=21))))

    assert values is not None
    assert values[0] < -0.2
    assert values[1] == pytest.approx(0.5, abs=0.03)


def test_values_stay_within_their_range():
    assert smile_and_brows(REST, (500.0, 90.0, -90.0)) == (1.0, -1.0)


def test_nothing_is_said_before_the_face_was_at_rest_for_half_a_second():
    rest = NO_REST
    for frame in range(10):
        rest = next_rest(rest, (50.0, 1.0, 18.0), 1.0, frame / 30)

    assert smile_and_brows(rest, (50.0, 1.0, 18.0)) is None


def test_a_long_smile_does_not_become_the_face_at_rest():
    rest = NO_REST
    for frame in range(90):
        rest = next_rest(rest, (50.0, 1.0, 18.0), 0.9, frame / 30)
    for frame in range(90, 900):
        rest = next_rest(rest, (66.0, 9.0, 18.0), 0.0, frame / 30)

    assert smile_and_brows(rest, (66.0, 9.0, 18.0))[0] > 0.75  # type: ignore[index]


def test_a_face_that_is_turned_far_has_neither_and_does_not_change_its_rest():
    points_xy = seen(face_mm(), HeadPose(55, 0, 0))
    fit, pose = head_fit(points_xy, SIZE_WH), head_pose(points_xy, SIZE_WH)

    assert next_expression(REST, points_xy, fit, pose, SIZE_WH, 1.0, 1.0) == (REST, None)


def test_a_face_without_a_fit_has_neither():
    assert next_expression(REST, seen(face_mm()), None, None, SIZE_WH, 1.0, 1.0) == (REST, None)


def shown_brows(frames: list[tuple[float | None, float | None]]) -> list[float | None]:
    """What is shown in frames 40 ms apart, of the brows as measured and of when the eyes closed."""
    brows, shown = NO_BROWS, list[float | None]()
    for number, (measured_brows, closed_since_s) in enumerate(frames):
        brows = next_brows(brows, measured_brows, closed_since_s, number * 0.04)
        shown.append(brows.value)
    return shown


def test_brows_keep_their_value_during_a_blink_and_a_moment_after():
    """Each blink pulls the landmarks of the brows up."""
    blink: list[tuple[float | None, float | None]] = [(0.4, 0.08), (0.45, 0.08), (0.3, None), (0.2, None)]

    shown = shown_brows([(0.0, None), (0.05, None), *blink, (0.06, None)])

    assert shown == [0.0, 0.05, 0.05, 0.05, 0.05, 0.05, 0.06]


def test_brows_follow_the_landmarks_while_the_eyes_stay_closed_for_longer():
    shown = shown_brows([(0.0, None), *[(0.4, 0.04)] * 40])

    assert shown[10] == 0.0
    assert shown[-1] == 0.4


def test_raised_brows_are_shown_at_once_while_the_eyes_are_open():
    assert shown_brows([(0.0, None), (0.7, None)]) == [0.0, 0.7]


def test_brows_that_are_not_known_are_not_kept():
    assert shown_brows([(0.2, None), (None, 0.04), (0.5, 0.04)]) == [0.2, None, 0.5]


def test_a_kept_value_does_not_outlive_a_gap_in_the_stream():
    closed = next_brows(next_brows(NO_BROWS, 0.1, None, 100.0), 0.5, 100.04, 100.04)

    assert closed.value == 0.1
    assert next_brows(closed, 0.6, None, 130.0).value == 0.6
    assert next_brows(closed, 0.6, None, 5.0).value == 0.6


def test_the_brows_of_a_face_are_those_before_its_blink(analyzer: Analyzer, group_gray: GrayImage):
    points_xy = max(analyzer.analyze_still(group_gray).faces, key=lambda face: face.box.width).landmarks_xy
    blinking = points_xy.copy()
    blinking[[37, 38, 43, 44], 1] = blinking[[41, 40, 47, 46], 1]
    blinking[17:27, 1] -= 0.1 * eye_distance_px(points_xy)
    height, width = group_gray.shape
    fit = head_fit(points_xy, (width, height))
    assert fit is not None
    rest = Rest(measure_mm(points_xy, fit, (width, height)), 10.0, 0.0)
    state = EmotionState((0.0,) * 6 + (1.0,), Emotion.NEUTRAL, 0.0)
    reading, eyes_px = Reading(None, state, Look.PLAIN, 1.0, NO_QUALITY), eye_distance_px(points_xy)
    track, before = as_face(group_gray, Track(1, points_xy, 0.0, rest=rest), reading, eyes_px)

    closed = replace(track, landmarks_xy=blinking, seen_s=0.04)
    closed, during = as_face(group_gray, closed, reading, eyes_px)
    opened = replace(closed, landmarks_xy=points_xy, seen_s=0.08)
    raised = replace(closed, landmarks_xy=blinking, seen_s=2.0)

    assert during.eye_opening < 0.5 * before.eye_opening
    assert before.brows == pytest.approx(0.0, abs=0.01)
    assert during.brows == before.brows
    assert as_face(group_gray, opened, reading, eyes_px)[1].brows == before.brows
    assert as_face(group_gray, raised, reading, eyes_px)[1].brows > 0.3  # type: ignore[operator]
