"""Encode the video that is sent: one thread, a fast preset, at most the operator's bitrate, any size and frame rate.

aiortc 1.16 uses x264's default preset (five times the cost) and all cores, assumes 30 frames per second and level 3.1,
and stops a video for ever when its encoder raises (F5), which happens for an odd size or a timestamp that steps back.
Here the encoders never raise: a frame that cannot be encoded is dropped. Obsolete when aiortc has a public way to
register encoders, and continues after an exception of an encoder.
"""

import fractions
import logging
from collections.abc import Callable, Iterator

import aiortc.rtcrtpsender
import av
from aiortc.codecs import get_encoder
from aiortc.codecs.base import Encoder
from aiortc.codecs.h264 import PACKET_MAX, H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame
from av.frame import Frame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from facestream.aiortc_patches.h264_offers import Packetization, level_for, packetization_of
from facestream.aiortc_patches.rate_control import (
    LONGEST_INTERVAL_S,
    FollowsTarget,
    FrameClock,
    RebuildRule,
    TargetBitrate,
)
from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.settings import settings
from facestream.media.planes import as_yuv420p, crop_even, seconds_of

logger = logging.getLogger(__name__)

FRAME_RATE = 30
# x264 gets frame numbers as timestamps: with real timestamps it delays each frame until it gets the next one.
X264_TIME_BASE = fractions.Fraction(1, FRAME_RATE)
BITRATE_CHANGE = 0.03  # ignore smaller changes
SINGLE_NAL_UNIT_BYTES = PACKET_MAX
FINEST_QP, FINEST_VP8_QUANTIZER = 24, 28
"""No frame is encoded finer, whatever the bitrate allows: about 43 dB, which looks like the original. Otherwise both
encoders spend the whole bitrate on a head that hardly moves (benchmarks/encoding.py)."""
LEVEL_CHECK_INTERVALS = 5
LEVEL_TOLERANCE = 1.05  # on the frame rate: at 30 FPS the clock sometimes measures 30.2


def prepare(frame: VideoFrame, *, keyframe: bool, even: bool) -> VideoFrame:
    """Convert a frame for an encoder: yuv420p, and of even size if required; the caller sets its timestamp."""
    frame = as_yuv420p(frame)
    if even and (frame.width % 2 or frame.height % 2):
        frame = crop_even(frame)
    frame.pict_type = PictureType.I if keyframe else PictureType.NONE
    return frame


class FastH264Encoder(FollowsTarget, H264Encoder):
    """x264 ultrafast on one thread; changes its bitrate without a keyframe."""

    def __init__(self, packetization: Packetization = Packetization.NON_INTERLEAVED) -> None:
        super().__init__()
        self._target = TargetBitrate()
        self._clock = FrameClock()
        self._packetization = packetization
        self._number = 0
        self._level = 0

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:  # noqa: FBT001, FBT002 - aiortc's signature
        assert isinstance(frame, VideoFrame)
        timestamp = _rtp_timestamp(frame)
        return _without_raising(lambda: self._payloads(frame, keyframe=force_keyframe)), timestamp

    def _payloads(self, frame: VideoFrame, *, keyframe: bool) -> list[bytes]:
        units = self._encode_frame(frame, keyframe)
        return list(units) if self._packetization is Packetization.SINGLE_NAL_UNIT else self._packetize(units)

    def _encode_frame(self, frame: VideoFrame, force_keyframe: bool) -> Iterator[bytes]:  # noqa: FBT001
        self._clock.tick(frame)
        frame = prepare(frame, keyframe=force_keyframe, even=True)
        frame.pts, frame.time_base = self._number, X264_TIME_BASE
        self._number += 1
        if self.codec is None or self._has_outgrown(frame, self.codec):
            self.codec = self._open(frame)
        bitrate = self._counted_bitrate()
        if abs(bitrate - (self.codec.bit_rate or 0)) > BITRATE_CHANGE * bitrate:
            self.codec.bit_rate = bitrate  # x264 applies it from this frame on
        try:
            bitstream = b"".join(bytes(packet) for packet in self.codec.encode(frame))
        except av.FFmpegError:
            self.codec = None  # the next frame gets a new encoder and is a keyframe
            raise
        yield from self._split_bitstream(bitstream)

    def _counted_bitrate(self) -> int:
        """The target scaled for x264, which always assumes 30 frames a second."""
        return round(self._target.bps * FRAME_RATE * self._clock.interval_s)

    def _has_outgrown(self, frame: VideoFrame, codec: VideoCodecContext) -> bool:
        if (frame.width, frame.height) != (codec.width, codec.height):
            return True
        return self._clock.intervals >= LEVEL_CHECK_INTERVALS and self._level_of(frame) > self._level

    def _level_of(self, frame: VideoFrame) -> int:
        fps = self._clock.fps / LEVEL_TOLERANCE
        return level_for(frame.width, frame.height, fps, settings.bitrates.max_bps)

    def _open(self, frame: VideoFrame) -> VideoCodecContext:
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, VideoCodecContext)
        codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuv420p"
        codec.framerate, codec.time_base = fractions.Fraction(FRAME_RATE), X264_TIME_BASE
        codec.thread_count = 1
        codec.gop_size = 3000  # keyframes are sent on request
        # x264 changes its bit_rate only if it was opened at constant bitrate, and never beyond that rate (seen with
        # PyAV 18.1), so it is opened at the maximum for the lowest frame rate. With a buffer of a quarter of a second
        # it reaches a new bitrate within 2 s.
        max_bps = settings.bitrates.max_bps
        highest_bps = round(max_bps * FRAME_RATE * LONGEST_INTERVAL_S)
        self._level = self._level_of(frame)
        codec.bit_rate = highest_bps
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "level": str(self._level),
            "maxrate": str(highest_bps),
            "bufsize": str(max_bps // 4),
            "qmin": str(FINEST_QP),
        }
        if self._packetization is Packetization.SINGLE_NAL_UNIT:
            codec.options |= {"slice-max-size": str(SINGLE_NAL_UNIT_BYTES)}
        codec.profile = "Baseline"
        codec.open()
        return codec


