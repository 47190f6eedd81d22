"""Tell from its first bytes what kind of file something is, and how large its image is, without decoding anything.

The endings of names are not looked at, because they are often wrong. Pure.
"""

import re
import struct
from typing import Final, Literal

from facestream.analysis.jpeg_header import claimed_size_wh

ImageKind = Literal["jpeg", "png", "webp", "bmp", "gif", "tiff"]
"""The kinds of images that can be read."""
HEADER_BYTES: Final = 64 << 10
"""Enough to name any kind. The size of a JPEG or TIFF may be anywhere in the file."""

_MP4_IMAGES = {
    b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC", b"heis": "HEIC", b"hevc": "HEIC", b"hevx": "HEIC",
    b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF", b"avis": "AVIF", b"crx ": "Canon raw",
}  # fmt: skip
_FOREIGN = (
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"8BPS"), "Photoshop"),
    (re.compile(rb"\s*(\xef\xbb\xbf)?\s*<[?!s].{0,2000}?<svg|\s*(\xef\xbb\xbf)?<svg", re.DOTALL), "SVG"),
)
_VIDEO = re.compile(
    rb"\x1a\x45\xdf\xa3|RIFF....AVI |OggS|FLV\x01|\0\0\x01[\xba\xb3]|\x30\x26\xb2\x75\x8e\x66\xcf\x11|G.{187}G"
    rb"|....(ftyp|moov|mdat|wide|free|skip)",
    re.DOTALL,
)
_TIFF_BYTES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_TIFF_SIDES = {256: 0, 257: 1, 322: 0, 323: 1}
"""Tags of width and height, also of one tile, which is decoded as a whole."""
_MAX_TIFF_TAGS = 4096


def image_kind(content: bytes) -> ImageKind | None:
    """The kind of an image that can be read; None for everything else, also for an animated PNG."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content.startswith(b"BM"):
        return "bmp"
    if content[:6] in {b"GIF87a", b"GIF89a"}:
        return "gif"
    if content[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return "tiff"
    return None


def foreign_kind(content: bytes) -> str | None:
    """The name of a known kind of image or document that cannot be read, such as `HEIC`; None for everything else."""
    if content[4:8] == b"ftyp":
        brand, others = content[8:12], content[16 : int.from_bytes(content[:4])]
        if brand in {b"mif1", b"msf1"} and (b"avif" in others or b"avis" in others):
            return "AVIF"
        return _MP4_IMAGES.get(brand)
    return next((name for pattern, name in _FOREIGN if pattern.match(content)), None)


def is_video(content: bytes) -> bool:
    """Whether the file begins as a video (MP4, Matroska, AVI, MPEG, Ogg, FLV, WMV)."""
    return _VIDEO.match(content) is not None and foreign_kind(content) is None


def header_size_wh(content: bytes) -> tuple[int, int] | None:
    """The size that the header of an image claims; None if there is none."""
    kind = image_kind(content)
    try:
        match kind:
            case "jpeg":
                return claimed_size_wh(content)
            case "png":
                return _pair(">II", content, 16)
            case "gif":
                return _pair("<HH", content, 6)
            case "bmp":
                return _bmp_size_wh(content)
            case "webp":
                return _webp_size_wh(content)
            case "tiff":
                return _tiff_size_wh(content)
    except struct.error:
        pass  # cut off
    return None


def _pair(layout: str, content: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(layout, content, at)
    return first, second


def _bmp_size_wh(content: bytes) -> tuple[int, int]:
    (header_bytes,) = struct.unpack_from("<I", content, 14)
    width, height = _pair("<HH" if header_bytes == 12 else "<ii", content, 18)
    return abs(width), abs(height)  # a negative height: from top to bottom


def _webp_size_wh(content: bytes) -> tuple[int, int] | None:
    chunk = content[12:16]
    if chunk == b"VP8X" and len(content) >= 30:
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = _pair("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff_size_wh(content: bytes) -> tuple[int, int] | None:
    order = "<" if content[:1] == b"I" else ">"
    big = content[2:4] in {b"+\0", b"\0+"}
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), content, at)
    at += 8 if big else 2
    sides = [0, 0]
    for _ in range(min(count, _MAX_TIFF_TAGS)):
        tag, kind = struct.unpack_from(order + "HH", content, at)
        if tag in _TIFF_SIDES and kind in _TIFF_BYTES:
            (side,) = struct.unpack_from(order + _TIFF_BYTES[kind], content, at + (12 if big else 8))
            sides[_TIFF_SIDES[tag]] = max(sides[_TIFF_SIDES[tag]], side)
        at += 20 if big else 12
    return (sides[0], sides[1]) if all(sides) else None
