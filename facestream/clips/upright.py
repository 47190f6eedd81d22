"""Make a decoded frame look as a person sees it: upright, unmirrored, square pixels, BT.709 studio range, yuv420p.

Knows nothing of files and of time. A frame that already looks so is passed on without a copy.
"""

import struct
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av.filter
import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import Type as SideDataType

from facestream.clips.filters import Step, chain_for
from facestream.clips.hdr import Transfer, write_cube

MIN_SIDE_PX: Final = 16
_MAX_STRETCH = 8  # a pixel of another shape than 1:8 to 8:1 is a fault of the file
_FULL_RANGE, _BT2020_PRIMARIES = 2, 9
_BT2020_MATRICES = {9, 10}
_TRANSFERS = {18: Transfer.HLG, 16: Transfer.PQ}
_UPRIGHT = (1, 0, 0, 1)


@dataclass(frozen=True, slots=True)
class _Look:
    """What decides how a frame is converted; it may change in the middle of a stream."""

    width: int
    height: int
    pixels: str
    colour_range: int
    matrix: int
    transfer: int
    primaries: int
    turn: tuple[int, int, int, int]
    """Signs of the display matrix: a point (x, y) is shown at (a x + c y, b x + d y)."""


class Upright:
    """Converts the frames of one stream, and keeps the filters that its frames need."""

    def __init__(self, pixel_aspect: Fraction | None, max_side_px: int | None = None) -> None:
        """`pixel_aspect` is the width of a pixel divided by its height; None: square. Larger frames are scaled down."""
        self._pixel_aspect = pixel_aspect or Fraction(1)
        self._max_side_px = max_side_px
        self._look: _Look | None = None
        self._filters: av.filter.Graph | None = None

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """The frame as yuv420p with even sides; the frame itself if it is so already, perhaps read-only.

        Raises ValueError if a side is shorter than MIN_SIDE_PX, and av.FFmpegError if the format cannot be converted.
        """
        look = _look_of(frame)
        if look != self._look:
            self._look, self._filters = look, self._filters_for(frame, look)
        if self._filters is not None:
            frame.pts = None
            self._filters.vpush(frame)
            frame = self._filters.vpull()
        return frame

    def size_wh(self, width: int, height: int) -> tuple[int, int]:
        """Sides of a frame with square pixels within the limit, even, before it is turned."""
        wide, high = float(width), float(height)
        if 1 < self._pixel_aspect <= _MAX_STRETCH:
            wide *= float(self._pixel_aspect)
        elif Fraction(1, _MAX_STRETCH) <= self._pixel_aspect < 1:
            high /= float(self._pixel_aspect)
        if self._max_side_px is not None and max(wide, high) > self._max_side_px:
            scale = self._max_side_px / max(wide, high)
            wide, high = wide * scale, high * scale
        return _even(wide, width), _even(high, height)

    def _filters_for(self, frame: VideoFrame, look: _Look) -> av.filter.Graph | None:
        if min(look.width, look.height) < MIN_SIDE_PX:
            raise ValueError(
                f"{look.width}x{look.height} pixels; expected at least {MIN_SIDE_PX}x{MIN_SIDE_PX}"
            )
        with tempfile.TemporaryDirectory(prefix="facestream-") as folder:
            steps = self._steps(look, Path(folder))
            return chain_for(frame, steps) if steps else None

    def _steps(self, look: _Look, folder: Path) -> list[Step]:
        width, height = self.size_wh(look.width, look.height)
        steps: list[Step] = []
        transfer = _wide_transfer(look)
        if (width, height) != (look.width - look.width % 2, look.height - look.height % 2):
            smaller = width * height < look.width * look.height
            steps.append(("scale", f"{width}:{height}:flags={'area' if smaller else 'bicubic'}"))
        elif (width, height) != (look.width, look.height):
            steps.append(("crop", f"{width}:{height}:0:0"))
        if transfer is not None:
            cube = folder / "colours.cube"
            write_cube(cube, transfer)
            # Of the planar RGB formats, the filter is fastest with 16 bits.
            steps += [("scale", "out_range=pc"), ("format", "gbrp16le"), ("lut3d", f"file={cube}")]
            steps += [("scale", "out_range=tv:out_color_matrix=bt709")]
        elif look.colour_range == _FULL_RANGE or look.pixels.startswith("yuvj"):
            steps.append(("scale", "out_range=tv"))
        if look.pixels != "yuv420p" or transfer is not None:
            steps.append(("format", "yuv420p"))
        return steps + _turning(look.turn)


def _look_of(frame: VideoFrame) -> _Look:
    return _Look(
        frame.width,
        frame.height,
        frame.format.name,
        frame.color_range,
        frame.colorspace,
        frame.color_trc,
        frame.color_primaries,
        _turn_of(frame),
    )


def _turn_of(frame: VideoFrame) -> tuple[int, int, int, int]:
    try:
        matrix = frame.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]
    except ValueError:
        # PyAV 18 does not know all kinds of side data of its FFmpeg, and then lists none. Its `rotation` says nothing
        # of mirroring.
        return ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[round(frame.rotation / 90) % 4]
    if matrix is None:
        return _UPRIGHT
    values = struct.unpack("=9i", bytes(matrix))
    a, b, c, d = (float(values[index]) for index in (0, 1, 3, 4))
    if not (a * d - b * c):
        return _UPRIGHT
    # A film that is turned by an odd angle is turned by the nearest quarter.
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (int(np.sign(a)) or 1, 0, 0, int(np.sign(d)) or 1)
    return (0, int(np.sign(b)) or 1, int(np.sign(c)) or 1, 0)


def _turning(turn: tuple[int, int, int, int]) -> list[Step]:
    a, b, c, d = turn
    steps: list[Step] = []
    if not a:
        steps.append(("transpose", "cclock_flip"))  # exchanges x and y
    if (a or c) < 0:
        steps.append(("hflip", ""))
    if (d or b) < 0:
        # This filter only reverses the order of the lines; the copy has them in memory from top to bottom.
        steps += [("vflip", ""), ("copy", "")]
    return steps


def _wide_transfer(look: _Look) -> Transfer | None:
    if look.transfer in _TRANSFERS:
        return _TRANSFERS[look.transfer]
    wide = look.primaries == _BT2020_PRIMARIES or look.matrix in _BT2020_MATRICES
    return Transfer.SDR if wide else None


def _even(side: float, original: int) -> int:
    """The nearest even number; of an unscaled side its own, so that it is cropped instead of scaled."""
    if side == original:
        return original - original % 2
    return max(MIN_SIDE_PX, round(side / 2) * 2)
