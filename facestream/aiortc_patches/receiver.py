"""Receive one track of a peer: order, repair and decode it, each with a bound; replaces aiortc's RTCRtpReceiver.

aiortc 1.16 counts any number of SSRCs and follows all of them, asks for a lost packet once, and decodes without checks
(F2, F3, F6, F7, F8, F12; docs/aiortc-patches.md). Decodes nothing on the event loop, and waits for a thread only in
`stop`, with a deadline. Obsolete when aiortc bounds SSRCs and queues and has a jitter buffer that repeats its requests.
"""

import asyncio
import contextlib
import logging
import random
import time
from typing import Final

import aiortc.rtcpeerconnection
from aiortc.codecs import depayload, is_rtx
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver, StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtpPacket,
    pack_remb_fci,
    unwrap_rtx,
)
from av.frame import Frame

from facestream.aiortc_patches.bandwidth import bitrate_estimator
from facestream.aiortc_patches.decoder_limits import is_keyframe
from facestream.aiortc_patches.decoders import DecoderThread
from facestream.aiortc_patches.jitter import (
    REPEAT_S,
    UINT32_MAX,
    Assembled,
    FrameAssembler,
    LossRepair,
    TimestampUnwrapper,
)
from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.settings import MAX_RECEIVED_BPS, settings
from facestream.aiortc_patches.tracks import BoundedRemoteTrack
from facestream.errors import FrameError
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_SSRCS: Final = 8
"""A browser sends a stream and its retransmissions, each with a new SSRC after replaceTrack."""
MAX_REPORT_BLOCKS: Final = 31  # the field for the count has five bits
KEYFRAME_REQUEST_INTERVAL_S: Final = 0.3
FIRST_KEYFRAME_PATIENCE_S: Final = 3.0
KEYFRAME_PATIENCE_S: Final = 0.5  # after this, damaged frames are shown rather than none
SILENT_SSRC_S: Final = 1.0
DECODER_STOP_DEADLINE_S: Final = 1.0

# Private attributes of the base class, which answers getStats() and reads sender reports.
STATISTICS: Final = "_RTCRtpReceiver__remote_streams"
LAST_REPORT: Final = "_RTCRtpReceiver__lsr"
LAST_REPORT_TIME: Final = "_RTCRtpReceiver__lsr_time"


