"""Draw anti-aliased shapes on the three planes of a yuv420p frame; independent of faces.

Coordinates are pixels of the luma plane and may be fractions. No function raises for a shape outside the frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
"""Luma, shape (h, w), and two chroma planes, shape (ceil(h/2), ceil(w/2)); writable, rows may be padded."""
PointsXY = NDArray[np.float32]
FixedXY = NDArray[np.int32]

_SHIFT = 4  # OpenCV takes fixed-point coordinates in sixteenths of a pixel
_FAR_PX = 30_000.0  # OpenCV's fixed-point lines overflow beyond this
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# The corners of a rectangle as fractions of its sides, clockwise from the lower right, each six times; and six points
# on the arc of each corner.
_CORNERS_XY = np.repeat([(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)], 6, axis=0)
_ARC_RAD = np.radians(np.add.outer([0, 90, 180, 270], np.linspace(0, 90, 6)).ravel())
_ARC_XY = np.stack([np.cos(_ARC_RAD), np.sin(_ARC_RAD)], axis=1)


class Colour(NamedTuple):
    """BT.601, video range: y 16..235, u and v 16..240."""

    y: int
    u: int
    v: int


WHITE = Colour(235, 128, 128)
BLACK = Colour(16, 128, 128)


def from_rgb(red: int, green: int, blue: int) -> Colour:
    """The colour of an RGB triple, each 0..255 (ITU-R BT.601)."""
    return Colour(
        round(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255),
        round(128 + (-37.797 * red - 74.203 * green + 112.0 * blue) / 255),
        round(128 + (112.0 * red - 93.786 * green - 18.214 * blue) / 255),
    )


@dataclass(frozen=True, slots=True)
class Canvas:
    """The planes of a frame, and the sizes of lines and text that fit it."""

    planes: Planes

    @property
    def size_wh(self) -> tuple[int, int]:
        height, width = self.planes[0].shape
        return width, height

    @property
    def stroke_px(self) -> int:
        """Thickness of a line: 2 up to 600 rows, 3 at 720. A line of 1 pixel is hardly visible in its dark edge."""
        return max(2, round(self.size_wh[1] / 260))

    @property
    def text_px(self) -> float:
        """Height of a capital letter: 1/35 of the height of the frame, and at least 8."""
        return max(8.0, self.size_wh[1] / 35)

    def lines(self, shapes_xy: Sequence[PointsXY], colour: Colour, thickness_px: int) -> None:
        """A closed line through the points of each shape."""
        self._polylines([_fixed(shape) for shape in shapes_xy], colour, thickness_px)

    def outlined(
        self, shapes_xy: Sequence[PointsXY], colour: Colour, thickness_px: int, dark_px: int
    ) -> None:
        """A closed line over a black line of `dark_px`, so that it is visible on any background."""
        shapes = [_fixed(shape) for shape in shapes_xy]
        cv2.polylines(self.planes[0], shapes, True, BLACK.y, dark_px, cv2.LINE_AA, _SHIFT)
        self._polylines(shapes, colour, thickness_px)

    def area(self, points_xy: PointsXY, colour: Colour) -> None:
        """A filled convex shape."""
        y, u, v = self.planes
        shape = _fixed(points_xy)
        cv2.fillConvexPoly(y, shape, colour.y, cv2.LINE_AA, _SHIFT)
        shape = _halved(shape)
        cv2.fillConvexPoly(u, shape, colour.u, cv2.LINE_AA, _SHIFT)
        cv2.fillConvexPoly(v, shape, colour.v, cv2.LINE_AA, _SHIFT)

    def dots(self, points_xy: PointsXY, diameter_px: int, colour: Colour) -> None:
        """A dot on each point, drawn as a line of length 0, because circles take ten times as long."""
        self._polylines(list(_fixed(points_xy)[:, None]), colour, diameter_px)

    def text_size(self, text: str) -> tuple[int, int]:
        """Width and height of a line of text in pixels."""
        (width, height), _ = cv2.getTextSize(text, _FONT, self._text_scale, self._text_stroke)
        return width, height

    def text(self, text: str, left: float, baseline: float, colour: Colour) -> None:
        """One line of text, in luma only, because letters are thinner than a chroma pixel."""
        where = round(left), round(baseline)
        cv2.putText(
            self.planes[0], text, where, _FONT, self._text_scale, colour.y, self._text_stroke, cv2.LINE_AA
        )

    @property
    def _text_scale(self) -> float:
        return self.text_px / 22  # a Hershey capital is 22 pixels high at scale 1

    @property
    def _text_stroke(self) -> int:
        return max(1, round(self.text_px / 10))

    def _polylines(self, shapes: list[FixedXY], colour: Colour, thickness_px: int) -> None:
        y, u, v = self.planes
        cv2.polylines(y, shapes, True, colour.y, thickness_px, cv2.LINE_AA, _SHIFT)
        shapes = [_halved(shape) for shape in shapes]
        thickness_px = max(1, round(thickness_px / 2))
        cv2.polylines(u, shapes, True, colour.u, thickness_px, cv2.LINE_AA, _SHIFT)
        cv2.polylines(v, shapes, True, colour.v, thickness_px, cv2.LINE_AA, _SHIFT)


def rounded(left: float, top: float, width: float, height: float, radius: float) -> PointsXY:
    """The outline of a rectangle with rounded corners, shape (24, 2)."""
    radius = max(0.0, min(radius, width / 2, height / 2))
    inner_wh = (width - 2 * radius, height - 2 * radius)
    middles_xy = (left + radius, top + radius) + _CORNERS_XY * np.array(inner_wh)
    return np.asarray(middles_xy + radius * _ARC_XY, np.float32)


def _fixed(points_xy: PointsXY) -> FixedXY:
    """Fixed-point coordinates on the luma plane, clipped to what OpenCV can draw."""
    inside = np.nan_to_num(points_xy, nan=-_FAR_PX, posinf=_FAR_PX, neginf=-_FAR_PX).clip(-_FAR_PX, _FAR_PX)
    return np.asarray(np.rint(inside * (1 << _SHIFT)), np.int32)


def _halved(shape: FixedXY) -> FixedXY:
    """The same on a chroma plane, where the center of a pixel is between two luma pixels."""
    return np.asarray((shape >> 1) - (1 << _SHIFT) // 4, np.int32)
