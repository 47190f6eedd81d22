"""Send one track to one peer with a limit on keyframes and retransmissions; replaces aiortc's RTCRtpSender.

aiortc 1.16 sends a keyframe for every request, and repeats packets as often as a peer asks; after an exception in its
RTCP task, `stop` waits forever. Encodes nothing itself. Obsolete when aiortc limits both rates and contains exceptions.
"""

import asyncio
import logging
import time

import aiortc.rtcpeerconnection
from aiortc import MediaStreamTrack
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpsender import RTCRtpSender

from facestream.aiortc_patches.replacement import Replacement
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

KEYFRAME_INTERVAL_S = 1.0
KEYFRAME_BURST = 2  # a keyframe that was lost may be asked for again at once
REPEATS_PER_S = 1000  # twice the packets of 5 Mbit/s

RTP_TASKS = ("_RTCRtpSender__rtp_task", "_RTCRtpSender__rtcp_task")
RTCP_EXITED = "_RTCRtpSender__rtcp_exited"


class PatchedSender(RTCRtpSender):
    """Sends one track to one peer."""

    def __init__(self, track_or_kind: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:
        super().__init__(track_or_kind, transport)
        self._keyframes = TokenBucket(KEYFRAME_INTERVAL_S, KEYFRAME_BURST)
        self._repeats = TokenBucket(1 / REPEATS_PER_S, burst=REPEATS_PER_S // 4)
        self._later: asyncio.TimerHandle | None = None

    def _send_keyframe(self) -> None:
        # A keyframe is ten times as large as another frame: a flood of requests would fill the path and use the cores
        # of this server.
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

    async def _run_rtcp(self) -> None:
        try:
            await super()._run_rtcp()
        except Exception:
            # Otherwise nothing would read the exception, and stop() would wait forever. aiortc does the same for RTP.
            logger.exception("the RTCP reports of a sender ended")
            getattr(self, RTCP_EXITED).set()

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
        aiortc.rtcpeerconnection, "RTCRtpSender", PatchedSender, "a flood of keyframe requests or NACKs"
    ),
)
