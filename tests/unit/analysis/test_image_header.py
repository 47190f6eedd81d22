import struct

import cv2
import numpy as np
import pytest

from facestream.analysis.image_header import foreign_kind, header_size_wh, image_kind, is_video

KINDS = {".png": "png", ".jpg": "jpeg", ".webp": "webp", ".bmp": "bmp", ".gif": "gif", ".tiff": "tiff"}


@pytest.mark.parametrize(("ending", "kind"), KINDS.items())
def test_kind_and_size_are_read_from_the_header(ending: str, kind: str):
    content = cv2.imencode(ending, np.zeros((30, 50, 3), np.uint8))[1].tobytes()

    assert image_kind(content) == kind
    assert header_size_wh(content) == (50, 30)


@pytest.mark.parametrize("ending", KINDS)
def test_a_header_that_is_cut_off_gives_no_wrong_size(ending: str):
    content = cv2.imencode(ending, np.zeros((30, 50, 3), np.uint8))[1].tobytes()

    sizes = {header_size_wh(content[:length]) for length in range(len(content))}

    assert sizes <= {None, (50, 30)}


@pytest.mark.parametrize("form", [b"VP8L", b"VP8X"])
def test_the_forms_of_webp_have_a_size(form: bytes):
    if form == b"VP8L":
        chunk = b"VP8L" + bytes(4) + b"\x2f" + struct.pack("<I", 49 | 29 << 14)
    else:
        chunk = b"VP8X" + bytes(4) + bytes(4) + (49).to_bytes(3, "little") + (29).to_bytes(3, "little")

    assert header_size_wh(b"RIFF" + bytes(4) + b"WEBP" + chunk) == (50, 30)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tile_of_a_tiff_counts_as_its_size(order: str):
    # The decoder unfolds a whole tile, also if the image is small.
    tags = [(256, 50), (257, 30), (322, 30_000), (323, 30_000)]
    content = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    content += b"".join(struct.pack(order + "HHII", tag, 4, 1, side) for tag, side in tags)

    assert header_size_wh(content) == (30_000, 30_000)


def test_a_bmp_from_top_to_bottom_has_a_positive_height():
    content = b"BM" + bytes(12) + struct.pack("<Iii", 40, 50, -30)

    assert header_size_wh(content) == (50, 30)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"<svg xmlns=''/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
    ],
)
def test_kinds_that_cannot_be_read_have_a_name(content: bytes, name: str):
    assert foreign_kind(content) == name
    assert image_kind(content) is None
    assert not is_video(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\0\x18ftypisom\0\0\0\0isom",
        b"\0\0\0\x18ftypqt  \0\0\0\0qt  ",
        b"\x1a\x45\xdf\xa3",
        b"RIFF\0\0\0\0AVI LIST",
        b"OggS",
        b"G" + bytes(187) + b"G",
    ],
)
def test_videos_are_recognised(content: bytes):
    assert is_video(content)
    assert image_kind(content) is foreign_kind(content) is None


@pytest.mark.parametrize("content", [b"", b"hello", bytes(100), b"<html>"])
def test_other_files_are_nothing(content: bytes):
    assert image_kind(content) is foreign_kind(content) is None
    assert header_size_wh(content) is None
    assert not is_video(content)
