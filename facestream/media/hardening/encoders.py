"""The encoders of the video that is sent: one thread, a fast preset, the operator's bitrate, any picture size.

Never raise: aiortc 1.16 stops a video for ever when its encoder does (F5). A frame that cannot be encoded is left out.
"""

import fractions
import logging
import time
from collections.abc import Callable, Iterator

import aiortc.rtcrtpsender
import av
from aiortc.codecs import get_encoder
from aiortc.codecs.base import Encoder
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import VIDEO_TIME_BASE, convert_timebase
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame
from av.frame import Frame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from facestream.media.hardening.replacement import Replacement
from facestream.media.hardening.settings import settings
from facestream.media.planes import planes_of

logger = logging.getLogger(__name__)

FRAME_RATE = 30
REBUILD_CHANGE = 0.3  # a VP8 encoder cannot change its bitrate: each change costs a keyframe
REBUILD_INTERVAL_S = 5.0
CONGESTION_CHANGE = 0.4  # a fall this deep is followed at once: the path is full
CONGESTION_INTERVAL_S = 1.0
SMOOTHING = 0.3  # of each new estimate, upwards; a fall is believed sooner
FALL_SMOOTHING = 0.6


class TargetBitrate:
    """The peer's estimates (REMB), smoothed and kept within the operator's bounds."""

    def __init__(self) -> None:
        self._bounds = settings.bitrates
        self.bps = self._bounds.start_bps

    def hear(self, estimate_bps: int) -> None:
        """Take one estimate of the peer."""
        weight = FALL_SMOOTHING if estimate_bps < self.bps else SMOOTHING
        smoothed = round(self.bps + weight * (estimate_bps - self.bps))
        self.bps = max(self._bounds.min_bps, min(smoothed, self._bounds.max_bps))


class RebuildRule:
    """When a changed target is worth a new encoder, and its keyframe."""

    def __init__(self) -> None:
        self._built_s = time.monotonic()

    def built(self) -> None:
        self._built_s = time.monotonic()

    def is_worth_it(self, current_bps: int, target_bps: int) -> bool:
        age_s = time.monotonic() - self._built_s
        change = (target_bps - current_bps) / current_bps
        if change < -CONGESTION_CHANGE:
            return age_s >= CONGESTION_INTERVAL_S
        return abs(change) > REBUILD_CHANGE and age_s >= REBUILD_INTERVAL_S


def prepare(frame: VideoFrame, *, number: int, keyframe: bool, even: bool) -> VideoFrame:
    """The frame as an encoder takes it: yuv420p, counted rather than timed, and even-sized where it must be."""
    if frame.format.name != "yuv420p":
        frame = frame.reformat(format="yuv420p")
    if even and (frame.width % 2 or frame.height % 2):
        frame = crop_even(frame)
    # A track's clock may stand still or step back; an encoder refuses that, so it gets numbers.
    frame.pts, frame.time_base = number, fractions.Fraction(1, FRAME_RATE)
    frame.pict_type = PictureType.I if keyframe else PictureType.NONE
    return frame


def crop_even(frame: VideoFrame) -> VideoFrame:
    """Without the last column or row, where their number is odd: H264 in yuv420p has none such."""
    width, height = max(2, frame.width & ~1), max(2, frame.height & ~1)
    cropped = VideoFrame(width, height, "yuv420p")
    for source, target in zip(planes_of(frame), planes_of(cropped), strict=True):
        rows, columns = min(source.shape[0], target.shape[0]), min(source.shape[1], target.shape[1])
        target[:rows, :columns] = source[:rows, :columns]
    return cropped


class _FollowsTarget:
    """The bitrate that aiortc's sender sets, smoothed; before aiortc's encoder in the order of bases."""

    _target: TargetBitrate

    @property
    def target_bitrate(self) -> int:
        return self._target.bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target.hear(bitrate)


