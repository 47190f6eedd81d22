"""The size a keyframe claims, read from its header before a decoder allocates for it.

Pure; never raises on a broken header: what cannot be read is left to the decoder.
"""

from dataclasses import dataclass

VP8_START_CODE = b"\x9d\x01\x2a"
H264_START_CODE = b"\x00\x00\x01"
H264_IDR, H264_SPS = 5, 7
MAX_NAL_UNITS = (
    512  # of one frame; at most one for each packet that may wait, more are made up of start codes
)
HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Largest picture that is decoded, in pixels; both sides may be either way round (phones turn)."""

    max_side_px: int = 1920
    max_pixels: int = 1920 * 1920

    def allow(self, width: int, height: int) -> bool:
        return max(width, height) <= self.max_side_px and width * height <= self.max_pixels


def is_keyframe(codec_name: str, data: bytes) -> bool:
    """Whether decoding can start here."""
    if codec_name == "VP8":
        return bool(data) and not data[0] & 1
    if codec_name == "H264":
        return any(kind in {H264_IDR, H264_SPS} for kind, _ in _nal_units(data))
    return True


def is_too_large(codec_name: str, data: bytes, limits: PictureLimits) -> bool:
    """Whether the frame says that its pictures are larger than allowed, or hides what it says."""
    if codec_name == "H264" and len(_nal_units(data)) >= MAX_NAL_UNITS:
        return True
    sizes = [_vp8_size(data)] if codec_name == "VP8" else [_sps_size(data, at) for at in _sps_offsets(data)]
    return any(size is not None and not limits.allow(*size) for size in sizes)


def _vp8_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 10 or data[0] & 1 or data[3:6] != VP8_START_CODE:
        return None
    # The upper two bits of each are a scale for display, not for decoding.
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def _nal_units(data: bytes) -> list[tuple[int, int]]:
    """Type and offset of each NAL unit, up to MAX_NAL_UNITS."""
    units: list[tuple[int, int]] = []
    at = data.find(H264_START_CODE)
    while at != -1 and at + 3 < len(data) and len(units) < MAX_NAL_UNITS:
        units.append((data[at + 3] & 0x1F, at + 3))
        at = data.find(H264_START_CODE, at + 3)
    return units


def _sps_offsets(data: bytes) -> list[int]:
    return [at for kind, at in _nal_units(data) if kind == H264_SPS]


class _Bits:
    """Reads an RBSP: bit by bit, emulation prevention bytes removed."""

    def __init__(self, data: bytes) -> None:
        clean = data.replace(b"\x00\x00\x03", b"\x00\x00")
        self._value = int.from_bytes(clean, "big")
        self._left = len(clean) * 8

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("parameter set is truncated")
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("number is out of range")
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)

    def signed_golomb(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number & 1 else -(number // 2)


def _sps_size(data: bytes, at: int) -> tuple[int, int] | None:
    """Width and height before cropping, of the sequence parameter set (ITU-T H.264, 7.3.2.1.1) that starts there."""
    try:
        return _read_sps(_Bits(data[at + 1 : at + 256]))
    except ValueError:
        return None


def _read_sps(bits: _Bits) -> tuple[int, int]:
    profile = bits.take(8)
    bits.take(16)  # constraint flags and level
    bits.golomb()  # id
    if profile in HIGH_PROFILES:
        _skip_high_profile(bits)
    bits.golomb()  # log2_max_frame_num
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed_golomb()
        bits.signed_golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.signed_golomb()
    bits.golomb()  # reference frames
    bits.take(1)
    width = (bits.golomb() + 1) * 16
    height = (bits.golomb() + 1) * 16
    frames_only = bits.take(1)
    return width, height * (2 - frames_only)


def _skip_high_profile(bits: _Bits) -> None:
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if not bits.take(1):
        return
    for index in range(12 if chroma == 3 else 8):
        if bits.take(1):
            scale = last = 8
            for _ in range(16 if index < 6 else 64):
                if scale:
                    scale = (last + bits.signed_golomb()) % 256
                last = scale or last
