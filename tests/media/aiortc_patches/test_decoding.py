import asyncio
import time
from typing import Any

import aiortc.codecs.vpx
import pytest
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from facestream.aiortc_patches import FrameLimits
from facestream.aiortc_patches.decoders import DecoderThread, create_decoder
from facestream.errors import FrameError
from tests.media.aiortc_patches.bitstreams import annex_b, sps
from tests.media.aiortc_patches.peers import JpegTrack, Pair
from tests.times import seconds

pytestmark = pytest.mark.media


async def test_a_leaving_peer_with_a_slow_decoder_does_not_stop_the_event_loop(
    pair: Pair, track: JpegTrack, monkeypatch: pytest.MonkeyPatch
):
    decode = aiortc.codecs.vpx.Vp8Decoder.decode

    def slowly(self, encoded_frame):
        time.sleep(0.15)
        return decode(self, encoded_frame)

    await pair.connect()
    monkeypatch.setattr(aiortc.codecs.vpx.Vp8Decoder, "decode", slowly)
    await track.sent(25)  # most of them are queued for the decoder

    started_s = time.monotonic()
    pair.called_receiver._handle_disconnect()

    assert time.monotonic() - started_s < 0.05


async def test_an_unread_track_keeps_few_frames(pair: Pair, track: JpegTrack):
    await pair.connect()
    await track.sent(40)

    received = pair.remote_track
    waiting = getattr(received, "_frames", None)
    assert (len(waiting) if waiting is not None else received._queue.qsize()) <= 8


async def test_an_unread_track_ends_with_its_connection(pair: Pair):
    await pair.connect()
    ended = asyncio.Event()
    pair.remote_track.on("ended", ended.set)

    await pair.caller.close()

    async with asyncio.timeout(seconds(2)):
        await ended.wait()


async def test_a_decoder_uses_one_thread(pair: Pair):
    await pair.connect()
    video = [codec for codec in pair.called.getTransceivers()[0]._codecs if codec.name in {"VP8", "H264"}]

    decoders: list[Any] = [create_decoder(codec, FrameLimits()) for codec in video]
    assert {decoder.codec.thread_count for decoder in decoders} == {1}


async def test_a_frame_that_cannot_be_decoded_ends_neither_the_thread_nor_the_track(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
):
    decode = aiortc.codecs.vpx.Vp8Decoder.decode
    failures = iter([MemoryError("no memory"), RuntimeError("what is this")])

    def fails_twice(self, encoded_frame):
        if (error := next(failures, None)) is not None:
            raise error
        return decode(self, encoded_frame)

    monkeypatch.setattr(aiortc.codecs.vpx.Vp8Decoder, "decode", fails_twice)
    await pair.connect()

    await pair.receive()


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (sps(640, 480), []),
        (
            sps(640, 480, cycle=[1 << 30] * 200),
            ["H264 with more than 16384 bytes of parameter sets a second"],
        ),
    ],
    ids=["short", "long"],
)
async def test_a_stream_of_long_parameter_sets_is_rejected(unit: bytes, said: list[str]):
    rejected: list[FrameError] = []
    decoder = DecoderThread(
        "video",
        limits=FrameLimits(),
        on_frame=lambda _: None,
        on_failure=lambda: None,
        on_rejection=rejected.append,
    )
    codec = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90000, payloadType=96)

    for number in range(25):
        decoder.put(codec, JitterFrame(annex_b(unit, unit), number * 3000))
    await asyncio.sleep(0.3)
    async with asyncio.timeout(seconds(5)):
        while len(rejected) < len(said):  # noqa: ASYNC110 - the thread of the decoder sets no event
            await asyncio.sleep(0.01)
    decoder.stop()
    await decoder.ended()

    assert [str(why).partition(";")[0] for why in rejected] == said
