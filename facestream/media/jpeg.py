"""JPEG in and out: what a picture claims is read and checked before anything is decoded; no clock, no event loop."""

import re
from collections.abc import Iterator

import av
import cv2
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange

from facestream.errors import FrameError, FrameTooLargeError

# A picture of 640x480 has about 31 kB at 80, 7.4 Mbit/s at 30 FPS (benchmarks/compatibility.py); at 85 a seventh more,
# and nobody sees it. Much below, the drawn lines get a halo.
QUALITY = 80

# Markers after which the decoder knows the size: a picture of one scan, as every browser writes it.
_SIMPLE = {0xC0, 0xC1}
_OTHER_KINDS = {*range(0xC2, 0xD0)} - {
    0xC4,
    0xC8,
    0xCC,
}  # C4: Huffman tables, C8: reserved, CC: arithmetic coding
_SCAN = 0xDA
# Tables, restart interval, comment, applications. FFmpeg does not know where other segments end: it parses their
# content, and could find a header there that was not checked.
_PASSED_OVER = {0xDB, 0xC4, 0xDD, 0xFE, *range(0xE0, 0xF0)}
# Inside a scan only stuffed zeros, restarts and the end are no surprise. A second frame header there would make the
# decoder take another size than the one that was checked.
_SURPRISE = re.compile(rb"\xff[^\x00\xd0-\xd7\xd9\xff]")
_MAX_SEGMENTS = 64  # a browser writes about ten


def jpeg_size_wh(jpeg: bytes) -> tuple[int, int]:
    """Width and height that the header claims; raises FrameError for all that is no JPEG of one simple scan."""
    if not jpeg.startswith(b"\xff\xd8"):
        raise FrameError("a picture is not a JPEG; expected one as canvas.toBlob('image/jpeg') makes it")
    size_wh: tuple[int, int] | None = None
    for marker, start, end in _segments(jpeg):
        if marker in _OTHER_KINDS:
            raise FrameError("a JPEG is progressive or lossless; expected a baseline one")
        if marker in _SIMPLE:
            if size_wh is not None:
                raise FrameError("a JPEG has two sizes; expected one picture a message")
            size_wh = _frame_size_wh(jpeg[start:end])
        elif marker == _SCAN:
            if size_wh is not None and not _SURPRISE.search(jpeg, end):
                return size_wh
        elif marker not in _PASSED_OVER:
            raise FrameError(f"a JPEG has a segment of type {marker:02X}; expected a baseline JPEG")
    raise FrameError("a JPEG has no complete header or more than one scan; expected a baseline one")


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the payload of each header segment, up to the first scan."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker, length = jpeg[at + 1 : at + 2], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        end = at + 2 + length
        if jpeg[at : at + 1] != b"\xff" or length < 2 or end > len(jpeg):
            return
        yield marker[0], at + 4, end
        if marker[0] == _SCAN:
            return
        at = end


def _frame_size_wh(frame_header: bytes) -> tuple[int, int]:
    if len(frame_header) < 6:
        raise FrameError("a JPEG's frame header is cut off; expected a whole picture")
    precision, components = frame_header[0], frame_header[5]
    height, width = int.from_bytes(frame_header[1:3], "big"), int.from_bytes(frame_header[3:5], "big")
    if precision != 8 or components not in {1, 3} or not width or not height:
        raise FrameError(
            f"a JPEG of {width}x{height} with {components} components of {precision} bits; "
            "expected a size, and gray or YCbCr of 8 bits"
        )
    return width, height


def check_jpeg(jpeg: bytes, max_size_wh: tuple[int, int]) -> None:
    """Refuse what must not be decoded; raises FrameError."""
    (width, height), (max_width, max_height) = jpeg_size_wh(jpeg), max_size_wh
    if width > max_width or height > max_height:
        raise FrameTooLargeError(
            f"frame of {width}x{height}; expected at most {max_width}x{max_height}: choose a smaller one"
        )


def decode_jpeg(jpeg: bytes) -> VideoFrame:
    """A yuv420p frame as the video decoders give one: studio range, writable. For a JPEG that was checked."""
    codec = av.CodecContext.create("mjpeg", "r")
    assert isinstance(codec, VideoCodecContext)
    codec.thread_count = 1  # every session decodes; the cores are for all of them
    # A second safeguard: FFmpeg decodes no larger image, whatever it finds in the data. It counts whole strides.
    width, height = jpeg_size_wh(jpeg)
    codec.options = {"max_pixels": str((width + 64) * height)}
    try:
        frame = codec.decode(av.Packet(jpeg))[0]
    except (av.FFmpegError, IndexError) as error:
        raise FrameError("a JPEG cannot be decoded; expected a whole picture") from error
    return frame.reformat(format="yuv420p", src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG)


def encode_jpeg(frame: VideoFrame) -> bytes:
    """The frame as a JPEG; OpenCV's encoder takes half the time of FFmpeg's."""
    done, jpeg = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done, "OpenCV encodes every 8-bit picture"
    return jpeg.tobytes()
