import math

import numpy as np
import pytest

from facestream.analysis.tracking.blinks import NO_EYES, Eyes, next_eyes


def watch(opening_at: "np.ndarray", fps: float) -> Eyes:
    eyes = NO_EYES
    for number, opening in enumerate(opening_at):
        eyes = next_eyes(eyes, float(opening), number / fps)
    return eyes


def openings(
    usual: float, fps: float, closed_s: list[tuple[float, float]], seconds: float = 8.0
) -> "np.ndarray":
    times = np.arange(int(seconds * fps)) / fps
    values = np.full(len(times), usual)
    for start, length in closed_s:
        values[(times >= start) & (times < start + length)] = 0.4 * usual
    return values


@pytest.mark.parametrize("fps", [12, 15, 30, 60])
@pytest.mark.parametrize("usual", [0.17, 0.3, 0.42])
def test_blinks_are_counted_at_any_frame_rate_and_for_any_eyes(fps: float, usual: float):
    eyes = watch(openings(usual, fps, [(1, 0.17), (3, 0.17), (5.5, 0.17)]), fps)

    assert eyes.blinks == 3


def test_eyes_that_stay_closed_do_not_blink():
    assert watch(openings(0.3, 30, [(2, 2.0)]), 30).blinks == 0


def test_a_smile_that_narrows_the_eyes_is_not_a_blink():
    times = np.arange(240) / 30
    narrowing = 0.3 - 0.06 * (1 / (1 + np.exp(-(times - 4) * 2)))

    assert watch(narrowing, 30).blinks == 0


def test_noise_is_not_a_blink():
    noisy = 0.3 + np.random.default_rng(3).normal(0, 0.02, 900)

    assert watch(noisy, 30).blinks == 0


def test_the_blink_count_continues_after_the_face_was_lost_for_a_while():
    eyes = watch(openings(0.3, 30, [(1, 0.17)]), 30)

    later = next_eyes(eyes, 0.3, 100.0)

    assert later.blinks == 1
    assert later.closed_since_s is None
    assert math.isclose(later.usual_opening, 0.3)
