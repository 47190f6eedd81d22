"""Parse the header of a JPEG without decoding it: its size, and whether it is a baseline JPEG that may be decoded.

OpenCV and PyAV have no function that reads a header alone, and decode whatever follows one. Pure.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from facestream.errors import FrameError

# Frame headers of baseline and extended sequential JPEGs, as every browser writes them.
_SIMPLE = {0xC0, 0xC1}
# Other frame headers; C4 is Huffman tables, C8 reserved, CC arithmetic coding.
_OTHER_KINDS = {*range(0xC2, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
# Fill bytes and markers without a payload; cameras write them between segments, browsers do not.
_PADDING = re.compile(rb"(?:\xff(?=\xff)|\xff[\xd0-\xd8])*")
# Tables, restart interval, comment, applications. FFmpeg parses the content of all other segments, and may find a
# header there that was not checked.
_SKIPPED = {0xDB, 0xC4, 0xDD, 0xFE, *range(0xE0, 0xF0)}
# A scan contains only stuffed zeros, restarts and the end. With a second frame header in it, the decoder would use
# another size than the one that was checked.
_FORBIDDEN_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xd9\xff]")
_MAX_SEGMENTS = 64  # a browser writes about ten


def _segments(jpeg: bytes, padding: Literal["skipped", "rejected"]) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the payload of each header segment, up to the first scan.

    The last segment may be cut off, except with `rejected`. Yields nothing for data that is no JPEG.
    """
    at = 2 if jpeg.startswith(b"\xff\xd8") else len(jpeg)
    while True:
        if padding == "skipped" and (skipped := _PADDING.match(jpeg, at)) is not None:
            at = skipped.end()
        marker, length = jpeg[at + 1 : at + 2], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        end = at + 2 + length
        cut_off = length < 2 or end > len(jpeg)
        if jpeg[at : at + 1] != b"\xff" or not marker or (cut_off and padding == "rejected"):
            return
        yield marker[0], at + 4, end
        if cut_off or marker[0] == _SCAN:
            return
        at = end


def claimed_size_wh(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a JPEG of any kind, read without decoding; None: there is none.

    Checks nothing else: data that must be checked before it is decoded needs `check_jpeg`.
    """
    for marker, start, _ in _segments(jpeg, padding="skipped"):
        if (marker in _SIMPLE or marker in _OTHER_KINDS) and start + 5 <= len(jpeg):
            return _size_wh(jpeg[start : start + 5])
    return None


def baseline_size_wh(jpeg: bytes) -> tuple[int, int]:
    """Width and height in the header of a baseline JPEG with one scan; raises FrameError for any other data.

    Every byte before the scan must belong to a known segment, because FFmpeg searches for headers in all other
    segments.
    """
    if not jpeg.startswith(b"\xff\xd8"):
        raise FrameError("not a JPEG; expected one as canvas.toBlob('image/jpeg') makes it")
    size_wh: tuple[int, int] | None = None
    for marker, start, end in islice(_segments(jpeg, padding="rejected"), _MAX_SEGMENTS):
        if marker in _OTHER_KINDS:
            raise FrameError("a JPEG is progressive or lossless; expected a baseline one")
        if marker in _SIMPLE:
            if size_wh is not None:
                raise FrameError("a JPEG has two sizes; expected one image in each message")
            size_wh = _frame_size_wh(jpeg[start:end])
        elif marker == _SCAN:
            if size_wh is not None and not _FORBIDDEN_IN_SCAN.search(jpeg, end):
                return size_wh
        elif marker not in _SKIPPED:
            raise FrameError(f"a JPEG has a segment of type {marker:02X}; expected a baseline JPEG")
    raise FrameError("a JPEG has no complete header or more than one scan; expected a baseline one")


def _frame_size_wh(frame_header: bytes) -> tuple[int, int]:
    if len(frame_header) < 6:
        raise FrameError("the frame header of a JPEG is cut off; expected a complete JPEG")
    precision, components = frame_header[0], frame_header[5]
    width, height = _size_wh(frame_header)
    if precision != 8 or components not in {1, 3} or not width or not height:
        raise FrameError(
            f"a JPEG of {width}x{height} with {components} components of {precision} bits; "
            "expected a size, and gray or YCbCr of 8 bits"
        )
    return width, height


def _size_wh(frame_header: bytes) -> tuple[int, int]:
    return int.from_bytes(frame_header[3:5], "big"), int.from_bytes(frame_header[1:3], "big")
