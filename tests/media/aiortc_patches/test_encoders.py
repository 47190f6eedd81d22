from fractions import Fraction
from pathlib import Path
from typing import Any

import aiortc.rtcrtpsender
import av
import numpy as np
import pytest
from aiortc.codecs import CODECS
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload
from av import VideoFrame

from facestream.aiortc_patches.decoder_limits import is_keyframe
from facestream.aiortc_patches.parameter_sets import (
    BASELINE,
    SequenceParameters,
    nal_units,
    sequence_parameters,
)
from facestream.clips.clip import open_clip
from facestream.media.planes import planes_of
from tests.media.aiortc_patches.peers import JpegTrack, Pair, numbered_frame

VIDEO_CODECS = [next(codec for codec in CODECS["video"] if codec.name == name) for name in ("VP8", "H264")]
BOTH = pytest.mark.parametrize("codec", VIDEO_CODECS, ids=["VP8", "H264"])


def create(codec) -> Any:
    return aiortc.rtcrtpsender.get_encoder(codec)  # type: ignore[attr-defined]


def is_key(codec, payloads: list[bytes]) -> bool:
    return is_keyframe(codec.name, depayloaded(codec, payloads[:1] if codec.name == "VP8" else payloads))


@BOTH
@pytest.mark.parametrize("size", [(641, 480), (640, 481), (161, 121)])
def test_odd_sizes_are_encoded(codec, size):
    payloads, _ = create(codec).encode(numbered_frame(*size))

    assert payloads


@BOTH
def test_after_a_change_of_size_the_next_frame_is_a_keyframe(codec):
    encoder = create(codec)
    encoder.encode(numbered_frame(640, 480, 0))
    encoder.encode(numbered_frame(640, 480, 1))

    payloads, _ = encoder.encode(numbered_frame(480, 640, 2))

    assert is_key(codec, payloads)


@BOTH
def test_timestamps_that_stop_or_step_back_do_not_raise(codec):
    encoder = create(codec)

    payloads = [
        encoder.encode(with_pts(numbered_frame(number=index), pts))[0]
        for index, pts in enumerate((9000, 9000, 3000))
    ]

    assert all(payloads)


def with_pts(frame: VideoFrame, pts: int) -> VideoFrame:
    frame.pts, frame.time_base = pts, Fraction(1, 90000)
    return frame


@BOTH
def test_varying_bitrate_estimates_cause_no_keyframes(codec):
    encoder = create(codec)
    encoder.encode(numbered_frame(number=0))
    keyframes = 0
    for number in range(1, 30):
        encoder.target_bitrate = 1_000_000 + (300_000 if number % 2 else -300_000)
        payloads, _ = encoder.encode(numbered_frame(number=number))
        keyframes += is_key(codec, payloads)

    assert keyframes == 0


def test_h264_follows_the_bitrate_without_a_new_encoder():
    encoder = create(VIDEO_CODECS[1])
    sent_bytes = []
    for target in (2_000_000, 300_000):
        for _ in range(20):
            encoder.target_bitrate = target
        payloads = [encoder.encode(grainy(number))[0] for number in range(90)]
        sent_bytes.append(sum(len(payload) for frame in payloads[60:] for payload in frame))

    assert sent_bytes[1] < sent_bytes[0] / 2


@BOTH
@pytest.mark.parametrize("fps", [10, 15, 30, 60])
@pytest.mark.parametrize("target_bps", [500_000, 250_000])
def test_the_bitrate_is_the_target_at_any_frame_rate(codec, fps, target_bps):
    sent_bps = bitrate(codec, target_bps, [fps] * (fps * 7), from_s=2)

    assert sent_bps == pytest.approx(target_bps, rel=0.15)


@BOTH
@pytest.mark.parametrize(("first", "then"), [(30, 10), (10, 30), (60, 20)])
def test_the_bitrate_follows_a_changed_frame_rate(codec, first, then):
    # x264 averages the bitrate over a hundred frames, so it needs up to five seconds after a change.
    sent_bps = bitrate(codec, 500_000, [first] * (first * 3) + [then] * (then * 9), from_s=8)

    assert sent_bps == pytest.approx(500_000, rel=0.15)


@BOTH
def test_a_face_that_hardly_moves_is_not_encoded_finer_than_one_can_see(codec, media_dir: Path):
    encoder, decoder = create(codec), av.CodecContext.create(codec.name.lower(), "r")
    assert isinstance(decoder, av.VideoCodecContext)
    for _ in range(20):
        encoder.target_bitrate = 2_500_000
    decibels, sent_bytes = [], 0
    for timed, _ in zip(open_clip(media_dir / "single_face.mp4").frames(), range(60), strict=False):
        shown = timed.frame.reformat(format="yuv420p").to_ndarray()
        payloads, _ = encoder.encode(VideoFrame.from_ndarray(shown, "yuv420p"))
        (seen,) = decoder.decode(av.Packet(depayloaded(codec, payloads)))
        sent_bytes += sum(map(len, payloads))
        error = np.square(seen.to_ndarray().astype(float) - shown).mean()
        decibels.append(10 * np.log10(255**2 / error))

    assert sent_bytes * 8 / 2 < 1_250_000
    assert min(decibels[5:]) > 40


