"""Write a frame's number into a corner of its pixels, and read it back after lossy encoding.

Two rows of twelve squares of 8x8 pixels, black or white: 16 bits of number, 8 bits of check. They lie on the
macroblock grid, so that an encoder at a low bitrate does not mix them with their neighbours.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

COUNTER_VALUES: Final = 1 << 16
SQUARE_PX: Final = 8
ROWS, COLUMNS = 2, 12
WIDTH_PX, HEIGHT_PX = COLUMNS * SQUARE_PX, ROWS * SQUARE_PX
MIN_FRAME_WIDTH_PX, MIN_FRAME_HEIGHT_PX = 160, 64  # in a smaller frame, the stamp would cover too much

_GRID_PX = 16
_BLACK, _WHITE, _COLOURLESS = 16, 235, 128
_MIDDLE = (_BLACK + _WHITE) / 2
_MIN_CONTRAST = 12.0  # a square this close to the middle is not a bit of a stamp
_CHECK_POLYNOMIAL = 0x07
_CHECK_START = 0x5A  # so that neither an all black nor an all white corner is a valid stamp


def fits(width_px: int, height_px: int) -> bool:
    """Whether a frame of this size is large enough for a stamp."""
    return width_px >= MIN_FRAME_WIDTH_PX and height_px >= MIN_FRAME_HEIGHT_PX


def write_stamp(planes: tuple[Plane, Plane, Plane], counter: int) -> None:
    """Write a number of 0..65535 into the planes of a writable yuv420p frame that is large enough."""
    luma, *chroma = planes
    top, left = _corner(luma)
    bits = _bits(counter << 8 | _check(counter)).reshape(ROWS, COLUMNS)
    squares = np.where(bits, _WHITE, _BLACK).astype(np.uint8)
    luma[top : top + HEIGHT_PX, left : left + WIDTH_PX] = squares.repeat(SQUARE_PX, 0).repeat(SQUARE_PX, 1)
    for plane in chroma:
        rows = slice(top // 2, (top + HEIGHT_PX) // 2)
        plane[rows, left // 2 : (left + WIDTH_PX) // 2] = _COLOURLESS


def read_stamp(luma: Plane) -> int | None:
    """The number in a frame's luma plane; None if there is none or encoding has destroyed it."""
    height_px, width_px = luma.shape
    if not fits(width_px, height_px):
        return None
    top, left = _corner(luma)
    corner = luma[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    squares = corner.reshape(ROWS, SQUARE_PX, COLUMNS, SQUARE_PX)
    # After encoding, the edges of a square have ringing artefacts; its middle has none.
    levels = squares[:, 2:-2, :, 2:-2].mean(axis=(1, 3)).ravel() - _MIDDLE
    if np.abs(levels).min() < _MIN_CONTRAST:
        return None
    stamped = int.from_bytes(np.packbits(levels > 0).tobytes(), "big")
    counter, check = stamped >> 8, stamped & 0xFF
    return counter if check == _check(counter) else None


def _corner(luma: Plane) -> tuple[int, int]:
    height_px, width_px = luma.shape
    return (height_px - HEIGHT_PX) // _GRID_PX * _GRID_PX, (width_px - WIDTH_PX) // _GRID_PX * _GRID_PX


def _bits(value: int) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(value.to_bytes(3, "big"), np.uint8))


def _check(counter: int) -> int:
    """CRC-8 of the two bytes."""
    check = _CHECK_START
    for byte in counter.to_bytes(2, "big"):
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ _CHECK_POLYNOMIAL) & 0xFF if check & 0x80 else check << 1
    return check
