import asyncio
import contextlib
import random
import struct
from fractions import Fraction
from typing import Any

import av
import pytest
from aiortc.codecs.vpx import Vp8Decoder
from aiortc.rtp import RtpPacket, is_rtcp

from facestream.aiortc_patches.decoder_limits import VP8_START_CODE, is_keyframe, rejection
from facestream.aiortc_patches.settings import FrameLimits
from facestream.errors import FrameError
from tests.media.aiortc_patches.bitstreams import annex_b, idr_slice, pps, sps
from tests.media.aiortc_patches.peers import Pair, numbered_frame
from tests.times import seconds


def encoded(name: str, width: int, height: int, profile: str | None = None) -> bytes:
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = 30, Fraction(1, 30)
    if profile is not None:
        context.profile = profile
    frame = numbered_frame(width, height)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


@pytest.mark.parametrize(
    ("codec", "encoder", "profile"),
    [("VP8", "libvpx", None), ("H264", "libx264", "Baseline"), ("H264", "libx264", "High")],
)
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (1920, 1080), (480, 848)])
def test_the_size_of_a_real_keyframe_is_read(codec, encoder, profile, size):
    width, height = size
    keyframe = encoded(encoder, width, height, profile)

    assert is_keyframe(codec, keyframe)
    assert rejection(codec, keyframe, FrameLimits(width, height)) is None
    assert f"frame of {width}x" in str(rejection(codec, keyframe, FrameLimits(width - 16, height)))
    assert f"expected at most {width}x{height - 16}" in str(
        rejection(codec, keyframe, FrameLimits(width, height - 16))
    )


@pytest.mark.parametrize(
    "hidden",
    [
        sps(16240, 16240, cycle=[30000] * 255),
        sps(8192, 8192, profile=100, scaling=[127, -127] * 32),
        sps(4096, 4096, crop_right=4000),
        sps(1920, 4096, interlaced=1),
        sps(4096, 640, set_id=31),
        sps(4096, 640, header=0x6F),
    ],
    ids=["pic_order_cnt cycle", "scaling lists", "cropped", "interlaced", "another id", "subset"],
)
def test_a_size_is_found_in_every_form_of_parameter_set(hidden: bytes):
    frame = annex_b(sps(640, 480), pps(), hidden, idr_slice())

    assert "expected at most 1920x1920" in str(rejection("H264", frame, FrameLimits()))


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (sps(640, 480, profile=110, sample_bits=10), "high 10 profile"),
        (sps(640, 480, profile=122, chroma=2), "high 4:2:2 profile"),
        (sps(640, 480, profile=244, chroma=3), "high 4:4:4 predictive profile"),
        (sps(640, 480, profile=144), "144 profile"),
        (sps(640, 480, profile=139), "139 profile"),
        (sps(640, 480, profile=100, chroma=2), "chroma format 4:2:2"),
        (sps(640, 480, profile=100, sample_bits=10), "10 bits a sample"),
        (sps(640, 480, cycle=[1] * 256), "at most 255"),
        (sps(640, 480, references=17), "at most 16"),
        (sps(640, 480)[:6], "cut off"),
        (sps(640, 480) + bytes(5000), "5"),
        (b"\x67", "cut off"),
    ],
)
def test_unreadable_and_unsupported_parameter_sets_are_rejected_with_the_reason(odd: bytes, said: str):
    assert said in str(rejection("H264", annex_b(odd, pps(), idr_slice()), FrameLimits()))


def vp8_keyframe(width: int, height: int, *, start_code: bytes = VP8_START_CODE) -> bytes:
    return b"\x10\2\0" + start_code + struct.pack("<HH", width, height) + bytes(99)


def test_the_scale_bits_of_a_vp8_keyframe_are_not_read_as_its_size():
    assert rejection("VP8", vp8_keyframe(640 | 3 << 14, 480 | 1 << 14), FrameLimits()) is None
    assert "frame of 16383x16" in str(rejection("VP8", vp8_keyframe(16383 | 3 << 14, 16), FrameLimits()))