def depayloaded(codec, payloads: list[bytes]) -> bytes:
    depayload = vp8_depayload if codec.name == "VP8" else h264_depayload
    return b"".join(depayload(payload) for payload in payloads)


def bitrate(codec, target_bps: int, rates: list[int], from_s: float) -> float:
    """Bits per second of encoded noise, by the timestamps of its frames from `from_s` on."""
    encoder = create(codec)
    for _ in range(40):
        encoder.target_bitrate = target_bps
    at_s, sent_bytes = 0.0, 0
    for number, fps in enumerate(rates):
        frame = with_pts(VideoFrame.from_ndarray(NOISE[number % len(NOISE)], "yuv420p"), round(at_s * 90000))
        payloads, _ = encoder.encode(frame)
        if at_s >= from_s:
            sent_bytes += sum(map(len, payloads))
        at_s += 1 / fps
    return sent_bytes * 8 / (at_s - from_s)


NOISE = [np.random.default_rng(number).integers(64, 128, (180, 160), np.uint8) for number in range(16)]


@BOTH
def test_a_pause_causes_no_burst(codec):
    encoder = create(codec)
    for number in range(90):
        encoder.encode(with_pts(grainy(number), number * 3000))

    after = [
        encoder.encode(with_pts(grainy(number), number * 3000 + 9_000_000))[0] for number in range(90, 120)
    ]

    assert sum(len(payload) for payloads in after for payload in payloads) * 8 < 2 * encoder.target_bitrate


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [
        (320, 240, 30, 21),
        (640, 480, 30, 30),
        (640, 480, 60, 31),
        (1280, 720, 30, 31),
        (1280, 720, 60, 32),
        (1920, 1080, 30, 40),
        (1920, 1080, 60, 42),
        (1920, 1920, 30, 50),
    ],
)
def test_h264_streams_announce_their_true_level(width, height, fps, level):
    encoder, said = create(VIDEO_CODECS[1]), list[SequenceParameters]()
    for number in range(10):
        payloads, _ = encoder.encode(
            with_pts(numbered_frame(width, height, number), round(number * 90000 / fps))
        )
        encoded = b"".join(map(aiortc.codecs.h264.h264_depayload, payloads))
        said += sequence_parameters(encoded, nal_units(encoded))

    assert said[-1].level_idc == level
    assert (said[-1].profile_idc, said[-1].shown_wh) == (BASELINE, (width, height))
    assert len({each.level_idc for each in said}) <= 2  # an unexpected rate costs one keyframe, once


def grainy(number: int) -> VideoFrame:
    frame = numbered_frame(320, 240, number)
    y = planes_of(frame)[0]
    y[:] = y // 2 + np.random.default_rng(number).integers(0, 24, y.shape, np.uint8)
    return frame


@BOTH
def test_an_encoder_uses_one_thread(codec):
    encoder = create(codec)
    encoder.encode(numbered_frame(1280, 720))

    assert encoder.codec.thread_count == 1


class TurningTrack(JpegTrack):
    """Changes its size every ten frames, like a phone that is turned."""

    sizes = ((320, 240), (240, 320), (161, 121), (640, 480))

    async def recv(self) -> VideoFrame:
        self.width, self.height = self.sizes[len(self.sent_s) // 10 % len(self.sizes)]
        return await super().recv()


@pytest.mark.media
@pytest.mark.parametrize("track", [TurningTrack()])
async def test_vp8_follows_every_change_of_size(pair: Pair, track: TurningTrack):
    await pair.connect("VP8")

    assert await sizes_received(pair) >= {(320, 240), (240, 320), (161, 121), (640, 480)}


@pytest.mark.media
@pytest.mark.parametrize("track", [TurningTrack()])
async def test_h264_follows_every_change_of_size(pair: Pair, track: TurningTrack):
    await pair.connect("H264")

    assert await sizes_received(pair) >= {(320, 240), (240, 320), (160, 120), (640, 480)}


async def sizes_received(pair: Pair) -> set[tuple[int, int]]:
    frames = [await pair.receive() for _ in range(60)]
    return {(frame.width, frame.height) for frame in frames}


@pytest.mark.media
@pytest.mark.parametrize("track", [JpegTrack(width=321, height=241)])
async def test_h264_with_an_odd_size_arrives(pair: Pair, track: JpegTrack):
    await pair.connect("H264")

    frame = await pair.receive()

    assert (frame.width, frame.height) == (320, 240)
