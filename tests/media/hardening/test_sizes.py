import asyncio
import random
import struct
from fractions import Fraction
from typing import Any

import av
import pytest
from aiortc.codecs.vpx import Vp8Decoder
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket, is_rtcp

from facestream.media.hardening.sizes import VP8_START_CODE, PictureLimits, is_keyframe, is_too_large
from tests.media.hardening.peers import Pair, picture


def encoded(name: str, width: int, height: int, profile: str | None = None) -> bytes:
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = 30, Fraction(1, 30)
    if profile is not None:
        context.profile = profile
    frame = picture(width, height)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


@pytest.mark.parametrize(
    ("codec", "encoder", "profile"),
    [("VP8", "libvpx", None), ("H264", "libx264", "Baseline"), ("H264", "libx264", "High")],
)
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1920, 1080), (480, 848)])
def test_the_size_of_a_real_keyframe_is_read(codec, encoder, profile, size):
    width, height = size
    keyframe = encoded(encoder, width, height, profile)

    enough = PictureLimits(max_side_px=2000, max_pixels=(width + 15) * (height + 15))
    too_little = PictureLimits(max_side_px=2000, max_pixels=width * height - 1)

    assert is_keyframe(codec, keyframe)
    assert not is_too_large(codec, keyframe, enough)
    assert is_too_large(codec, keyframe, too_little)


def test_no_bytes_make_the_reader_raise():
    chance = random.Random(1)
    for _ in range(3000):
        noise = b"\x00\x00\x01\x67" + chance.randbytes(chance.randrange(40))
        assert is_too_large("H264", noise, PictureLimits()) in {True, False}
        assert is_too_large("VP8", noise[4:], PictureLimits()) in {True, False}


@pytest.mark.media
async def test_a_keyframe_of_16383_by_16383_ends_its_track_before_it_is_decoded(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
):
    await pair.connect()
    await pair.receive()
    sizes_decoded: list[int] = []
    decode = Vp8Decoder.decode

    def note(self, encoded_frame):
        sizes_decoded.append(struct.unpack("<H", encoded_frame.data[6:8])[0])
        return decode(self, encoded_frame)

    monkeypatch.setattr(Vp8Decoder, "decode", note)
    send = pair.caller_dtls._send_rtp

    async def bomb(data: bytes) -> None:
        if not is_rtcp(data):
            packet = RtpPacket.parse(data)
            packet.payload = (
                b"\x10" + bytes([0x10, 2, 0]) + VP8_START_CODE + struct.pack("<HH", 16383, 16383) + bytes(99)
            )
            packet.marker = 1
            data = packet.serialize()
        await send(data)

    pair.caller_dtls._send_rtp = bomb

    assert await ends(pair, within_s=3)
    assert 16383 not in sizes_decoded


async def ends(pair: Pair, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            while True:
                await pair.remote_track.recv()
    except MediaStreamError:
        return True
    except TimeoutError:
        return False
