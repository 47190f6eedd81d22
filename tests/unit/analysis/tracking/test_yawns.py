"""Yawns, and what is none. There is no clip of a yawn among the test media: these openings are made."""

import numpy as np
import pytest

from facestream.analysis.tracking.yawns import NO_MOUTH, Mouth, next_mouth


def watch(*parts: tuple[float, float], fps: float = 30.0) -> Mouth:
    """The state after parts, each the opening at its end and its length; the opening changes evenly."""
    mouth, opening, frame = NO_MOUTH, 0.05, 0
    for to, seconds in parts:
        for value in np.linspace(opening, to, max(2, round(seconds * fps)))[1:]:
            mouth = next_mouth(mouth, float(value), frame / fps)
            frame += 1
        opening = to
    return mouth


@pytest.mark.parametrize("fps", [8, 15, 30, 60])
def test_a_mouth_that_opens_slowly_and_stays_wide_is_a_yawn(fps: float):
    assert watch((0.05, 1), (0.95, 1.5), (0.8, 2), (0.05, 0.7), (0.05, 1), fps=fps).yawns == 1


def test_each_yawn_counts_once():
    yawn = ((0.9, 1.2), (0.9, 4), (0.05, 1), (0.05, 1))

    assert watch((0.05, 1), *yawn, *yawn).yawns == 2


def test_a_shout_is_no_yawn():
    assert watch((0.05, 1), (0.9, 0.15), (0.8, 2.5), (0.05, 0.2)).yawns == 0


def test_a_wide_mouth_for_a_second_is_no_yawn():
    assert watch((0.05, 1), (0.9, 0.8), (0.9, 0.7), (0.05, 0.5)).yawns == 0


def test_speech_is_no_yawn():
    syllables = [(opening, 0.12) for _ in range(100) for opening in (0.55, 0.1, 0.7, 0.2)]

    assert watch((0.05, 1), *syllables).yawns == 0


def test_laughter_is_no_yawn():
    assert watch((0.05, 1), (0.4, 0.6), (0.45, 4), (0.1, 1)).yawns == 0


def test_a_mouth_that_is_open_from_the_first_frame_on_is_no_yawn():
    mouth = NO_MOUTH
    for frame in range(120):
        mouth = next_mouth(mouth, 0.9, frame / 30)

    assert mouth.yawns == 0
