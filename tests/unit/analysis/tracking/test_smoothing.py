import numpy as np
import pytest

from facestream.analysis.faces import EMOTIONS, Emotion
from facestream.analysis.tracking.smoothing import next_emotion_state, steady_landmarks
from facestream.analysis.tracking.tracks import NO_EMOTION_STATE, EmotionState


def shares(**given: float) -> np.ndarray:
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return np.array([given.get(str(emotion), rest) for emotion in EMOTIONS], np.float32)


def settle(
    emotion_state: EmotionState, read: np.ndarray, start_s: float, seconds: float, fps: int = 30
) -> EmotionState:
    for frame in range(round(seconds * fps)):
        emotion_state = next_emotion_state(emotion_state, read, start_s + frame / fps, 0.3)
    return emotion_state


def test_the_first_reading_is_taken_as_it_is():
    emotion_state = next_emotion_state(NO_EMOTION_STATE, shares(happy=0.9), 0.0, 0.3)

    assert emotion_state.label == Emotion.HAPPY
    assert emotion_state.probabilities[EMOTIONS.index(Emotion.HAPPY)] == pytest.approx(0.9)


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_smoothing_takes_the_same_time_at_every_frame_rate(fps: int):
    emotion_state = settle(NO_EMOTION_STATE, shares(neutral=0.9), 0.0, 1.0, fps)

    emotion_state = settle(emotion_state, shares(happy=0.9), 1.0, 0.3, fps)

    assert emotion_state.probabilities[EMOTIONS.index(Emotion.HAPPY)] == pytest.approx(0.54, abs=0.09)


def test_one_odd_frame_does_not_change_the_label():
    emotion_state = settle(NO_EMOTION_STATE, shares(neutral=0.8), 0.0, 1.0)

    emotion_state = next_emotion_state(emotion_state, shares(sad=0.95), 1.0, 0.3)

    assert emotion_state.label == Emotion.NEUTRAL


def test_two_emotions_about_equal_do_not_flicker():
    emotion_state = settle(NO_EMOTION_STATE, shares(neutral=0.48, sad=0.40), 0.0, 1.0)
    labels = set()
    for frame in range(60):
        read = shares(neutral=0.42, sad=0.45) if frame % 2 else shares(neutral=0.45, sad=0.42)
        emotion_state = next_emotion_state(emotion_state, read, 1 + frame / 30, 0.3)
        labels.add(emotion_state.label)

    assert labels == {Emotion.NEUTRAL}
    assert emotion_state.close


def test_a_still_face_is_calmed():
    rng = np.random.default_rng(3)
    face = rng.uniform(0, 100, (68, 2)).astype(np.float32)
    steady, shown = None, []
    for frame in range(90):
        noisy = face + rng.normal(0, 1.0, face.shape).astype(np.float32)
        steady = steady_landmarks(steady, noisy, frame / 30, 120.0)
        shown.append(steady.points_xy)

    assert np.std(np.array(shown[30:]), axis=0).mean() < 0.6


def test_fast_motion_is_not_held_back():
    face = np.random.default_rng(3).uniform(0, 100, (68, 2)).astype(np.float32)
    steady = None
    for frame in range(60):
        moved = face + np.float32(max(0, frame - 30) * 8.0)
        steady = steady_landmarks(steady, moved, frame / 30, 120.0)

    assert steady is not None
    assert np.abs(steady.points_xy - moved).max() < 4.0  # half of what it moves in one frame


def test_a_gap_in_time_starts_anew():
    face = np.zeros((68, 2), np.float32)
    steady = steady_landmarks(None, face, 0.0, 100.0)

    steady = steady_landmarks(steady, face + 50, 5.0, 100.0)

    assert np.all(steady.points_xy == 50)
