from fractions import Fraction

import pytest
from av import VideoFrame

from facestream.replay.move import FrameTimes

TICKS_HZ = 90_000


def frame(pts: int | None) -> VideoFrame:
    made = VideoFrame(16, 16, "yuv420p")
    made.pts, made.time_base = pts, Fraction(1, TICKS_HZ)
    return made


def placed(times: FrameTimes, pts: int, now_s: float) -> int | None:
    made = frame(pts)
    times.place(made, now_s)
    return made.pts


def test_frames_of_one_connection_keep_their_times():
    times = FrameTimes()

    assert [placed(times, pts, 1 + pts / TICKS_HZ) for pts in (0, 3000, 6000)] == [0, 3000, 6000]


@pytest.mark.parametrize(("gap_s", "pts"), [(0.5, 48_000), (0.0, 3001)])
def test_the_clock_counts_between_two_connections_and_times_always_ascend(gap_s: float, pts: int):
    times = FrameTimes()
    placed(times, 3000, 1.0)

    times.begin_connection()

    assert placed(times, 700, 1.0 + gap_s) == pts
    assert placed(times, 3700, 9.0) == pts + 3000


def test_a_first_connection_without_a_frame_takes_no_time():
    times = FrameTimes()
    times.begin_connection()

    assert placed(times, 500, 2.0) == 0


def test_a_frame_without_a_time_is_left_alone():
    made = frame(None)

    FrameTimes().place(made, 1.0)

    assert made.pts is None