class FastVp8Encoder(FollowsTarget, Vp8Encoder):
    """libvpx on one thread; a new encoder only for a bitrate that differs much."""

    def __init__(self) -> None:
        super().__init__()
        self._target = TargetBitrate()
        self._rebuild = RebuildRule()
        self._clock = FrameClock()
        self._time = 0

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:  # noqa: FBT001, FBT002 - aiortc's signature
        assert isinstance(frame, VideoFrame)
        timestamp = _rtp_timestamp(frame)
        payloads = _without_raising(lambda: self._encode_payloads(frame, keyframe=force_keyframe))
        self.picture_id = (self.picture_id + 1) % (1 << 15)
        return payloads, timestamp

    def _encode_payloads(self, frame: VideoFrame, *, keyframe: bool) -> list[bytes]:
        self._clock.tick(frame)
        frame = prepare(frame, keyframe=keyframe, even=False)
        # libvpx derives the frame rate from timestamp and duration, and rejects a timestamp that does not advance.
        interval = round(self._clock.interval_s * VIDEO_CLOCK_RATE)
        frame.pts, frame.duration, frame.time_base = self._time, interval, VIDEO_TIME_BASE
        self._time += interval
        codec = self.codec
        if (
            codec is None
            or (frame.width, frame.height) != (codec.width, codec.height)
            or self._rebuild.is_worth_it(codec.bit_rate or 1, self._target.bps)
        ):
            codec = self.codec = self._open(frame)
            self._rebuild.built()
        try:
            bitstream = b"".join(bytes(packet) for packet in codec.encode(frame))
        except av.FFmpegError:
            self.codec = None
            raise
        return self._packetize(bitstream, self.picture_id)

    def _open(self, frame: VideoFrame) -> VideoCodecContext:
        codec = av.CodecContext.create("libvpx", "w")
        assert isinstance(codec, VideoCodecContext)
        bitrate = str(self._target.bps)
        codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuv420p"
        codec.bit_rate = self._target.bps
        codec.framerate, codec.time_base = fractions.Fraction(FRAME_RATE), VIDEO_TIME_BASE
        codec.thread_count = 1
        codec.gop_size = 3000
        codec.qmin, codec.qmax = FINEST_VP8_QUANTIZER, 56
        codec.options = {
            "deadline": "realtime",
            "cpu-used": "-8",
            "lag-in-frames": "0",
            "noise-sensitivity": "0",  # a denoiser takes a fifth of the encoding time and blurs the frame
            "static-thresh": "1",
            "partitions": "0",
            # All three equal: constant bitrate with a buffer of one second.
            "minrate": bitrate,
            "maxrate": bitrate,
            "bufsize": bitrate,
            "undershoot-pct": "100",
            "overshoot-pct": "15",
        }
        return codec


def create_encoder(codec: RTCRtpCodecParameters) -> Encoder:
    """The encoder for a negotiated codec. Raises ValueError for interleaved H264."""
    match codec.mimeType.lower():
        case "video/h264":
            return FastH264Encoder(packetization_of(codec))
        case "video/vp8":
            return FastVp8Encoder()
        case _:
            return get_encoder(codec)


def _rtp_timestamp(frame: Frame) -> int:
    return round((seconds_of(frame) or 0.0) * VIDEO_CLOCK_RATE)


def _without_raising(encode: Callable[[], list[bytes]]) -> list[bytes]:
    try:
        return encode()
    except Exception:
        # The encoder boundary (F5): without payloads, the sender continues with the next frame.
        logger.exception("a frame could not be encoded and is dropped")
        return []


REPLACEMENTS = (
    Replacement(
        aiortc.rtcrtpsender, "get_encoder", create_encoder, "F5, F13, F14, and x264's preset and threads"
    ),
)
