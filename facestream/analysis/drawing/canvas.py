"""Draw anti-aliased shapes on the three planes of a yuv420p frame; independent of faces.

Coordinates are pixels of the luma plane and may be fractions. No function raises for a shape outside the frame.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
"""Luma, shape (h, w), and two chroma planes, shape (ceil(h/2), ceil(w/2)); writable, rows may be padded."""
PointsXY = NDArray[np.float32] | NDArray[np.float64]
FixedXY = NDArray[np.int32]
"""Points in sixteenths of a luma pixel, shape (n, 2), or (n, 1, 2) as OpenCV returns hulls."""

# OpenCV takes fixed-point coordinates: sixteenths of a luma pixel, thirty-seconds of a chroma pixel.
_SHIFT = 4
# The center of a chroma pixel lies half a luma pixel after that of its first one.
_CHROMA_OFFSET = (1 << _SHIFT) // 2
_FAR_PX = 30_000.0  # OpenCV's fixed-point lines overflow beyond this
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def _outline_weights() -> NDArray[np.float64]:
    """Shape (5, 48): left, top, width, height and radius of a rounded rectangle, times these, are its outline.

    The outline has six points on the arc of each corner, clockwise from the lower right, x and y in turn.
    """
    corners_xy = np.repeat([(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)], 6, axis=0)
    arc_rad = np.radians(np.add.outer([0, 90, 180, 270], np.linspace(0, 90, 6)).ravel())
    weights = np.zeros((5, 24, 2))
    weights[0, :, 0] = weights[1, :, 1] = 1.0
    weights[2, :, 0], weights[3, :, 1] = corners_xy.T
    weights[4] = 1 - 2 * corners_xy + np.stack([np.cos(arc_rad), np.sin(arc_rad)], axis=1)
    return weights.reshape(5, 48)


_OUTLINE_WEIGHTS = _outline_weights()


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


class Canvas:
    """The planes of a frame, and the sizes of lines and text that fit it."""

    __slots__ = ("_text_scale", "_text_stroke", "planes", "size_wh", "stroke_px", "text_px")

    def __init__(self, planes: Planes) -> None:
        height, width = planes[0].shape
        self.planes = planes
        self.size_wh = width, height
        self.stroke_px = max(2, round(height / 260))
        """Thickness of a line: 2 up to 600 rows, 3 at 720. A line of 1 pixel is hardly visible in its dark edge."""
        self.text_px = max(8.0, height / 35)
        """Height of a capital letter: 1/35 of the height of the frame, and at least 8."""
        self._text_scale = self.text_px / 22  # a Hershey capital is 22 pixels high at scale 1
        self._text_stroke = max(1, round(self.text_px / 10))

    def lines(self, shapes: Sequence[FixedXY], colour: Colour, thickness_px: int) -> None:
        """A closed line through the points of each shape."""
        self._polylines(shapes, [_on_chroma(shape) for shape in shapes], colour, thickness_px)

    def outlined(self, shapes: Sequence[FixedXY], colour: Colour, thickness_px: int, dark_px: int) -> None:
        """A closed line over a black line of `dark_px`, so that it is visible on any background."""
        cv2.polylines(self.planes[0], shapes, True, BLACK.y, dark_px, cv2.LINE_AA, _SHIFT)
        self.lines(shapes, colour, thickness_px)

    def area(self, shape: FixedXY, colour: Colour) -> None:
        """A filled convex shape."""
        y, u, v = self.planes
        cv2.fillConvexPoly(y, shape, colour.y, cv2.LINE_AA, _SHIFT)
        shape = _on_chroma(shape)
        cv2.fillConvexPoly(u, shape, colour.u, cv2.LINE_AA, _SHIFT + 1)
        cv2.fillConvexPoly(v, shape, colour.v, cv2.LINE_AA, _SHIFT + 1)

    def dots(self, points: FixedXY, diameter_px: int, colour: Colour) -> None:
        """A dot on each point, drawn as a line of length 0, because circles take ten times as long."""
        chroma_points = _on_chroma(points)
        self._polylines(list(points[:, None]), list(chroma_points[:, None]), colour, diameter_px)

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

    def _polylines(
        self, shapes: Sequence[FixedXY], chroma_shapes: Sequence[FixedXY], colour: Colour, thickness_px: int
    ) -> None:
        y, u, v = self.planes
        cv2.polylines(y, shapes, True, colour.y, thickness_px, cv2.LINE_AA, _SHIFT)
        thickness_px = max(1, round(thickness_px / 2))
        cv2.polylines(u, chroma_shapes, True, colour.u, thickness_px, cv2.LINE_AA, _SHIFT + 1)
        cv2.polylines(v, chroma_shapes, True, colour.v, thickness_px, cv2.LINE_AA, _SHIFT + 1)


def fixed(points_xy: PointsXY) -> FixedXY:
    """Finite points in pixels of the luma plane, in the unit of the canvas, and not beyond what OpenCV can draw."""
    near = np.minimum(np.maximum(points_xy, -_FAR_PX), _FAR_PX)
    return np.asarray(np.rint(near * (1 << _SHIFT)), np.int32)


def rounded(left: float, top: float, width: float, height: float, radius: float) -> FixedXY:
    """The outline of a rectangle with rounded corners, 24 points."""
    radius = max(0.0, min(radius, width / 2, height / 2))
    return fixed(np.array((left, top, width, height, radius)) @ _OUTLINE_WEIGHTS).reshape(24, 2)


def _on_chroma(shape: FixedXY) -> FixedXY:
    """The same on a chroma plane, in thirty-seconds of a chroma pixel."""
    return shape - _CHROMA_OFFSET
