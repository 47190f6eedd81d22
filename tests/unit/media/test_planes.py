from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from facestream.media.planes import in_place_of, planes_of, seconds_of


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


def test_a_frame_in_place_of_another_has_its_time_its_colours_and_new_planes():
    frame = VideoFrame(65, 49, "yuv420p")
    frame.pts, frame.time_base = 45_000, Fraction(1, 90_000)
    frame.color_range, frame.colorspace = ColorRange.JPEG, Colorspace.ITU709
    planes = tuple(np.full_like(plane, 50 + number) for number, plane in enumerate(planes_of(frame)))

    new = in_place_of(frame, planes)  # type: ignore[arg-type]

    assert (new.width, new.height, new.format.name) == (65, 49, "yuv420p")
    assert (new.pts, new.time_base) == (frame.pts, frame.time_base)
    assert (new.color_range, new.colorspace) == (ColorRange.JPEG, Colorspace.ITU709)
    assert all(np.array_equal(one, other) for one, other in zip(planes_of(new), planes, strict=True))
    assert not any(np.shares_memory(one, other) for one, other in zip(planes_of(new), planes, strict=True))


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
