import numpy as np
import pytest

from facestream.analysis.tracking.lips import NO_LIPS, Lips, next_lips


def watch(openings: "np.ndarray", fps: float, lips: Lips = NO_LIPS, start_s: float = 0.0) -> list[Lips]:
    states = []
    for number, opening in enumerate(openings):
        lips = next_lips(lips, float(opening), start_s + number / fps)
        states.append(lips)
    return states


def speech_openings(hertz: float, fps: float, seconds: float = 3.0, largest: float = 0.3) -> "np.ndarray":
    times = np.arange(round(seconds * fps)) / fps
    return largest * (0.5 - 0.5 * np.cos(2 * np.pi * hertz * times))


@pytest.mark.parametrize("fps", [15, 24, 30, 60])
@pytest.mark.parametrize("hertz", [2, 3, 5, 7])
def test_a_mouth_that_opens_and_closes_as_in_speech_speaks(fps: float, hertz: float):
    assert watch(speech_openings(hertz, fps), fps)[-1].speech > 0.5


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
def test_a_mouth_that_opens_once_and_holds_does_not_speak(fps: float):
    opening = np.concatenate([np.full(round(fps), 0.05), np.full(round(3 * fps), 0.5)])

    assert max(lips.speech for lips in watch(opening, fps)) == 0


def test_noise_of_the_landmarks_is_no_speech():
    noise = np.random.default_rng(7).normal(0.1, 0.012, 300)

    assert max(lips.speech for lips in watch(noise, 30)) == 0


def test_speech_is_over_two_seconds_after_the_last_word():
    speaking = watch(speech_openings(4, 30), 30)[-1]

    silent = watch(np.full(60, 0.02), 30, speaking, 3.0)

    assert silent[5].speech > 0.5
    assert silent[-1].speech < 0.2


def test_frames_that_are_missing_start_anew():
    speaking = watch(speech_openings(4, 30), 30)[-1]

    assert next_lips(speaking, 0.4, 10.0) == Lips(0.4, 0.0, 0.0, 10.0)
    assert next_lips(speaking, 0.4, 1.0) == Lips(0.4, 0.0, 0.0, 1.0)
