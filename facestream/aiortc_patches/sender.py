"""Send one track to one peer with a limit on keyframes and retransmissions; replaces aiortc's RTCRtpSender.

aiortc 1.16 sends a keyframe for every request, and repeats packets as often as a peer asks; after an exception in its
RTCP task, `stop` waits forever; it encodes in the threads of the event loop, where a name lookup may keep one for
seconds. Encodes nothing itself. Obsolete when aiortc limits both rates, contains exceptions, and takes an executor.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiortc.rtcpeerconnection
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpsender import RTCEncodedFrame, RTCRtpSender
from aiortc.rtp import RTP_HISTORY_SIZE
from av import VideoFrame

from facestream.aiortc_patches.encoders import create_encoder
from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.rtp_writer import RtpWriter
from facestream.aiortc_patches.settings import settings
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

KEYFRAME_INTERVAL_S = 1.0
KEYFRAME_BURST = 2  # a keyframe that was lost may be asked for again at once
REPEATS_PER_S = 1000  # twice the packets of 5 Mbit/s

# Private attributes of the base class.
RTP_TASKS = ("_RTCRtpSender__rtp_task", "_RTCRtpSender__rtcp_task")
RTCP_EXITED = "_RTCRtpSender__rtcp_exited"
RTP_STARTED, RTP_EXITED = "_RTCRtpSender__rtp_started", "_RTCRtpSender__rtp_exited"
TRACK, ENCODER = "_RTCRtpSender__track", "_RTCRtpSender__encoder"
KEYFRAME_WANTED = "_RTCRtpSender__force_keyframe"
MID, EXTENSIONS = "_RTCRtpSender__mid", "_RTCRtpSender__rtp_header_extensions_map"
HISTORY = "_RTCRtpSender__rtp_history"
# What getStats() and the sender reports say.
NTP_TIME, RTP_TIME = "_RTCRtpSender__ntp_timestamp", "_RTCRtpSender__rtp_timestamp"
SENT_PACKETS, SENT_BYTES = "_RTCRtpSender__packet_count", "_RTCRtpSender__octet_count"
PRIVATE = (
    *RTP_TASKS, RTCP_EXITED, RTP_STARTED, RTP_EXITED, ENCODER, KEYFRAME_WANTED, MID, EXTENSIONS, HISTORY,
    NTP_TIME, RTP_TIME, SENT_PACKETS, SENT_BYTES,
)  # fmt: skip
NO_TRACK_PAUSE_S = 0.02

T = TypeVar("T")


class PatchedSender(RTCRtpSender):
    """Sends one track to one peer."""

    def __init__(self, track_or_kind: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:
        super().__init__(track_or_kind, transport)
        self._keyframes = TokenBucket(KEYFRAME_INTERVAL_S, KEYFRAME_BURST)
        self._repeats = TokenBucket(1 / REPEATS_PER_S, burst=REPEATS_PER_S // 4)
        self._later: asyncio.TimerHandle | None = None
        self._writer: RtpWriter | None = None

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

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        if self.kind != "video":
            await super()._run_rtp(codec)
            return
        getattr(self, RTP_STARTED).set()
        try:
            await self._send_frames(codec)
        except (ConnectionError, MediaStreamError):
            return  # the peer has left, or the track has ended
        except Exception:
            logger.exception("the video of a sender ended")
        finally:
            if (track := getattr(self, TRACK)) is not None:
                track.stop()
                setattr(self, TRACK, None)
            setattr(self, ENCODER, None)
            getattr(self, RTP_EXITED).set()

    async def _send_frames(self, codec: RTCRtpCodecParameters) -> None:
        assert codec.payloadType is not None, "it is negotiated"
        mid, extensions = getattr(self, MID), getattr(self, EXTENSIONS)
        self._writer = writer = RtpWriter(codec.payloadType, self._ssrc, mid, extensions)
        while True:
            if getattr(self, TRACK) is None:
                await asyncio.sleep(NO_TRACK_PAUSE_S)
                continue
            frame = await self._next_encoded_frame(codec)
            if frame is None:
                continue
            for packet in writer.packets(frame.payloads, frame.timestamp):
                await self.transport._send_rtp(packet)
            setattr(self, NTP_TIME, writer.ntp_time)
            setattr(self, RTP_TIME, writer.timestamp)
            setattr(self, SENT_PACKETS, getattr(self, SENT_PACKETS) + len(frame.payloads))
            setattr(self, SENT_BYTES, getattr(self, SENT_BYTES) + sum(map(len, frame.payloads)))

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        """The next frame of the track, encoded; None: nothing is sent for it."""
        if self.kind != "video":
            return await super()._next_encoded_frame(codec)
        frame = await getattr(self, TRACK).recv()
        if not self._enabled:
            return None
        encoder = getattr(self, ENCODER)
        if encoder is None:
            encoder = create_encoder(codec)
            setattr(self, ENCODER, encoder)
        if isinstance(frame, VideoFrame):
            keyframe = getattr(self, KEYFRAME_WANTED)
            setattr(self, KEYFRAME_WANTED, False)
            payloads, timestamp = await _in_thread(encoder.encode, frame, keyframe)
        else:
            payloads, timestamp = encoder.pack(frame)
        return RTCEncodedFrame(payloads, timestamp, 0) if payloads else None

    async def _retransmit(self, sequence_number: int) -> None:
        if self._repeats.wait_s(time.monotonic()) > 0.0:
            return
        if self._writer is not None and (packet := self._writer.sent(sequence_number)) is not None:
            getattr(self, HISTORY)[sequence_number % RTP_HISTORY_SIZE] = packet  # aiortc looks there
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


def _in_thread(function: Callable[..., T], *args: object) -> Awaitable[T]:
    threads = settings.encoding
    return (
        threads.run(function, *args)
        if threads is not None
        else asyncio.get_running_loop().run_in_executor(None, function, *args)
    )


REPLACEMENTS = (
    Replacement(
        aiortc.rtcpeerconnection, "RTCRtpSender", PatchedSender, "a flood of keyframe requests or NACKs"
    ),
)
