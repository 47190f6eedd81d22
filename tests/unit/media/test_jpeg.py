import contextlib
import random

import cv2
import numpy as np
import pytest
from av import VideoFrame
from numpy.typing import NDArray

from facestream.analysis.jpeg_header import baseline_size_wh
from facestream.errors import FrameError, FrameTooLargeError
from facestream.media.jpeg import check_jpeg, decode_jpeg, encode_jpeg
from facestream.media.planes import planes_of

# After its marker, a frame header has length, precision, height, width and components.
FRAME_HEADER = b"\xff\xc0"


def jpeg_of(image: NDArray[np.uint8], *parameters: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", image, parameters)
    assert done
    return jpeg.tobytes()


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    return np.tile(np.linspace(0, 255, width).astype(np.uint8)[None, :, None], (height, 1, 3))


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same JPEG, with another size in its header."""
    at = jpeg.index(FRAME_HEADER) + 5
    return jpeg[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[at + 4 :]


def with_second_header(jpeg: bytes) -> bytes:
    at = jpeg.index(FRAME_HEADER)
    header = jpeg[at : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")]
    return jpeg[:at] + header + with_size(jpeg, 9000, 9000)[at:]


def with_header_in_the_scan(jpeg: bytes) -> bytes:
    """The JPEG with a second frame header in its scan, which changes the size after the check."""
    at = jpeg.index(FRAME_HEADER)
    header = with_size(jpeg, 9000, 9000)[at : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")]
    return jpeg[:-2] + header + jpeg[-2:]


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 479), (17, 33)])
def test_the_size_is_read_from_the_header(width: int, height: int):
    assert baseline_size_wh(jpeg_of(gradient(width, height))) == (width, height)


def test_a_gray_jpeg_is_decoded():
    assert decode_jpeg(jpeg_of(gradient(64, 48)[:, :, 0])).format.name == "yuv420p"


@pytest.mark.parametrize(
    ("jpeg", "said"),
    [
        (b"", "not a JPEG"),
        (b"\x89PNG\r\n", "not a JPEG"),
        (b"\xff\xd8", "no complete header"),
        (b"\xff\xd8\xff\xc0\x00\x00", "no complete header"),
        (jpeg_of(gradient(64, 48))[:200], "no complete header"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 1000, "no complete header"),
        (b"\xff\xd8\xff\xc0\x00\x04\x08\x00", "cut off"),
        (jpeg_of(gradient(64, 48), cv2.IMWRITE_JPEG_PROGRESSIVE, 1), "progressive"),
        (with_size(jpeg_of(gradient(64, 48)), 0, 48), "0x48"),
        (with_second_header(jpeg_of(gradient(64, 48))), "two sizes"),
        (with_header_in_the_scan(jpeg_of(gradient(64, 48))), "more than one scan"),
    ],
)
def test_anything_but_a_simple_jpeg_is_rejected_before_it_is_decoded(jpeg: bytes, said: str):
    with pytest.raises(FrameError, match=said):
        baseline_size_wh(jpeg)


def hidden_in(marker: int, jpeg: bytes, start: bytes = b"") -> bytes:
    """The JPEG with the header of a larger one inside another segment."""
    at = jpeg.index(FRAME_HEADER)
    payload = start + with_size(jpeg, 9000, 9000)[at : at + 19]
    return jpeg[:2] + bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload + jpeg[2:]


@pytest.mark.parametrize("marker", [0x02, 0xC8, 0xCC, 0xDC, 0xDE, 0xDF, 0xF0, 0xFD])
def test_a_segment_that_could_hide_a_header_is_rejected(marker: int):
    with pytest.raises(FrameError, match=f"type {marker:02X}; expected a baseline JPEG"):
        baseline_size_wh(hidden_in(marker, jpeg_of(gradient(64, 48))))


@pytest.mark.parametrize(
    ("marker", "start"),
    [(0xE0, b"AVI1\1\0"), (0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0\1\1"), (0xEE, b"Adobe"), (0xFE, b"")],
)
def test_a_header_in_a_thumbnail_or_comment_is_ignored(marker: int, start: bytes):
    frame = decode_jpeg(hidden_in(marker, jpeg_of(gradient(64, 48)), start))

    assert (frame.width, frame.height) == (64, 48)


@pytest.mark.parametrize(("marker", "start"), [(0xDD, b"\0\0"), (0xDB, b"\0" * 65), (0xC4, b"")])
def test_a_jpeg_with_a_header_after_a_damaged_table_is_rejected(marker: int, start: bytes):
    with pytest.raises(FrameError, match="cannot be decoded"):
        decode_jpeg(hidden_in(marker, jpeg_of(gradient(64, 48)), start))


def test_a_jpeg_with_too_large_a_size_is_rejected():
    bomb = with_size(jpeg_of(gradient(64, 48)), 65_000, 65_000)

    with pytest.raises(FrameTooLargeError, match="65000x65000; expected at most 1920x1920") as rejected:
        check_jpeg(bomb, (1920, 1920))

    assert (rejected.value.got, rejected.value.most) == ((65_000, 65_000), (1920, 1920))


def test_a_jpeg_that_cannot_be_decoded_is_rejected_with_the_reason():
    jpeg = bytearray(jpeg_of(gradient(64, 48)))
    jpeg[jpeg.index(FRAME_HEADER) + 11] = 0x00  # no sample of the first component
    check_jpeg(bytes(jpeg), (64, 64))

    with pytest.raises(FrameError, match="cannot be decoded"):
        decode_jpeg(bytes(jpeg))


def test_damaged_jpegs_are_decoded_at_the_checked_size_or_rejected():
    jpeg, chance = jpeg_of(gradient(64, 48)), random.Random(1)
    for _ in range(500):
        damaged = bytearray(jpeg)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(2, len(jpeg))] = chance.randrange(256)
        with contextlib.suppress(FrameError):
            check_jpeg(bytes(damaged), (1920, 1920))
            frame = decode_jpeg(bytes(damaged))
            assert (frame.width, frame.height) == baseline_size_wh(bytes(damaged))


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 479)])
def test_a_decoded_jpeg_has_the_range_of_a_decoded_video(width: int, height: int):
    luma = planes_of(decode_jpeg(jpeg_of(gradient(width, height))))[0]

    assert luma.shape == (height, width)
    assert luma.min() in range(14, 20)
    assert luma.max() in range(231, 238)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 479)])
def test_drawn_pixels_survive_encoding(width: int, height: int):
    frame = VideoFrame(width, height, "yuv420p")
    for plane, value in zip(planes_of(frame), (16, 128, 128), strict=True):
        plane[:] = value
    planes_of(frame)[0][100:120, 100:120] = 235

    image = cv2.imdecode(np.frombuffer(encode_jpeg(frame), np.uint8), cv2.IMREAD_GRAYSCALE)

    assert image is not None
    assert image.shape == (height, width)
    assert image[105:115, 105:115].min() > 245
    assert image[200:].max() < 10
