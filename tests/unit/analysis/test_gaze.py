"""Gaze: the place of a painted iris, and the words that follow from it over time."""

import cv2
import numpy as np
import pytest

from facestream.analysis.faces import Gaze, GrayImage, HeadPose, LandmarksXY
from facestream.analysis.gaze import NO_GAZE, GazeState, iris_offset, next_gaze

AHEAD = HeadPose(0.0, 0.0, 0.0)
WIDTH_PX = 40.0


def landmarks(side_px: float = WIDTH_PX) -> LandmarksXY:
    """Two eyes of this width, level, the other points anywhere."""
    points = np.full((68, 2), 100.0, np.float32)
    for first, left in ((36, 60.0), (42, 60.0 + 2 * side_px)):
        shape = [(0, 0), (0.3, -0.18), (0.7, -0.18), (1, 0), (0.7, 0.18), (0.3, 0.18)]
        points[first : first + 6] = [(left + side_px * x, 100 + side_px * y) for x, y in shape]
    return points


def image(right: float = 0.0, down: float = 0.0, points: LandmarksXY | None = None) -> GrayImage:
    """Both eyes with irises that are shifted by so many widths of the eye."""
    points = landmarks() if points is None else points
    gray = np.full((240, 320), 120, np.uint8)
    lids = np.zeros_like(gray)
    for eye in (points[36:42], points[42:48]):
        width_px = float(eye[3, 0] - eye[0, 0])
        cv2.fillConvexPoly(lids, np.rint(eye).astype(np.int32), 1)
        gray[lids > 0] = np.maximum(gray[lids > 0], 200)
    for eye in (points[36:42], points[42:48]):
        width_px = float(eye[3, 0] - eye[0, 0])
        x, y = eye.mean(axis=0) + width_px * np.array([right, down])
        iris = np.zeros_like(gray)
        cv2.circle(iris, (round(float(x)), round(float(y))), round(0.19 * width_px), 1, cv2.FILLED)
        gray[(iris > 0) & (lids > 0)] = 60
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.7), np.uint8)


def watch(
    *parts: tuple[GrayImage, float], fps: float = 30.0, pose: HeadPose = AHEAD, opened: float = 1.0
) -> GazeState:
    state, frame = NO_GAZE, 0
    for gray, seconds in parts:
        for _ in range(round(seconds * fps)):
            state = next_gaze(state, gray, landmarks(), pose, opened, frame / fps)
            frame += 1
    return state


@pytest.mark.parametrize("right", [-0.2, -0.1, 0.0, 0.1, 0.2])
def test_the_iris_is_found_where_it_is(right: float):
    offset = iris_offset(image(right), landmarks()[36:42])

    assert offset is not None
    assert offset[0] == pytest.approx(right, abs=0.03)


def test_an_eye_without_contrast_has_no_iris():
    assert iris_offset(np.full((240, 320), 120, np.uint8), landmarks()[36:42]) is None


def test_an_eye_outside_of_the_image_has_no_iris():
    assert iris_offset(image(), landmarks()[36:42] + 1000) is None


@pytest.mark.parametrize("fps", [8, 15, 30])
@pytest.mark.parametrize(
    ("right", "down", "word"),
    [
        (0.2, 0, Gaze.RIGHT),
        (-0.2, 0, Gaze.LEFT),
        (0, -0.15, Gaze.UP),
        (0, 0.15, Gaze.DOWN),
        (0.03, 0, Gaze.CAMERA),
    ],
)
def test_a_look_aside_has_its_word_within_a_second(right: float, down: float, word: Gaze, fps: float):
    assert watch((image(), 6), (image(right, down), 1), fps=fps).word == word


def test_a_look_back_is_the_camera_again():
    assert watch((image(), 6), (image(0.2), 1), (image(), 1)).word == Gaze.CAMERA


def test_eyes_that_hold_the_camera_while_the_head_turns_stay_at_the_camera():
    state, offset_deg = watch((image(), 6)), 14.0
    turned = image(-offset_deg / 140)
    for frame in range(30):
        state = next_gaze(state, turned, landmarks(), HeadPose(offset_deg, 0, 0), 1.0, 6 + frame / 30)

    assert state.word == Gaze.CAMERA


def test_nothing_is_said_in_the_first_second():
    assert watch((image(0.2), 0.8)).word is None


def test_a_face_that_looks_aside_all_the_time_does_not_look_at_the_camera():
    assert watch((image(0.22), 30)).word == Gaze.RIGHT


def test_nothing_is_said_of_closed_eyes_of_a_turned_head_and_of_small_faces():
    assert watch((image(), 3), opened=0.4).word is None
    assert watch((image(), 3), pose=HeadPose(45, 0, 0)).word is None
    small = landmarks(14.0)
    state = NO_GAZE
    for frame in range(90):
        state = next_gaze(state, image(points=small), small, AHEAD, 1.0, frame / 30)
    assert state.word is None


def test_a_blink_keeps_the_word_and_closed_eyes_end_it():
    state = watch((image(), 3))
    blink = next_gaze(state, image(), landmarks(), AHEAD, 0.3, 3.2)
    closed = next_gaze(blink, image(), landmarks(), AHEAD, 0.3, 4.0)

    assert (blink.word, closed.word) == (Gaze.CAMERA, None)
