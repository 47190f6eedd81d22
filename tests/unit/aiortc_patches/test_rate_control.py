from fractions import Fraction

import pytest
from av import VideoFrame

from facestream.aiortc_patches.rate_control import FrameClock


def clock_after(*times_s: float | None) -> FrameClock:
    clock = FrameClock()
    for time_s in times_s:
        frame = VideoFrame(16, 16, "yuv420p")
        if time_s is not None:
            frame.pts, frame.time_base = round(time_s * 90000), Fraction(1, 90000)
        clock.tick(frame)
    return clock


@pytest.mark.parametrize("fps", [10, 25, 60])
def test_the_rate_is_known_after_a_few_frames(fps: int):
    assert clock_after(*(number / fps for number in range(4))).fps == pytest.approx(fps, rel=0.01)


def test_timestamps_that_stop_step_back_or_are_missing_give_no_rate():
    clock = clock_after(*(number / 20 for number in range(10)), 0.45, 0.1, None)

    assert clock.fps == pytest.approx(20, rel=0.01)


def test_one_pause_changes_little():
    clock = clock_after(*(number / 30 for number in range(30)), 60.0)

    assert clock.fps > 20


def test_an_estimated_rate_stays_within_realistic_bounds():
    assert clock_after(*(float(10 * number) for number in range(30))).fps == pytest.approx(5)
    assert clock_after(*(number / 1000 for number in range(60))).fps == pytest.approx(240)
