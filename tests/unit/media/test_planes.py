import numpy as np
import pytest
from av import VideoFrame

from facestream.media.planes import planes_of


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
