"""The memory that a decoder uses for one peer's stream, measured in a process of its own."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av import VideoFrame

from tests.conftest import ROOT
from tests.media.aiortc_patches.bitstreams import annex_b, idr_slice, pps, sps
from tests.times import seconds

MAX_MB = 200
# Decodes a file of length-prefixed frames as the server does, and prints how much the process grew.
DECODE = """
import asyncio, resource, sys
from pathlib import Path
from aiortc.codecs import CODECS
from aiortc.jitterbuffer import JitterFrame
from facestream.aiortc_patches.decoders import DecoderThread
from facestream.aiortc_patches.decoder_limits import FrameLimits
from facestream.aiortc_patches.tracks import BoundedRemoteTrack

async def main():
    codec = next(each for each in CODECS["video"] if each.name == sys.argv[1])
    track, rejected = BoundedRemoteTrack("video"), []
    decoder = DecoderThread(
        "video", limits=FrameLimits(), on_frame=track.offer, on_failure=lambda: None, on_rejection=rejected.append
    )
    data, number = Path(sys.argv[2]).read_bytes(), 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while data:
        length = int.from_bytes(data[:4], "big")
        decoder.put(codec, JitterFrame(data=data[4 : 4 + length], timestamp=3000 * number))
        data, number = data[4 + length :], number + 1
        await asyncio.sleep(0.01)
    decoder._waiting.put(None)
    await decoder.ended()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, len(track._frames), *rejected)

asyncio.run(main())
"""


def grown_mb(codec: str, frames: list[bytes], tmp_path: Path) -> tuple[int, str]:
    """The growth in MB, and the number of frames in the track's queue, followed by the reason of a rejection."""
    file = tmp_path / "frames"
    file.write_bytes(b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames))
    command = [sys.executable, "-c", DECODE, codec, str(file)]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=True
    ).stdout
    grown, rest = said.split(" ", 1)
    return int(grown), rest.strip()


def encoded(name: str, width: int, height: int, count: int, **options: str) -> list[bytes]:
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = 30, Fraction(1, 30)
    encoder.options = options
    frames = []
    for number in range(count):
        frame = VideoFrame.from_ndarray(np.full((height * 3 // 2, width), number, np.uint8), "yuv420p")
        frame.pts = number
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return frames + [bytes(packet) for packet in encoder.encode(None)]


@pytest.mark.parametrize(
    "hidden",
    [sps(16240, 16240, cycle=[30000] * 255), sps(8192, 8192, profile=100, scaling=[127, -127] * 32)],
    ids=["cycle", "scaling lists"],
)
def test_a_rejected_size_costs_no_memory(hidden: bytes, tmp_path: Path):
    grown, said = grown_mb("H264", [annex_b(hidden, pps(), idr_slice(3000))] * 10, tmp_path)

    assert grown < 20
    assert "expected at most 1920x1920" in said


def test_the_maximum_of_reference_frames_stays_below_the_bound(tmp_path: Path):
    options = {"preset": "ultrafast", "bf": "3", "refs": "4", "b-pyramid": "strict", "sc_threshold": "0"}
    frames = encoded("libx264", 1920, 1920, 30, **options)

    grown, said = grown_mb("H264", frames, tmp_path)

    assert grown < MAX_MB
    assert said in {"2", "3"}  # frames are queued, and none is rejected


def test_parameter_sets_of_every_id_stay_below_the_bound(tmp_path: Path):
    sets = [annex_b(sps(640, 480, set_id=number % 32), pps(number, number % 32)) for number in range(256)]

    grown, _ = grown_mb("H264", [frame + annex_b(idr_slice()) for frame in sets], tmp_path)

    assert grown < MAX_MB


FAST = {"libx264": {"preset": "ultrafast"}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}


@pytest.mark.parametrize("codec", ["libx264", "libvpx"])
def test_a_size_that_changes_with_each_keyframe_stays_below_the_bound(codec: str, tmp_path: Path):
    sizes = [(1920, 1920 - 128 * number) for number in range(5)]
    frames = [frame for width, height in sizes for frame in encoded(codec, width, height, 1, **FAST[codec])]

    grown, said = grown_mb("H264" if codec == "libx264" else "VP8", frames, tmp_path)

    assert grown < MAX_MB
    assert said.isdigit()
