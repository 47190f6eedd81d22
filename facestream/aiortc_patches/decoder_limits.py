"""Reject frames for which a decoder would allocate too much memory, from their headers, before they are decoded.

aiortc 1.16 decodes every frame; a frame of 16383x16383 needs 400 MB. Pure; never raises: a frame whose H264 parameter
sets cannot be parsed is rejected. Obsolete when PyAV can limit size and reference frames of a decoder.
"""

from facestream.aiortc_patches.parameter_sets import (
    IDR,
    MAX_NAL_UNITS,
    SPS,
    SequenceParameters,
    nal_units,
    sequence_parameters,
)
from facestream.aiortc_patches.settings import FrameLimits
from facestream.errors import FrameError, FrameTooLargeError

VP8_START_CODE = b"\x9d\x01\x2a"
# Reference frames of H264 level 4.2: 4 frames of 1920x1080, 9 of 1280x720. Cameras and browsers use 1 to 4, which are
# allowed at every size.
MAX_REFERENCE_BLOCKS = 34_816
ALWAYS_ALLOWED_REFERENCES = 4
# Each reordered frame (B-frame) keeps another frame in memory and adds delay.
MAX_REORDERED_FRAMES = 3


def is_keyframe(codec_name: str, data: bytes) -> bool:
    """Whether decoding can start with this frame."""
    if codec_name == "VP8":
        return bool(data) and not data[0] & 1
    if codec_name == "H264":
        return any(kind in {IDR, SPS} for kind, _ in nal_units(data))
    return True


def rejection(codec_name: str, data: bytes, limits: FrameLimits) -> FrameError | None:
    """Why a frame must not be decoded, as an error for its peer; None: it may be decoded."""
    if codec_name == "VP8":
        size = _vp8_size(data)
        return None if size is None or limits.allow(*size) else _too_large(*size, limits)
    if codec_name == "H264":
        return _h264_rejection(data, limits)
    return None


def _h264_rejection(data: bytes, limits: FrameLimits) -> FrameError | None:
    units = nal_units(data)
    if len(units) >= MAX_NAL_UNITS:
        return FrameError(
            f"H264 frame of {MAX_NAL_UNITS} NAL units or more; expected fewer: send fewer slices"
        )
    try:
        readings = sequence_parameters(data, units)
    except ValueError as error:
        return FrameError(
            f"H264 with {error}; expected baseline, main or high profile, 8 bits in 4:2:0: "
            "change the encoder's profile"
        )
    for reading in readings:
        if not limits.allow(reading.width_px, reading.height_px):
            hidden = limits.allow(*reading.shown_wh)  # exceeds the limits only before cropping
            size = (reading.width_px, reading.height_px) if hidden else reading.shown_wh
            return _too_large(*size, limits)
        if reading.reference_frames > _allowed_references(reading):
            return FrameError(
                f"H264 with {reading.reference_frames} reference frames of {reading.width_px}x{reading.height_px}; "
                f"expected at most {_allowed_references(reading)}: use fewer, or a smaller frame size"
            )
    return None


def _allowed_references(parameters: SequenceParameters) -> int:
    blocks = parameters.width_px * parameters.height_px // 256
    return max(ALWAYS_ALLOWED_REFERENCES, MAX_REFERENCE_BLOCKS // blocks)


def _too_large(width: int, height: int, limits: FrameLimits) -> FrameError:
    most = limits.max_width_px, limits.max_height_px
    return FrameTooLargeError(f"frame of {width}x{height}; expected at most {limits}", (width, height), most)


def _vp8_size(data: bytes) -> tuple[int, int] | None:
    """Size of a keyframe. Without a start code, libvpx rejects the frame and does not use its size."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != VP8_START_CODE:
        return None
    # The upper two bits of width and height are a display scale, which does not affect decoding.
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