class PatchedReceiver(RTCRtpReceiver):
    """Receives one track of one peer."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self._kind = kind
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._codec: RTCRtpCodecParameters | None = None
        self._original_ssrc: dict[int, int] = {}
        self._statistics: dict[int, StreamStatistics] = getattr(self, STATISTICS)
        self._feedback_ssrc: int | None = None
        self._signalled: set[int] = set()
        self._ssrc: int | None = None
        """The stream that is decoded; others (simulcast layers, unknown ones) are only counted."""
        self._ssrc_seen_s = 0.0
        self._decoder: DecoderThread | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._estimator = bitrate_estimator() if kind == "video" else None
        self._audio_buffer = JitterBuffer(capacity=16, prefetch=4)
        self._timestamps = TimestampUnwrapper()
        self._keyframe_requests = TokenBucket(KEYFRAME_REQUEST_INTERVAL_S)
        self._losses_pending = asyncio.Event()
        self._begin_stream(time.monotonic())

    def _begin_stream(self, now_s: float) -> None:
        self._assembler = FrameAssembler()
        self._repair = LossRepair()
        self._keyframe_by_s: float | None = now_s + FIRST_KEYFRAME_PATIENCE_S
        """Until this time, only a keyframe is decoded; None: every frame is."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        if self._tasks:
            return
        self._codecs = {c.payloadType: c for c in parameters.codecs if c.payloadType is not None}
        for encoding in parameters.encodings:
            self._signalled.add(encoding.ssrc)
            if encoding.rtx:
                self._original_ssrc[encoding.rtx.ssrc] = encoding.ssrc
        self._decoder = DecoderThread(
            self._kind,
            limits=settings.frame_limits,
            on_frame=self._show,
            on_failure=self._expect_keyframe,
            on_rejection=self._reject_stream,
        )
        self.transport._register_rtp_receiver(self, parameters)
        # No TaskGroup owns aiortc's objects; `stop` awaits these two tasks.
        for task in (self._report(), self._repair_losses()):
            self._tasks.append(asyncio.create_task(task, name=f"{self._kind}-feedback"))  # noqa: TID251

    async def stop(self) -> None:
        if self._tasks:
            self.transport._unregister_rtp_receiver(self)
        self.release()
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._decoder is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DECODER_STOP_DEADLINE_S):
                    await self._decoder.ended()

    def release(self) -> None:
        """End track, tasks and thread without waiting for them; may be called twice."""
        for task in self._tasks:
            task.cancel()
        if self._decoder is not None:
            self._decoder.stop()
        if self._track is not None:
            self._track.stop()

    def _handle_disconnect(self) -> None:
        self.release()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._feedback_ssrc = ssrc

    # From the decoder

    def _show(self, frame: Frame) -> None:
        if isinstance(self._track, BoundedRemoteTrack):
            self._track.offer(frame)

    def _expect_keyframe(self) -> None:
        self._keyframe_by_s = time.monotonic() + KEYFRAME_PATIENCE_S
        self._losses_pending.set()

    def _reject_stream(self, why: FrameError) -> None:
        logger.debug("a track is ended: %s", why)  # the reader of the track notifies the peer and logs it
        if isinstance(self._track, BoundedRemoteTrack):
            self._track.reject(why)
        self.release()

    # From the network

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpByePacket):
            if self._ssrc in packet.sources:
                self.release()
            return
        await super()._handle_rtcp_packet(packet)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        codec = self._codecs.get(packet.payload_type)
        if not self._enabled or codec is None or not self._count(packet, codec):
            return
        await self._estimate(packet, arrival_time_ms)
        if is_rtx(codec):
            repaired = self._unwrap(packet, codec)
            if repaired is None:
                return
            packet = repaired
            codec = self._codecs[packet.payload_type]
        now_s = time.monotonic()
        if not self._is_followed(packet.ssrc, now_s):
            return
        try:
            packet._data = depayload(codec, packet.payload) if packet.payload else b""  # type: ignore[attr-defined]
        except (ValueError, IndexError):
            packet._data = b""  # type: ignore[attr-defined]  # a packet without data; otherwise it would count as missing
        if self._kind != "video":
            self._take_audio(packet, codec)
            return
        self._codec = codec
        self._take(self._assembler.add(packet, now_s), now_s)
        await self._ask(now_s)

    def _count(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> bool:
        """Count a packet; False: there are too many SSRCs already."""
        statistics = self._statistics.get(packet.ssrc)
        if statistics is None:
            if len(self._statistics) >= MAX_SSRCS:
                return False
            statistics = self._statistics[packet.ssrc] = StreamStatistics(codec.clockRate)
        statistics.add(packet)
        return True

    async def _estimate(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self._estimator is None or packet.extensions.abs_send_time is None:
            return
        estimate = self._estimator.add(
            abs_send_time=packet.extensions.abs_send_time,
            arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        if estimate is not None and self._feedback_ssrc is not None:
            bitrate, ssrcs = estimate
            fci = pack_remb_fci(min(bitrate, MAX_RECEIVED_BPS), ssrcs)
            await self._send(
                RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._feedback_ssrc, media_ssrc=0, fci=fci)
            )

    def _unwrap(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> RtpPacket | None:
        """The packet that a retransmission contains; None: the retransmission is empty."""
        ssrc, payload_type = self._original_ssrc.get(packet.ssrc), codec.parameters.get("apt")
        if ssrc is None or len(packet.payload) < 2 or not isinstance(payload_type, int):
            return None
        original = self._codecs.get(payload_type)
        if original is None or is_rtx(original):
            return None
        return unwrap_rtx(packet, payload_type=payload_type, ssrc=ssrc)

    def _is_followed(self, ssrc: int, now_s: float) -> bool:
        if ssrc != self._ssrc:
            if ssrc not in self._signalled and now_s - self._ssrc_seen_s < SILENT_SSRC_S:
                return False
            self._ssrc = ssrc
            self._timestamps.rebase()
            self._begin_stream(now_s)
        self._ssrc_seen_s = now_s
        return True

    def _take_audio(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        _, frame = self._audio_buffer.add(packet)
        if frame is not None:
            self._enqueue(codec, frame)

    def _take(self, assembled: Assembled, now_s: float) -> None:
        """Pass frames to the decoder; skip them while a keyframe is awaited."""
        if assembled.lost:
            self._expect_keyframe()
        for frame in assembled.frames:
            if self._codec is None:
                return
            if self._keyframe_by_s is not None:
                if now_s < self._keyframe_by_s and not is_keyframe(self._codec.name, frame.data):
                    continue
                self._keyframe_by_s = None
            if not self._enqueue(self._codec, frame):
                self._expect_keyframe()

    def _enqueue(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> bool:
        frame.timestamp = self._timestamps.unwrap(frame.timestamp)
        return self._decoder is None or self._decoder.put(codec, frame)

    # To the network

    async def _ask(self, now_s: float) -> None:
        """Ask for missing packets (NACK) or for a keyframe (PLI)."""
        if self._feedback_ssrc is None or self._ssrc is None:
            return
        missing = self._assembler.missing()
        if missing:
            self._losses_pending.set()
            if due := self._repair.due(missing, now_s):
                nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._feedback_ssrc, media_ssrc=self._ssrc)
                nack.lost = due
                await self._send(nack)
        if self._keyframe_by_s is not None and self._keyframe_requests.wait_s(now_s) == 0.0:
            pli = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._feedback_ssrc, media_ssrc=self._ssrc)
            await self._send(pli)

    async def _repair_losses(self) -> None:
        """Repeat requests while packets or a keyframe are missing, even if nothing arrives."""
        while True:
            await self._losses_pending.wait()
            await asyncio.sleep(REPEAT_S)
            now_s = time.monotonic()
            self._take(self._assembler.give_up(now_s), now_s)
            silent = now_s - self._ssrc_seen_s > SILENT_SSRC_S  # requests continue with the next packet
            if silent or (not self._assembler.missing() and self._keyframe_by_s is None):
                self._losses_pending.clear()
            await self._ask(now_s)

    async def _report(self) -> None:
        """Send a receiver report about once a second."""
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311 - RFC 3550 asks for random intervals; nothing secret
            reports = [self._report_block(ssrc) for ssrc in list(self._statistics)[:MAX_REPORT_BLOCKS]]
            if self._feedback_ssrc is not None and reports:
                await self._send(RtcpRrPacket(ssrc=self._feedback_ssrc, reports=reports))

    def _report_block(self, ssrc: int) -> RtcpReceiverInfo:
        stream = self._statistics[ssrc]
        sent = getattr(self, LAST_REPORT).get(ssrc, 0)
        waited_s = time.time() - getattr(self, LAST_REPORT_TIME).get(ssrc, 0.0)  # noqa: TID251 - aiortc's stamp
        return RtcpReceiverInfo(
            ssrc=ssrc,
            fraction_lost=min(255, stream.fraction_lost),
            packets_lost=stream.packets_lost,
            # A peer chooses its sequence numbers and timestamps, so both can exceed 32 bits (F2).
            highest_sequence=(stream.cycles + (stream.max_seq or 0)) & UINT32_MAX,
            jitter=max(0, min(stream.jitter, UINT32_MAX)),
            lsr=sent,
            dlsr=int(waited_s * 65536) if sent and 0 < waited_s < 65536 else 0,
        )

    async def _send(self, packet: AnyRtcpPacket) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(bytes(packet))


REPLACEMENTS = (
    Replacement(aiortc.rtcpeerconnection, "RTCRtpReceiver", PatchedReceiver, "F2, F3, F6, F7, F8, F12"),
    Replacement(
        aiortc.rtcpeerconnection, "RemoteStreamTrack", BoundedRemoteTrack, "F6: an unread track grows"
    ),
)
