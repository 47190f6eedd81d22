import numpy as np

from facestream.analysis.tracking.smoothing import steady_landmarks


def test_the_landmarks_of_a_still_face_are_smoothed():
    rng = np.random.default_rng(3)
    face = rng.uniform(0, 100, (68, 2)).astype(np.float32)
    steady, shown = None, []
    for frame in range(90):
        noisy = face + rng.normal(0, 1.0, face.shape).astype(np.float32)
        steady = steady_landmarks(steady, noisy, frame / 30, 120.0)
        shown.append(steady.points_xy)

    assert np.std(np.array(shown[30:]), axis=0).mean() < 0.6


def test_fast_motion_is_not_delayed():
    face = np.random.default_rng(3).uniform(0, 100, (68, 2)).astype(np.float32)
    steady = None
    for frame in range(60):
        moved = face + np.float32(max(0, frame - 30) * 8.0)
        steady = steady_landmarks(steady, moved, frame / 30, 120.0)

    assert steady is not None
    assert np.abs(steady.points_xy - moved).max() < 4.0  # half of the motion in one frame


def test_smoothing_restarts_after_a_gap_in_time():
    face = np.zeros((68, 2), np.float32)
    steady = steady_landmarks(None, face, 0.0, 100.0)

    steady = steady_landmarks(steady, face + 50, 5.0, 100.0)

    assert np.all(steady.points_xy == 50)
