from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from facestream.errors import FrameTooLargeError
from facestream.media.threads import MediaThreads
from facestream.media.tracks import JpegTrack
from facestream.messages.jpeg_socket import JpegFrame


def jpeg_frame(time_ms: int, side: int = 64) -> JpegFrame:
    return JpegFrame(time_ms, cv2.imencode(".jpg", np.zeros((side, side, 3), np.uint8))[1].tobytes())


@pytest.fixture
def track() -> Iterator[JpegTrack]:
    with MediaThreads(1, "test") as decoding:
        yield JpegTrack(decoding, (128, 128))


async def test_pts_count_from_the_first_jpeg_and_map_back_to_its_time(track: JpegTrack):
    track.put(jpeg_frame(5000))
    await track.recv()
    track.put(jpeg_frame(5040))

    frame = await track.recv()

    assert frame.pts is not None
    assert frame.time_base is not None
    assert float(frame.pts * frame.time_base) == pytest.approx(0.04)
    assert track.time_ms(frame) == 5040


async def test_the_newest_jpeg_is_kept_and_the_others_are_counted_as_dropped(track: JpegTrack):
    for time_ms in (1, 2, 3):
        track.put(jpeg_frame(time_ms))

    assert track.time_ms(await track.recv()) == 3
    assert track.dropped == 2


async def test_a_jpeg_that_is_not_newer_is_dropped_and_counted(track: JpegTrack):
    track.put(jpeg_frame(100))
    track.put(jpeg_frame(100))
    track.put(jpeg_frame(40))

    assert track.time_ms(await track.recv()) == 100
    assert track.dropped == 2


async def test_a_jpeg_that_is_too_large_is_rejected_at_once(track: JpegTrack):
    with pytest.raises(FrameTooLargeError) as rejected:
        track.put(jpeg_frame(0, side=129))

    assert (rejected.value.got, rejected.value.most) == ((129, 129), (128, 128))


async def test_a_stopped_track_ends(track: JpegTrack):
    track.stop()

    with pytest.raises(MediaStreamError):
        await track.recv()
