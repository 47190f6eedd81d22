"""Decodes one stream in a thread of its own: one codec thread, a bounded queue, never joined on the event loop.

Knows no RTP. A frame that cannot be decoded is reported, never raised.
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

from facestream.aiortc_patches.h264_offers import parameter_sets_of
from facestream.aiortc_patches.parameter_sets import parameter_set_bytes
from facestream.aiortc_patches.sizes import MAX_REORDERED_FRAMES, FrameLimits, refusal
from facestream.aiortc_patches.tracks import NewestFrames
from facestream.errors import FrameError
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_WAITING_FRAMES = (
    32  # a second; more than that is not late but lost: dropped, and a new picture is asked for
)
# They are read in Python, which takes the interpreter from the event loop: 1.5 ms for a kilobyte. An honest set has 40
# bytes, and comes with a keyframe.
MAX_PARAMETER_SET_BYTES_PER_S = 16_384


def create_decoder(codec: RTCRtpCodecParameters, limits: FrameLimits) -> Decoder:
    """Aiortc's decoder with one thread: the default takes every core for every stream."""
    decoder = get_decoder(codec)
    context = _context(decoder)
    if context is not None:
        context.thread_count = 1
        # A second safeguard after `refusal`, which parses the headers. FFmpeg counts whole strides.
        context.options = {"max_pixels": str(limits.max_pixels + 64 * limits.max_height_px)}
    return decoder


def _context(decoder: Decoder) -> VideoCodecContext | None:
    context = getattr(decoder, "codec", None)
    return context if isinstance(context, VideoCodecContext) else None


def _reordering(decoder: Decoder) -> FrameError | None:
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
    """Takes encoded frames, hands decoded ones to the event loop."""

    def __init__(
        self,
        kind: str,
        *,
        limits: FrameLimits,
        on_frame: Callable[[Frame], None],
        on_failure: Callable[[], None],
        on_refusal: Callable[[FrameError], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._on_frame, self._on_failure, self._on_refusal = on_frame, on_failure, on_refusal
        self._waiting: queue.Queue[tuple[RTCRtpCodecParameters, JitterFrame] | None] = queue.Queue(
            MAX_WAITING_FRAMES
        )
        self._decoded = NewestFrames()
        self._parameter_sets = TokenBucket(
            1 / MAX_PARAMETER_SET_BYTES_PER_S, 2 * MAX_PARAMETER_SET_BYTES_PER_S
        )
        self._stopped = False
        self._ended = asyncio.Event()
        # Daemon: a decoder that hangs inside its codec must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"{kind}-decoder", daemon=True)
        self._thread.start()

    def put(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> bool:
        """Queue a frame; False where the decoder is so late that all that waited was dropped."""
        if self._stopped:
            return True
        try:
            self._waiting.put_nowait((codec, frame))
        except queue.Full:
            self._drop_waiting()
            return False
        return True

    def stop(self) -> None:
        """Let the thread end soon; returns at once, may be called twice."""
        self._stopped = True
        self._drop_waiting()
        self._waiting.put_nowait(None)

    async def ended(self) -> None:
        """Wait until the thread is gone."""
        await self._ended.wait()

    def _drop_waiting(self) -> None:
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                return

    def _hand_over(self) -> None:
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
            why = self._flood_of_sets(codec, encoded.data) or refusal(codec.name, encoded.data, self._limits)
            if why is not None:
                self._tell(self._on_refusal, why)
                break
            try:
                if decoder is None or begins:
                    decoder, codec_name = create_decoder(codec, self._limits), codec.name
                frames = decoder.decode(encoded)
            except Exception as error:  # noqa: BLE001 - the thread's boundary: anything else would end it silently
                logger.debug("a %s frame could not be decoded: %r", codec.name, error)
                self._tell(self._on_failure)
                continue
            for frame in frames:
                # Bounds the frames that wait while the loop stalls; one callback per frame would keep them all.
                self._decoded.put(frame)
                self._tell(self._hand_over)
            if (why := _reordering(decoder)) is not None:
                self._tell(self._on_refusal, why)
                break
        self._tell(self._ended.set)

    def _flood_of_sets(self, codec: RTCRtpCodecParameters, data: bytes) -> FrameError | None:
        """Why a stream must not go on that consists of parameter sets."""
        size = parameter_set_bytes(data) if codec.name == "H264" else 0
        if not size or not self._parameter_sets.wait_s(time.monotonic(), size):
            return None
        return FrameError(
            f"H264 with more than {MAX_PARAMETER_SET_BYTES_PER_S} bytes of parameter sets a second; expected one of "
            "some 40 bytes with each keyframe: change the encoder's settings"
        )

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            self._stopped = True  # the loop is closed: the server is gone, nobody is left to tell
