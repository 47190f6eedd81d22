from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame

from facestream.media.planes import luma_of, planes_of, seconds_of


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 479), (98, 66)])
def test_planes_have_the_frame_size_without_padding(width: int, height: int):
    frame = VideoFrame(width, height, "yuv420p")

    y, u, v = planes_of(frame)

    assert y.shape == (height, width)
    assert u.shape == v.shape == ((height + 1) // 2, (width + 1) // 2)


def test_writing_to_a_plane_writes_to_the_frame():
    frame = VideoFrame(64, 48, "yuv420p")
    frame.make_writable()

    planes_of(frame)[0][:] = 200

    assert np.all(planes_of(frame)[0] == 200)


def test_the_luma_is_the_first_plane():
    frame = VideoFrame(66, 48, "yuv420p")
    frame.make_writable()
    planes_of(frame)[0][:] = 200

    assert luma_of(frame).shape == (48, 66)
    assert np.all(luma_of(frame) == 200)


@pytest.mark.parametrize(
    ("pts", "time_base", "seconds"),
    [
        (45_000, Fraction(1, 90_000), 0.5),
        (-1, Fraction(1, 1000), -0.001),
        (None, Fraction(1, 1000), None),
        (45_000, None, None),
    ],
)
def test_the_time_of_a_frame_needs_a_timestamp_and_its_unit(
    pts: int | None, time_base: Fraction | None, seconds: float | None
):
    frame = VideoFrame(16, 16, "yuv420p")
    frame.pts = pts
    if time_base is not None:
        frame.time_base = time_base

    assert seconds_of(frame) == seconds
