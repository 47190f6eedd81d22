import asyncio
import time
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av import Packet, VideoFrame

from facestream.clips.clip import open_clip
from facestream.errors import ClipError
from facestream.media.planes import planes_of
from facestream.replay.encoded import EncodedClip, EncodedFrame, EncodedTrack, encode_clip
from facestream.replay.stamp import read_stamp
from facestream.replay.summary import Tally
from facestream.replay.track import VIDEO_CLOCK_HZ
from tests.unit.clips.making import cut, noise, write_video

SHORT = EncodedClip(tuple(EncodedFrame(b"x", number / 50, number) for number in range(3)), 1 / 50, 7)


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """320x240, 30 FPS, 12 frames of noise."""
    path = tmp_path_factory.mktemp("clip") / "noise.mp4"
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(12):
            coarse = noise.integers(0, 256, (30, 40, 3), np.uint8)
            frame = VideoFrame.from_ndarray(coarse.repeat(8, 0).repeat(8, 1), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("codec", "decoder"), [("vp8", "libvpx"), ("h264", "h264")])
def test_an_encoded_clip_decodes_to_its_numbers_even_if_repeated(
    clip_path: Path, codec: Literal["vp8", "h264"], decoder: str
):
    encoded = encode_clip(open_clip(clip_path), codec, loop=True, duration_s=None)
    decoding = av.CodecContext.create(decoder, "r")
    assert isinstance(decoding, av.VideoCodecContext)
    packets = [Packet(frame.payload) for frame in (*encoded.frames, *encoded.frames)]

    frames = [frame for packet in [*packets, None] for frame in decoding.decode(packet)]

    assert [read_stamp(planes_of(frame)[0]) for frame in frames] == [*range(12), *range(12)]


@pytest.mark.parametrize(
    ("loop", "duration_s", "count"), [(False, None, 12), (True, 2.0, 60), (True, None, None), (False, 0.2, 6)]
)
def test_the_frame_count_follows_loop_and_duration(
    clip_path: Path, *, loop: bool, duration_s: float | None, count: int | None
):
    encoded = encode_clip(open_clip(clip_path), "vp8", loop=loop, duration_s=duration_s)

    assert encoded.frame_count == count


def test_a_clip_without_a_frame_in_the_duration_is_rejected(clip_path: Path):
    with pytest.raises(ClipError, match="no frame"):
        encode_clip(open_clip(clip_path), "vp8", loop=False, duration_s=-1.0)


async def sent_by(track: EncodedTrack) -> list[tuple[int | None, float]]:
    """The pts of each packet, and the time at which it was sent."""
    sent: list[tuple[int | None, float]] = []
    while True:
        try:
            packet = await track.recv()
        except MediaStreamError:
            return sent
        sent.append((packet.pts, time.monotonic()))


async def test_a_track_repeats_the_clip_at_its_frame_rate_and_ends():
    track = begun_track(SHORT)

    sent = await sent_by(track)

    assert [pts for pts, _ in sent] == [round(number / 50 * VIDEO_CLOCK_HZ) for number in range(7)]
    assert sent[-1][1] - sent[0][1] >= 0.115
    assert track.ended.is_set()


def begun_track(clip: EncodedClip, phase: float = 0.0, tally: Tally | None = None) -> EncodedTrack:
    begin = asyncio.Event()
    begin.set()
    return EncodedTrack(clip, begin, phase, tally or Tally(0))


async def test_a_track_waits_for_all_peers():
    begin = asyncio.Event()
    track = EncodedTrack(SHORT, begin, 0.0, Tally(0))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(track.recv(), 0.05)


async def test_a_late_track_skips_missed_frames_and_counts_them():
    tally = Tally(0)
    track = begun_track(SHORT, tally=tally)
    await track.recv()
    time.sleep(0.11)  # noqa: ASYNC251 - the whole process is late

    sent = await sent_by(track)

    assert tally.skipped >= 4
    assert sent[-1][1] - sent[0][1] >= 0.095


def test_a_clip_that_is_cut_off_says_so(tmp_path: Path):
    path = cut(write_video(tmp_path / "cut.mkv", noise(20)), 0.6)

    encoded = encode_clip(open_clip(path), "vp8", loop=False, duration_s=None)

    assert [problem.code for problem in encoded.problems] == ["cut_off"]


async def test_after_a_move_the_clip_begins_with_its_first_frame_and_nothing_counts_as_late():
    tally = Tally(0)
    named = EncodedClip(tuple(EncodedFrame(bytes([n]), n / 50, n) for n in range(3)), 1 / 50, 7)
    track = begun_track(named, tally=tally)
    before = [await track.recv() for _ in range(2)]

    time.sleep(0.11)  # noqa: ASYNC251 - what the set-up of the next connection takes
    track.move()
    after = [await track.recv() for _ in range(3)]

    packets = [packet for packet in (*before, *after) if isinstance(packet, Packet)]
    assert [bytes(packet) for packet in packets] == [b"\0", b"\1", b"\0", b"\1", b"\2"]
    assert [packet.pts for packet in packets] == [round(n / 50 * VIDEO_CLOCK_HZ) for n in range(5)]
    assert tally.skipped == 0
