"""Decode one stream in its own thread, with one codec thread and a bounded queue.

aiortc 1.16 decodes with all cores for each stream, queues frames without a bound, joins the thread on the event loop
(6.5 s were seen), and ends the thread at the first exception. Here the queue holds 32 frames, nothing is joined on the
event loop, and an exception costs one frame. Independent of RTP; never raises for a frame. Obsolete when aiortc bounds
the queue, does not join the thread on the loop, and lets the application check frames before they are decoded.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable

from aiortc.codecs import get_decoder
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av.frame import Frame
from av.video.codeccontext import VideoCodecContext

from facestream.aiortc_patches.decoder_limits import MAX_REORDERED_FRAMES, rejection
from facestream.aiortc_patches.h264_offers import parameter_sets_of
from facestream.aiortc_patches.parameter_sets import parameter_set_bytes
from facestream.aiortc_patches.settings import FrameLimits
from facestream.aiortc_patches.tracks import NewestFrames
from facestream.errors import FrameError
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_WAITING_FRAMES = 32  # about a second; when more wait, all are dropped and a keyframe is requested
# Parsing in Python holds the GIL for 1.5 ms for each kilobyte. An ordinary set has 40 bytes and comes with a keyframe.
MAX_PARAMETER_SET_BYTES_PER_S = 16_384


def create_decoder(codec: RTCRtpCodecParameters, limits: FrameLimits) -> Decoder:
    """The decoder of aiortc with one thread; by default it uses all cores for each stream."""
    decoder = get_decoder(codec)
    context = _context(decoder)
    if context is not None:
        context.thread_count = 1
        # A second safeguard after `rejection`, which parses the headers. FFmpeg counts whole strides.
        context.options = {"max_pixels": str(limits.max_pixels + 64 * limits.max_height_px)}
    return decoder


def _context(decoder: Decoder) -> VideoCodecContext | None:
    context = getattr(decoder, "codec", None)
    return context if isinstance(context, VideoCodecContext) else None


def _reordering_rejection(decoder: Decoder) -> FrameError | None:
    """Why to end a stream that reorders too many frames; FFmpeg detects this only while it decodes."""
    context = _context(decoder)
    held_back = context.reorder_depth if context is not None else 0
    if held_back <= MAX_REORDERED_FRAMES:
        return None
    return FrameError(
        f"H264 with {held_back} reordered frames; expected at most {MAX_REORDERED_FRAMES}: "
        "turn B-frames off in the encoder"
    )


class DecoderThread:
    """Takes encoded frames and calls back with decoded ones, in the event loop."""

    def __init__(
        self,
        kind: str,
        *,
        limits: FrameLimits,
        on_frame: Callable[[Frame], None],
        on_failure: Callable[[], None],
        on_rejection: Callable[[FrameError], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._on_frame, self._on_failure, self._on_rejection = on_frame, on_failure, on_rejection
        # A queue.Queue takes and gives up three locks for each item.
        self._waiting: queue.SimpleQueue[tuple[RTCRtpCodecParameters, JitterFrame] | None] = (
            queue.SimpleQueue()
        )
        self._decoded = NewestFrames()
        self._parameter_sets = TokenBucket(
            1 / MAX_PARAMETER_SET_BYTES_PER_S, 2 * MAX_PARAMETER_SET_BYTES_PER_S
        )
        self._stopped = False
        self._ended = asyncio.Event()
        # Daemon: a decoder that hangs in its codec must not prevent the end of the process.
        self._thread = threading.Thread(target=self._run, name=f"{kind}-decoder", daemon=True)
        self._thread.start()

    def put(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> bool:
        """Queue a frame; False: the queue was full, and all frames in it were dropped together with this one."""
        if self._stopped:
            return True
        if self._waiting.qsize() >= MAX_WAITING_FRAMES:
            self._drop_waiting()
            return False
        self._waiting.put((codec, frame))
        return True

    def stop(self) -> None:
        """End the thread soon; returns at once and may be called twice."""
        self._stopped = True
        self._drop_waiting()
        self._waiting.put(None)

    async def ended(self) -> None:
        """Wait until the thread has ended."""
        await self._ended.wait()

    def _drop_waiting(self) -> None:
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                return

    def _deliver(self) -> None:
        while (frame := self._decoded.take()) is not None:
            self._on_frame(frame)

    # In the thread

    def _run(self) -> None:
        decoder: Decoder | None = None
        codec_name = ""
        while (task := self._waiting.get()) is not None and not self._stopped:
            codec, encoded = task
            begins = decoder is None or codec.name != codec_name
            if begins:
                encoded.data = parameter_sets_of(codec) + encoded.data
            why = self._flood_rejection(codec, encoded.data) or rejection(
                codec.name, encoded.data, self._limits
            )
            if why is not None:
                self._call_in_loop(self._on_rejection, why)
                break
            try:
                if decoder is None or begins:
                    decoder, codec_name = create_decoder(codec, self._limits), codec.name
                frames = decoder.decode(encoded)
            except Exception as error:  # noqa: BLE001 - the thread boundary: any exception would end it silently
                logger.debug("a %s frame could not be decoded: %r", codec.name, error)
                self._call_in_loop(self._on_failure)
                continue
            for frame in frames:
                # Bounds the frames that wait while the loop stalls; callbacks with frames would keep them all.
                self._decoded.put(frame)
                self._call_in_loop(self._deliver)
            if (why := _reordering_rejection(decoder)) is not None:
                self._call_in_loop(self._on_rejection, why)
                break
        self._call_in_loop(self._ended.set)

    def _flood_rejection(self, codec: RTCRtpCodecParameters, data: bytes) -> FrameError | None:
        """Why to end a stream that contains too many parameter sets."""
        size = parameter_set_bytes(data) if codec.name == "H264" else 0
        if not size or not self._parameter_sets.wait_s(time.monotonic(), size):
            return None
        return FrameError(
            f"H264 with more than {MAX_PARAMETER_SET_BYTES_PER_S} bytes of parameter sets a second; expected one of "
            "about 40 bytes with each keyframe: change the encoder's settings"
        )

    def _call_in_loop(self, callback: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            self._stopped = True  # the loop is closed: the server has ended
