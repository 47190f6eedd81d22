"""Streams that must not reach a decoder: the server stays small and sends the reason for the end of the session."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiortc.rtp import RtpPacket, is_rtcp

from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import RunningServer
from tests.media.aiortc_patches.bitstreams import sps


def sent_instead(peer: ReplayPeer, unit: bytes) -> None:
    """Replace the payload of each further packet of the peer's video by this NAL unit."""
    transport: Any = peer.link.pc.getSenders()[0].transport
    send: Callable[[bytes], Awaitable[None]] = transport._send_rtp

    async def send_unit(data: bytes) -> None:
        if not is_rtcp(data):
            packet = RtpPacket.parse(data)
            packet.payload, packet.marker = unit, 1
            data = packet.serialize()
        await send(data)

    transport._send_rtp = send_unit


def most_memory_mb(server: RunningServer) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (sps(16240, 16240, cycle=[30000] * 255), "frame of 16240x16240; expected at most 1920x1920"),
        (sps(8192, 8192, profile=100, scaling=[127, -127] * 32), "frame of 8192x8192"),
        (sps(640, 480, profile=110, sample_bits=10), "H264 with high 10 profile; expected baseline"),
        (sps(1920, 1920, references=16), "16 reference frames"),
        (b"\x67\x42\x00", "a parameter set is cut off"),
    ],
    ids=["hidden by a cycle", "hidden by scaling lists", "10 bits", "references", "cut off"],
)
async def test_a_rejected_stream_ends_with_the_reason_and_costs_no_memory(
    server: RunningServer, media_dir: Path, unit: bytes, said: str
):
    async with ReplayPeer(
        ReplayOptions(media_dir / "single_face.mp4", server.url, loop=True, codec="h264")
    ) as peer:
        await peer.receive_frames(3)
        before_mb = most_memory_mb(server)

        sent_instead(peer, unit)
        await peer.wait_closed()

        assert any(said in notice.detail for notice in peer.notices)
        assert most_memory_mb(server) - before_mb < 200
