from collections.abc import Callable
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
from aiortc.codecs.base import Decoder
from aiortc.codecs.h264 import H264Decoder, H264Encoder, h264_depayload
from aiortc.codecs.vpx import Vp8Decoder, Vp8Encoder, vp8_depayload
from aiortc.jitterbuffer import JitterFrame
from av import VideoFrame

from facestream.media.planes import planes_of
from facestream.replay.stamp import COUNTER_VALUES, fits, read_stamp, write_stamp

COUNTERS = (0, 1, 2, 255, 256, 0x5555, 0xAAAA, COUNTER_VALUES - 1)


def noisy_frame(width: int, height: int, seed: int = 0) -> VideoFrame:
    """Noise, which is hard to encode; with smooth colours the stamp would get all the bits."""
    frame = VideoFrame(width, height, "yuv420p")
    random = np.random.default_rng(seed)
    for plane in planes_of(frame):
        coarse = random.integers(30, 220, (plane.shape[0] // 4 + 1, plane.shape[1] // 4 + 1), dtype=np.uint8)
        plane[:] = coarse.repeat(4, 0).repeat(4, 1)[: plane.shape[0], : plane.shape[1]]
    return frame


@pytest.mark.parametrize("size_wh", [(160, 64), (640, 480), (638, 358), (1000, 666), (162, 98)])
def test_a_stamp_is_read_as_it_was_written(size_wh: tuple[int, int]):
    frame = noisy_frame(*size_wh)

    read = []
    for counter in COUNTERS:
        write_stamp(planes_of(frame), counter)
        read.append(read_stamp(planes_of(frame)[0]))

    assert read == list(COUNTERS)


@pytest.mark.parametrize(
    ("encoder", "depayload", "decoder"),
    [
        (Vp8Encoder(), vp8_depayload, Vp8Decoder()),
        (H264Encoder(), h264_depayload, H264Decoder()),
    ],
    ids=["vp8", "h264"],
)
def test_a_stamp_survives_the_lowest_bitrate(
    encoder: Vp8Encoder | H264Encoder, depayload: Callable[[bytes], bytes], decoder: Decoder
):
    encoder.target_bitrate = 1  # the encoder uses its minimum instead

    read = []
    for number in range(40):
        frame = noisy_frame(640, 480, seed=number // 4)
        frame.pts, frame.time_base = number * 3000, Fraction(1, 90_000)
        write_stamp(planes_of(frame), number)
        payloads, timestamp = encoder.encode(frame)
        encoded = JitterFrame(b"".join(map(depayload, payloads)), timestamp)
        frames = decoder.decode(encoded)
        read += [read_stamp(planes_of(cast(VideoFrame, frame))[0]) for frame in frames]

    assert read == list(range(40))


@pytest.mark.parametrize("level", [0, 16, 128, 235, 255])
def test_a_flat_corner_is_not_read_as_a_stamp(level: int):
    luma = np.full((480, 640), level, np.uint8)

    assert read_stamp(luma) is None


def test_a_damaged_stamp_is_rejected_not_misread():
    frame = VideoFrame(640, 480, "yuv420p")
    luma = planes_of(frame)[0]
    luma[:] = 128
    for counter in range(0, COUNTER_VALUES, 997):
        write_stamp(planes_of(frame), counter)
        row, column = 464 + 8 * (counter % 2), 544 + 8 * (counter % 12)
        luma[row : row + 8, column : column + 8] = 251 - luma[row : row + 8, column : column + 8]

        assert read_stamp(luma) is None


def test_no_stamp_is_read_in_images_of_people():
    stamps = [read_stamp(planes_of(noisy_frame(640, 480, seed))[0]) for seed in range(50)]

    assert stamps == [None] * 50


@pytest.mark.parametrize("size_wh", [(158, 480), (640, 62), (16, 16)])
def test_a_small_frame_has_no_room_for_a_stamp(size_wh: tuple[int, int]):
    assert not fits(*size_wh)
    assert read_stamp(np.zeros((size_wh[1], size_wh[0]), np.uint8)) is None
