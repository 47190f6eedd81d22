import pytest

from facestream.clips.clock import CLOSED_GAP_S, ClipClock, Gaps


def times_s(stamps: list[float | None], gaps: Gaps = "keep") -> list[float]:
    clock = ClipClock(0.1, gaps)
    return [clock.at_s(stamp) for stamp in stamps]


def test_times_start_at_the_first_frame_and_keep_their_distances():
    assert times_s([5.0, 5.1, 5.5]) == pytest.approx([0, 0.1, 0.5])


def test_missing_and_equal_timestamps_follow_the_frame_rate():
    assert times_s([None, None, None]) == pytest.approx([0, 0.1, 0.2])
    assert times_s([1.0, 1.0, None, 1.9]) == pytest.approx([0, 0.1, 0.2, 0.9])


def test_a_recording_that_begins_again_is_joined():
    clock = ClipClock(0.1, "keep")

    joined = [clock.at_s(stamp) for stamp in (10.0, 10.1, 3.0, 3.2)]

    assert joined == pytest.approx([0, 0.1, 0.2, 0.4])
    assert clock.restarts == pytest.approx([0.1])


def test_a_long_gap_is_closed_up_for_sending_only():
    assert times_s([0.0, 100.0, 100.2]) == pytest.approx([0, 100, 100.2])
    assert times_s([0.0, 100.0, 100.2], "fill") == pytest.approx([0, CLOSED_GAP_S, CLOSED_GAP_S + 0.2])


def test_a_long_gap_is_noted():
    clock = ClipClock(0.1, "keep")
    for stamp in (0.0, 2.0, 102.0):
        clock.at_s(stamp)

    assert clock.long_gaps == [(2.0, 100.0)]
