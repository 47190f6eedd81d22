"""Read images from files as gray pixels, with limits and error messages for files of any origin.

Pixels are those of the image as a person sees it: rotated as its EXIF orientation says.
"""

from pathlib import Path

import cv2
import numpy as np

from facestream.analysis.faces import GrayImage
from facestream.analysis.jpeg_header import claimed_size_wh
from facestream.errors import ImageError

MAX_PIXELS = 40_000_000
"""More than a phone's 7,000 x 5,250, less than 8,000 x 8,000. A search needs about 20 bytes per pixel."""
MAX_FILE_BYTES = 64 << 20
FORMATS = "JPEG, PNG, WebP, BMP, GIF or TIFF"


def read_gray(path: Path, max_pixels: int = MAX_PIXELS) -> GrayImage:
    """The image in gray, upright; raises ImageError if the file is no image, damaged or too large."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageError(f"{path}: {size} bytes, expected at most {MAX_FILE_BYTES}; use a smaller image")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({_reason(error)}); expected an image file") from error
    if not content:
        raise ImageError(f"{path}: the file is empty; expected an image ({FORMATS})")
    # Check the size before decoding, because a small file can decode to gigabytes.
    _reject_too_large(path, header_size_wh(content), max_pixels)
    try:
        # OpenCV converts to gray, ignores transparency and obeys the EXIF orientation.
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise ImageError(f"{path}: cannot be decoded ({error.err}); save the image again") from error
    if gray is None:
        raise ImageError(
            f"{path}: damaged or not an image; expected a complete {FORMATS} file: save or copy it again"
        )
    _reject_too_large(path, (gray.shape[1], gray.shape[0]), max_pixels)
    return np.ascontiguousarray(gray, np.uint8)


def header_size_wh(content: bytes) -> tuple[int, int] | None:
    """The size in the header of a PNG or JPEG, read without decoding; None for other formats."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return claimed_size_wh(content)


def _reject_too_large(path: Path, size_wh: tuple[int, int] | None, max_pixels: int) -> None:
    if size_wh and size_wh[0] * size_wh[1] > max_pixels:
        raise ImageError(
            f"{path}: {size_wh[0]}x{size_wh[1]} pixels, expected at most {max_pixels} in total; "
            "use a smaller image"
        )


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