class FastH264Encoder(_FollowsTarget, H264Encoder):
    """x264 ultrafast on one thread; follows the bitrate without a keyframe."""

    def __init__(self) -> None:
        super().__init__()
        self._target = TargetBitrate()
        self._number = 0

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:  # noqa: FBT001, FBT002 - aiortc's signature
        assert isinstance(frame, VideoFrame)
        timestamp = _rtp_timestamp(frame)
        return _without_raising(lambda: self._packetize(self._encode_frame(frame, force_keyframe))), timestamp

    def _encode_frame(self, frame: VideoFrame, force_keyframe: bool) -> Iterator[bytes]:  # noqa: FBT001
        picture = prepare(frame, number=self._number, keyframe=force_keyframe, even=True)
        self._number += 1
        if self.codec is None or (picture.width, picture.height) != (self.codec.width, self.codec.height):
            self.codec = self._open(picture)
        elif self.codec.bit_rate != self._target.bps:
            self.codec.bit_rate = self._target.bps  # x264 takes it over with the next frame
        try:
            bitstream = b"".join(bytes(packet) for packet in self.codec.encode(picture))
        except av.FFmpegError:
            self.codec = None  # the next frame begins anew, with a keyframe
            raise
        yield from self._split_bitstream(bitstream)

    def _open(self, picture: VideoFrame) -> VideoCodecContext:
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, VideoCodecContext)
        codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv420p"
        codec.framerate, codec.time_base = fractions.Fraction(FRAME_RATE), fractions.Fraction(1, FRAME_RATE)
        codec.thread_count = 1
        codec.gop_size = 3000  # keyframes come when they are asked for
        # x264 follows a changed bit_rate only if it was opened at constant bitrate, and never beyond that rate
        # (seen with PyAV 18.1): so it is opened at the maximum. A quarter of a second of buffer follows within 2 s.
        highest_bps = settings.bitrates.max_bps
        codec.bit_rate = highest_bps
        rate = {"maxrate": str(highest_bps), "bufsize": str(highest_bps // 4)}
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "level": "31", **rate}
        codec.profile = "Baseline"
        codec.open()
        codec.bit_rate = self._target.bps
        return codec


class FastVp8Encoder(_FollowsTarget, Vp8Encoder):
    """libvpx on one thread; a new one only for a bitrate that differs much."""

    def __init__(self) -> None:
        super().__init__()
        self._target = TargetBitrate()
        self._rebuild = RebuildRule()
        self._number = 0

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:  # noqa: FBT001, FBT002 - aiortc's signature
        assert isinstance(frame, VideoFrame)
        timestamp = _rtp_timestamp(frame)
        payloads = _without_raising(lambda: self._encode_payloads(frame, keyframe=force_keyframe))
        self.picture_id = (self.picture_id + 1) % (1 << 15)
        return payloads, timestamp

    def _encode_payloads(self, frame: VideoFrame, *, keyframe: bool) -> list[bytes]:
        picture = prepare(frame, number=self._number, keyframe=keyframe, even=False)
        self._number += 1
        codec = self.codec
        if (
            codec is None
            or (picture.width, picture.height) != (codec.width, codec.height)
            or self._rebuild.is_worth_it(codec.bit_rate or 1, self._target.bps)
        ):
            codec = self.codec = self._open(picture)
            self._rebuild.built()
        try:
            bitstream = b"".join(bytes(packet) for packet in codec.encode(picture))
        except av.FFmpegError:
            self.codec = None
            raise
        return self._packetize(bitstream, self.picture_id)

    def _open(self, picture: VideoFrame) -> VideoCodecContext:
        codec = av.CodecContext.create("libvpx", "w")
        assert isinstance(codec, VideoCodecContext)
        bitrate = str(self._target.bps)
        codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv420p"
        codec.bit_rate = self._target.bps
        codec.framerate, codec.time_base = fractions.Fraction(FRAME_RATE), fractions.Fraction(1, FRAME_RATE)
        codec.thread_count = 1
        codec.gop_size = 3000
        codec.qmin, codec.qmax = 2, 56
        codec.options = {
            "deadline": "realtime",
            "cpu-used": "-8",
            "lag-in-frames": "0",
            "noise-sensitivity": "0",  # a denoiser costs a fifth of the encoding and blurs what is analysed
            "static-thresh": "1",
            "partitions": "0",
            # All three alike: constant bitrate, with a second's buffer.
            "minrate": bitrate,
            "maxrate": bitrate,
            "bufsize": bitrate,
            "undershoot-pct": "100",
            "overshoot-pct": "15",
        }
        return codec


def create_encoder(codec: RTCRtpCodecParameters) -> Encoder:
    """The encoder of a negotiated codec."""
    match codec.mimeType.lower():
        case "video/h264":
            return FastH264Encoder()
        case "video/vp8":
            return FastVp8Encoder()
        case _:
            return get_encoder(codec)


def _rtp_timestamp(frame: Frame) -> int:
    if frame.pts is None or frame.time_base is None:
        return 0
    return convert_timebase(frame.pts, frame.time_base, VIDEO_TIME_BASE)


def _without_raising(encode: Callable[[], list[bytes]]) -> list[bytes]:
    try:
        return encode()
    except Exception:
        # The encoder's boundary: see above. Without payloads the sender goes on to the next frame.
        logger.exception("a frame could not be encoded, it is left out")
        return []


REPLACEMENTS = (
    Replacement(
        aiortc.rtcrtpsender, "get_encoder", create_encoder, "F5, F13, F14, and x264's preset and threads"
    ),
)
