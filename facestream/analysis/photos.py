"""Read images from files as gray pixels or in colour, with limits and error messages for files of any origin.

Pixels are those of the image as a person sees it: turned and mirrored as its EXIF orientation says.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import GrayImage
from facestream.analysis.image_header import foreign_kind, header_size_wh, image_kind, is_video
from facestream.errors import ImageError

MAX_PIXELS = 40_000_000
"""More than a phone's 7,000 x 5,250, less than 8,000 x 8,000. A search needs about 20 bytes per pixel."""
MAX_FILE_BYTES = 64 << 20
FORMATS = "JPEG, PNG, WebP, BMP, GIF or TIFF"
FOREIGN_ADVICE = "export it as JPEG"


def read_gray(path: Path | str, max_pixels: int = MAX_PIXELS) -> GrayImage:
    """The image in gray, shape (height, width), uint8, luma 0..255, as a person sees it: turned as its EXIF data says.

    JPEG, PNG, WebP, BMP, GIF or TIFF. Raises ImageError if it is none of them, damaged, or has more than `max_pixels`.
    """
    return _read(Path(path), max_pixels, cv2.IMREAD_GRAYSCALE)


def read_bgr(path: Path, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The image in colour, shape (height, width, 3), otherwise as `read_gray`."""
    return _read(path, max_pixels, cv2.IMREAD_COLOR)


def _read(path: Path, max_pixels: int, flags: int) -> NDArray[np.uint8]:
    content = _content(path)
    # Check kind and size before decoding, because a small file can decode to gigabytes.
    if image_kind(content) is None:
        raise ImageError(f"{path}: {_what_it_is(content)}")
    size_wh = header_size_wh(content)
    if size_wh is None:
        raise ImageError(_damaged(path))
    _reject_too_large(path, size_wh, max_pixels)
    try:
        # OpenCV ignores transparency and obeys the EXIF orientation.
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(f"{path}: cannot be decoded ({error.err}); save the image again") from error
    if pixels is None:
        raise ImageError(_damaged(path))
    _reject_too_large(path, (pixels.shape[1], pixels.shape[0]), max_pixels)
    return np.ascontiguousarray(pixels, np.uint8)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageError(f"{path}: {size} bytes, expected at most {MAX_FILE_BYTES}; use a smaller image")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({_reason(error)}); expected an image file") from error
    if not content:
        raise ImageError(f"{path}: the file is empty; expected an image ({FORMATS})")
    return content


def _what_it_is(content: bytes) -> str:
    kind = foreign_kind(content)
    if kind is not None:
        return f"{kind} files cannot be read; expected an image ({FORMATS}): {FOREIGN_ADVICE}"
    if is_video(content):
        return f"a video; expected an image ({FORMATS}): `facestream replay` reads videos"
    return f"damaged or not an image; expected a complete {FORMATS} file: save or copy it again"


def _damaged(path: Path) -> str:
    return f"{path}: damaged or not an image; expected a complete {FORMATS} file: save or copy it again"


def _reject_too_large(path: Path, size_wh: tuple[int, int], max_pixels: int) -> None:
    if size_wh[0] * size_wh[1] > max_pixels:
        raise ImageError(
            f"{path}: {size_wh[0]}x{size_wh[1]} pixels, expected at most {max_pixels} in total; "
            "use a smaller image"
        )


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