@pytest.mark.parametrize(
    "frame",
    [
        vp8_keyframe(16383, 16383, start_code=b"\x9d\x01\x2b"),
        vp8_keyframe(16383, 16383)[:9],
        b"\x11" + vp8_keyframe(16383, 16383)[1:],
    ],
    ids=["no start code", "cut off", "no keyframe"],
)
def test_libvpx_reads_no_size_from_a_frame_that_is_not_a_keyframe(frame: bytes):
    decoder: Any = av.CodecContext.create("libvpx", "r")

    assert rejection("VP8", frame, FrameLimits()) is None
    with contextlib.suppress(av.FFmpegError):
        assert not decoder.decode(av.Packet(frame))
    assert (decoder.width, decoder.height) == (0, 0)


def test_reference_frames_are_counted_with_their_size():
    for width, height, references in ((1920, 1920, 4), (1280, 720, 9), (640, 480, 16)):
        assert (
            rejection("H264", annex_b(sps(width, height, references=references)), FrameLimits(1920, 1920))
            is None
        )

    why = rejection("H264", annex_b(sps(1920, 1920, references=5)), FrameLimits())

    assert "5 reference frames of 1920x1920; expected at most 4" in str(why)


def test_a_frame_of_many_nal_units_is_rejected():
    assert "NAL units" in str(rejection("H264", annex_b(b"\x01") * 600, FrameLimits()))


def test_the_decoder_never_reads_a_larger_size_than_was_checked():
    chance, allowed = random.Random(1), 0
    for _ in range(2500):
        frame = annex_b(mutated(chance), pps(), idr_slice(10))
        if rejection("H264", frame, FrameLimits()) is not None:
            continue
        allowed += 1
        decoder: Any = av.CodecContext.create("h264", "r")
        with contextlib.suppress(av.FFmpegError):
            decoder.decode(av.Packet(frame))
        assert FrameLimits().allow(decoder.coded_width, decoder.coded_height), frame.hex()

    assert allowed > 100


def mutated(chance: random.Random) -> bytes:
    """A parameter set with a few mutations, some in the emulation prevention bytes."""
    unit = bytearray(
        sps(
            chance.choice((640, 1920, 4096, 16384)),
            chance.choice((480, 1088, 4096)),
            profile=chance.choice((66, 77, 88, 100, 100, 144, 139, 118)),
            references=chance.choice((1, 4, 16)),
            scaling=chance.choices((0, 1, -1, 127, -128), k=64) if chance.random() < 0.4 else (),
            cycle=chance.choices((0, 1, 1 << 20, -1 << 30), k=chance.randrange(255)),
            interlaced=chance.choice((0, 0, 1)),
            reordered=chance.choice((None, 0, 3, 17)),
        )
    )
    for _ in range(chance.randrange(4)):
        at = chance.randrange(1, len(unit))
        match chance.randrange(4):
            case 0:
                unit[at] = chance.randrange(256)
            case 1:
                unit[at:at] = b"\0\0" + bytes([chance.randrange(4)])
            case 2:
                unit[at : at + 3] = b"\0\0\0"
            case 3:
                unit[at] ^= 1 << chance.randrange(8)
    return bytes(unit)


def test_the_reader_raises_on_no_input():
    chance = random.Random(1)
    for _ in range(3000):
        noise = b"\x00\x00\x01\x67" + chance.randbytes(chance.randrange(40))
        assert str(rejection("H264", noise, FrameLimits()))
        assert str(rejection("VP8", noise[4:], FrameLimits()))


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

    with pytest.raises(FrameError, match="frame of 16383x16383; expected at most"):
        await read_to_the_end(pair)

    assert 16383 not in sizes_decoded


async def read_to_the_end(pair: Pair) -> None:
    async with asyncio.timeout(seconds(3)):
        while True:
            await pair.remote_track.recv()
