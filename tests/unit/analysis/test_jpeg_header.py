"""JPEG headers of image files; `tests/unit/media/test_jpeg.py` tests the stricter rules for a socket."""

import cv2
import numpy as np
import pytest

from facestream.analysis.jpeg_header import baseline_size_wh, claimed_size_wh
from facestream.errors import FrameError

IMAGE = np.zeros((48, 64), np.uint8)


def jpeg_of(*parameters: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", IMAGE, parameters)
    assert done
    return jpeg.tobytes()


@pytest.mark.parametrize("padding", [b"", b"\xff", b"\xff" * 100_000, b"\xff\xd0", b"\xff\xff\xd8\xff"])
def test_padding_before_a_segment_is_skipped_in_an_image_file(padding: bytes):
    jpeg = jpeg_of()

    assert claimed_size_wh(jpeg[:2] + padding + jpeg[2:]) == (64, 48)


@pytest.mark.parametrize("padding", [b"\xff", b"\xff\xd0"])
def test_padding_before_a_segment_is_rejected_from_a_peer(padding: bytes):
    jpeg = jpeg_of()

    with pytest.raises(FrameError, match="no complete header"):
        baseline_size_wh(jpeg[:2] + padding + jpeg[2:])


def test_the_size_of_a_progressive_image_is_read():
    assert claimed_size_wh(jpeg_of(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)) == (64, 48)


def test_the_size_in_a_header_with_a_wrong_length_is_read():
    jpeg = bytearray(jpeg_of())
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 2 : at + 4] = b"\xff\xff"

    assert claimed_size_wh(bytes(jpeg)) == (64, 48)


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00\x11\x08", b"GIF89a"])
def test_data_without_a_header_has_no_size(content: bytes):
    assert claimed_size_wh(content) is None
