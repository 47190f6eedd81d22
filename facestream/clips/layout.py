"""Read from the outer layout of an MP4, Matroska or AVI file whether its end is missing.

FFmpeg ends such a file without a word. Decodes nothing, and reads a few bytes of each part only.
"""

from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

MAX_PARTS: Final = 200_000
"""A live recording has a part for each second or less."""
_MP4_FIRST = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of the file; without a field set, nothing is."""

    cut_off: bool = False
    """The file claims more bytes than it has."""
    lacks_index: bool = False
    """It is an MP4 without the part that describes its frames."""


def layout_of(path: Path) -> Layout:
    """The layout of a file of any kind; an unknown or unreadable one is `Layout()`."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, SEEK_END)
            file.seek(0)
            head = file.read(12)
            if head[4:8] in _MP4_FIRST:
                return _mp4_layout(file, size)
            if head[:4] == _EBML:
                return Layout(cut_off=_matroska_end(file) > size)
            if head[:4] == b"RIFF" and head[8:] == b"AVI ":
                return Layout(cut_off=8 + int.from_bytes(head[4:8], "little") > size)
    except OSError:
        pass
    return Layout()


def _mp4_layout(file: BinaryIO, size: int) -> Layout:
    at, names = 0, set()
    for _ in range(MAX_PARTS):
        if at + 8 > size:
            break
        file.seek(at)
        header = file.read(16)
        names.add(header[4:8])
        length = int.from_bytes(header[:4])
        if length == 1:
            length = int.from_bytes(header[8:16])
        if length == 0:
            at = size  # it reaches to the end, wherever that is
        elif length < 8:
            return Layout()  # no MP4 after all
        else:
            at += length
    return Layout(cut_off=at > size, lacks_index=b"moov" not in names)


def _matroska_end(file: BinaryIO) -> int:
    """Where the segment ends that holds everything; 0: not stated, as in a recording of a browser."""
    at = 4
    for _ in range(2):
        file.seek(at)
        first = file.read(1)
        if not first or not first[0]:
            return 0
        length_bytes = 9 - first[0].bit_length()
        value = int.from_bytes(first + file.read(length_bytes - 1)) - (1 << 7 * length_bytes)
        if value == (1 << 7 * length_bytes) - 1:
            return 0
        at += length_bytes + value
        file.seek(at)
        if file.read(4) != _SEGMENT:
            return at
        at += 4
    return 0
