"""Two real peer connections on loopback, and a track whose frames contain their number."""

import asyncio
import time
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, VideoStreamTrack
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtp import RTCP_RR
from av import VideoFrame

from facestream.media.planes import planes_of
from tests.times import seconds

BLOCK_PX, NUMBER_BITS = 32, 10


def new_peer_connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


def numbered_frame(width: int = 640, height: int = 480, number: int = 0) -> VideoFrame:
    """A frame whose content depends on its number."""
    frame = VideoFrame(width, height, "yuv420p")
    y, u, v = planes_of(frame)
    y[:] = (np.add.outer(np.arange(height), np.arange(width)) // 4 + 5 * number) % 256
    u[:] = v[:] = 128
    for bit in range(NUMBER_BITS):
        y[:BLOCK_PX, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = 235 if number >> bit & 1 else 16
    frame.pts, frame.time_base = number * 3000, Fraction(1, 90000)
    return frame


def number_of(frame: VideoFrame) -> int:
    """The number drawn into a frame; readable after any codec."""
    y = planes_of(frame)[0]
    blocks = (
        y[4 : BLOCK_PX - 4, bit * BLOCK_PX + 4 : (bit + 1) * BLOCK_PX - 4] for bit in range(NUMBER_BITS)
    )
    return sum(1 << bit for bit, block in enumerate(blocks) if block.mean() > 128)


class JpegTrack(VideoStreamTrack):
    """Sends `fps` new frames a second."""

    def __init__(self, fps: float = 30.0, width: int = 640, height: int = 480) -> None:
        super().__init__()
        self.fps, self.width, self.height = fps, width, height
        self.sent_s: list[float] = []
        self._number = 0

    async def sent(self, more: int) -> None:
        """Wait until `more` further frames are sent."""
        least = len(self.sent_s) + more
        async with asyncio.timeout(seconds(10)):
            while len(self.sent_s) < least:  # noqa: ASYNC110 - of interest to a few tests only
                await asyncio.sleep(1 / self.fps)

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(1 / self.fps)
        frame = numbered_frame(self.width, self.height, self._number)
        frame.pts = round(self._number * 90000 / self.fps)
        self._number += 1
        self.sent_s.append(time.monotonic())
        return frame


class Pair:
    """The caller sends video and opens a data channel; the called peer only receives."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.caller, self.called = new_peer_connection(), new_peer_connection()
        self.caller.addTrack(track)
        self.channel = self.caller.createDataChannel("control")
        self.remote_track: Any = None
        self.called.on("track", self._on_track)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self.remote_track = track

    async def connect(self, codec: str = "VP8") -> None:
        capabilities = self.caller.getSenders()[0].getCapabilities("video").codecs
        chosen = [each for each in capabilities if each.name in (codec, "rtx")]
        self.caller.getTransceivers()[0].setCodecPreferences(chosen)
        await self.caller.setLocalDescription(await self.caller.createOffer())
        await self.called.setRemoteDescription(self.caller.localDescription)
        await self.called.setLocalDescription(await self.called.createAnswer())
        await self.caller.setRemoteDescription(self.called.localDescription)
        async with asyncio.timeout(seconds(10)):
            # Two states of two library objects: there is no event for both.
            while self.channel.readyState != "open" or self.called.connectionState != "connected":  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def receiver_report(self) -> None:
        """Wait until the called peer has sent its next receiver report, which is due within 1.5 s."""
        sent = asyncio.Event()
        send = self.called_dtls._send_rtp

        async def note(packet: bytes) -> None:
            await send(packet)
            if packet[1] == RTCP_RR:
                sent.set()

        self.called_dtls._send_rtp = note
        async with asyncio.timeout(seconds(5)):
            await sent.wait()

    async def receive(self, deadline_s: float = 5.0) -> VideoFrame:
        async with asyncio.timeout(deadline_s):
            frame = await self.remote_track.recv()
        assert isinstance(frame, VideoFrame)
        return frame

    # Any: tests read and replace private attributes of aiortc that have no types.

    @property
    def called_receiver(self) -> Any:
        return self.called.getReceivers()[0]

    @property
    def called_dtls(self) -> Any:
        return self.called.getTransceivers()[0].receiver.transport

    @property
    def caller_dtls(self) -> Any:
        return self.caller.getTransceivers()[0].receiver.transport

    @property
    def caller_sender(self) -> Any:
        return self.caller.getSenders()[0]

    @property
    def called_sctp(self) -> Any:
        return self.called.sctp

    @property
    def caller_sctp(self) -> Any:
        return self.caller.sctp

    @property
    def payload_type(self) -> Any:
        return self.called.getTransceivers()[0]._codecs[0].payloadType
