"""Parse H264 parameter sets (ITU-T H.264, 7.3.2.1.1) as FFmpeg does, for the values that decide a decoder's memory.

Pure. A set that cannot be parsed raises ValueError; values are never guessed. aiortc 1.16 checks nothing before it
decodes. Obsolete when PyAV can limit size, reference frames and pixel format of a decoder.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

START_CODE = b"\x00\x00\x01"
IDR, SPS, PPS, SUBSET_SPS = 5, 7, 8, 15
BASELINE, MAIN, EXTENDED, HIGH = 66, 77, 88, 100
PROFILE_NAMES = {
    BASELINE: "baseline", MAIN: "main", EXTENDED: "extended", HIGH: "high", 110: "high 10", 122: "high 4:2:2",
    244: "high 4:4:4 predictive", 44: "CAVLC 4:4:4 intra", 83: "scalable baseline", 86: "scalable high",
    118: "multiview high", 128: "stereo high",
}  # fmt: skip
# The profiles with 8 bits in 4:2:0. Others need more memory or have another syntax.
DECODED_PROFILES = {BASELINE, MAIN, EXTENDED, HIGH}
MAX_NAL_UNITS = (
    512  # of one frame, which has at most as many NAL units as packets, unless start codes are forged
)
MAX_SPS_BYTES = 4096  # the longest valid set has about 1,500 bytes
_ESCAPE = b"\x00\x00\x03"


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """Values of one sequence parameter set."""

    profile_idc: int
    constraints: int
    """Eight bits, constraint_set0_flag first."""
    level_idc: int
    width_px: int
    """Coded size, before cropping: the decoder allocates it."""
    height_px: int
    reference_frames: int
    shown_wh: tuple[int, int]
    """Size after cropping."""


def nal_units(data: bytes) -> list[tuple[int, int]]:
    """Type and offset of each NAL unit, up to MAX_NAL_UNITS."""
    units: list[tuple[int, int]] = []
    at = data.find(START_CODE)
    while at != -1 and at + 3 < len(data) and len(units) < MAX_NAL_UNITS:
        units.append((data[at + 3] & 0x1F, at + 3))
        at = data.find(START_CODE, at + 3)
    return units


def sequence_parameters(data: bytes, units: Iterable[tuple[int, int]]) -> list[SequenceParameters]:
    """All readings of all sequence parameter sets among the NAL units of a frame, which `nal_units` has found.

    Raises ValueError if one cannot be parsed.
    """
    readings: list[SequenceParameters] = []
    for kind, at in units:
        if kind in {SPS, SUBSET_SPS}:
            readings += _readings(_payload(data, at))
    return readings


def parameter_set_bytes(data: bytes) -> int:
    """Bytes of all sequence parameter sets in a frame; the time to parse them grows with this number."""
    units = nal_units(data)
    ends = [at for _, at in units[1:]] + [len(data)]
    return sum(end - at for (kind, at), end in zip(units, ends, strict=True) if kind in {SPS, SUBSET_SPS})


def _payload(data: bytes, at: int) -> bytes:
    """The NAL unit without its header, up to where FFmpeg ends it."""
    ends = [end for code in (START_CODE, b"\x00\x00\x02") if (end := data.find(code, at)) != -1]
    payload = data[at + 1 : min(ends, default=len(data))]
    if len(payload) > MAX_SPS_BYTES:
        raise ValueError(f"a parameter set of {len(payload)} bytes")
    return payload


def _readings(payload: bytes) -> list[SequenceParameters]:
    readings = [_read(_Bits(payload.replace(_ESCAPE, _ESCAPE[:2])))]
    if _ESCAPE in payload:
        # If FFmpeg cannot parse a set, it tries again without removing the emulation prevention bytes.
        with contextlib.suppress(ValueError):  # FFmpeg fails, too
            readings.append(_read(_Bits(payload)))
    return readings


class _Bits:
    """Reads numbers of any number of bits. Raises ValueError at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("a parameter set is cut off")
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self, most: int) -> int:
        zeros = 0
        while zeros < 31 and not self.take(1):
            zeros += 1
        # As in FFmpeg: after 31 zeros follow 32 bits, whatever the first of them is.
        number = self.take(32) - 1 if zeros == 31 else (1 << zeros) - 1 + self.take(zeros)
        if not 0 <= number <= most:
            raise ValueError(f"a parameter set with value {number} where at most {most} is allowed")
        return number

    def signed_golomb(self, most: int) -> int:
        number = self.golomb(2 * most)
        return (number + 1) // 2 if number & 1 else -(number // 2)


def _read(bits: _Bits) -> SequenceParameters:
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
    if profile not in DECODED_PROFILES:
        raise ValueError(f"{PROFILE_NAMES.get(profile, profile)} profile")
    bits.golomb(31)  # id
    if profile == HIGH:
        _skip_high_profile(bits)
    bits.golomb(12)  # log2_max_frame_num
    _skip_order_count(bits)
    references = bits.golomb(16)
    bits.take(1)
    width = (bits.golomb(8190) + 1) * 16
    height = (bits.golomb(8190) + 1) * 16
    frames_only = bits.take(1)
    height *= 2 - frames_only
    shown_wh = width, height
    with contextlib.suppress(ValueError):  # used only in the error message
        right, bottom = _read_cropping(bits, frames_only=frames_only)
        shown_wh = width - right, height - bottom
    return SequenceParameters(profile, constraints, level, width, height, references, shown_wh)


def _read_cropping(bits: _Bits, *, frames_only: int) -> tuple[int, int]:
    """Cropped columns and rows in pixels, for 4:2:0."""
    bits.take(1 if frames_only else 2)
    if not bits.take(1):
        return 0, 0
    left, right, top, bottom = (bits.golomb(1 << 16) for _ in range(4))
    return 2 * (left + right), 2 * (2 - frames_only) * (top + bottom)


def _skip_high_profile(bits: _Bits) -> None:
    chroma = bits.golomb(3)
    if chroma > 1:
        raise ValueError(f"chroma format 4:{4 if chroma == 3 else 2}:{4 if chroma == 3 else 2}")
    luma_bits, chroma_bits = bits.golomb(6) + 8, bits.golomb(6) + 8
    if luma_bits != 8 or chroma_bits != 8:
        raise ValueError(f"{max(luma_bits, chroma_bits)} bits a sample")
    bits.take(1)
    if not bits.take(1):
        return
    for index in range(8):
        if bits.take(1):
            _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: _Bits, length: int) -> None:
    last = 8
    for _ in range(length):
        scale = (last + bits.signed_golomb(128)) % 256
        if not scale:
            return  # the remaining values repeat the last one
        last = scale


def _skip_order_count(bits: _Bits) -> None:
    order = bits.golomb(2)
    if order == 0:
        bits.golomb(12)
    elif order == 1:
        bits.take(1)
        bits.signed_golomb(1 << 31)
        bits.signed_golomb(1 << 31)
        for _ in range(bits.golomb(255)):
            bits.signed_golomb(1 << 31)
