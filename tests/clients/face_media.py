"""Write the clip with the face in the formats that the clients send."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

from tests.clients.peers.raw_face import FPS, HEIGHT, WIDTH

ENCODERS = {"VP8": Vp8Encoder, "H264": H264Encoder}
PACKET_HEAD = struct.Struct(">IBH")
"""The header of each payload: time in 1/90000 s, 1 in the last packet of a frame, length."""


def frames(clip: Path) -> Iterator[av.VideoFrame]:
    """Every second frame of the clip, which has 30 FPS."""
    with av.open(str(clip)) as source:
        for number, frame in enumerate(source.decode(video=0)):
            if number % 2 == 0:
                scaled = frame.reformat(WIDTH, HEIGHT, "yuv420p")
                scaled.pts, scaled.time_base = number // 2, Fraction(1, FPS)
                yield scaled


def write_i420(clip: Path, to: Path) -> Path:
    """Raw I420 frames."""
    with to.open("wb") as file:
        for frame in frames(clip):
            file.write(frame.to_ndarray().tobytes())
    return to


def write_packets(clip: Path, to: Path, codec: str) -> Path:
    """RTP payloads, for peers that do not encode."""
    encoder = ENCODERS[codec]()
    with to.open("wb") as file:
        for frame in frames(clip):
            payloads, time = encoder.encode(frame)
            for payload in payloads:
                file.write(PACKET_HEAD.pack(time, payload is payloads[-1], len(payload)) + payload)
    return to


def write_webm(clip: Path, to: Path) -> Path:
    """WebM, which Firefox plays without an H264 library."""
    with av.open(str(to), "w") as target:
        stream = target.add_stream("libvpx-vp9", rate=FPS, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in frames(clip):
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return to
