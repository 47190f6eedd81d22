"""Sends one track to one peer; picture requests and repetitions are throttled; replaces aiortc's RTCRtpSender.

Encodes nothing itself.
"""

import asyncio
import time

import aiortc.rtcpeerconnection
from aiortc import MediaStreamTrack
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpsender import RTCRtpSender

from facestream.aiortc_patches.replacement import Replacement
from facestream.token_bucket import TokenBucket

KEYFRAME_INTERVAL_S = 1.0
KEYFRAME_BURST = 2  # a keyframe that is lost on its way may be asked for again at once
REPEATS_PER_S = 1000  # packets; twice what 5 Mbit/s consist of

RTP_TASKS = ("_RTCRtpSender__rtp_task", "_RTCRtpSender__rtcp_task")


class PatchedSender(RTCRtpSender):
    """One track to one peer."""

    def __init__(self, track_or_kind: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:
        super().__init__(track_or_kind, transport)
        self._keyframes = TokenBucket(KEYFRAME_INTERVAL_S, KEYFRAME_BURST)
        self._repeats = TokenBucket(1 / REPEATS_PER_S, burst=REPEATS_PER_S // 4)
        self._later: asyncio.TimerHandle | None = None

    def _send_keyframe(self) -> None:
        # Each is ten times a frame: a peer that asks for every frame to be one would fill its own path and our cores.
        if self._later is not None:
            return
        wait_s = self._keyframes.wait_s(time.monotonic())
        if wait_s == 0.0:
            super()._send_keyframe()
        else:
            self._later = asyncio.get_running_loop().call_later(wait_s, self._send_late_keyframe)

    def _send_late_keyframe(self) -> None:
        self._later = None
        self._send_keyframe()

    async def _retransmit(self, sequence_number: int) -> None:
        if self._repeats.wait_s(time.monotonic()) == 0.0:
            await super()._retransmit(sequence_number)

    async def stop(self) -> None:
        self._cancel_late_keyframe()
        await super().stop()

    def release(self) -> None:
        """End the tasks without waiting for them; may be called twice."""
        self._cancel_late_keyframe()
        for name in RTP_TASKS:
            task = getattr(self, name, None)
            if task is not None:
                task.cancel()

    def _cancel_late_keyframe(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None


REPLACEMENTS = (
    Replacement(
        aiortc.rtcpeerconnection, "RTCRtpSender", PatchedSender, "a flood of picture requests or NACKs"
    ),
)
