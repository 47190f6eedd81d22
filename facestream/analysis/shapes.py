"""What your own analysis wants drawn on a frame, as values: lines, dots and texts, bounded in number; draws nothing."""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

MAX_SHAPES: Final = 64
"""Most shapes on one frame."""
MAX_POINTS: Final = 1000
"""Most points of all shapes on one frame."""
MAX_TEXT: Final = 60
"""Most characters of one text."""
PointXY = tuple[float, float]
_COLOUR: Final = re.compile("#[0-9A-Fa-f]{6}", re.ASCII)
_WHITE: Final = (255, 255, 255)
_EXPECTED: Final = "expected one of box, line, polygon, dots, text with at"


class ShapeKind(enum.StrEnum):
    """How a shape is drawn."""

    LINE = "line"  # through its points
    POLYGON = "polygon"  # through its points, and back to the first
    DOTS = "dots"  # a dot on each point
    TEXT = "text"  # with its middle on the only point


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape, in pixels of the frame."""

    kind: ShapeKind
    points_xy: tuple[PointXY, ...]
    """Finite; they may be outside of the frame."""
    text: str = ""
    """Of TEXT: one line; letters other than ASCII and German umlauts are drawn as ?."""
    colour_rgb: tuple[int, int, int] = _WHITE
    """Each 0..255."""

    def mirrored(self, last_column: int) -> "Shape":
        """The shape on the mirrored frame; its text can be read."""
        return replace(self, points_xy=tuple((last_column - x, y) for x, y in self.points_xy))


def shapes_of(given: object) -> tuple[Shape, ...]:
    """The shapes that a plug-in has returned as a list of mappings; raises ValueError or TypeError.

    One of `box` (left, top, width, height), `line`, `polygon`, `dots` (points) and `text` with `at` (a point);
    `colour`: #rrggbb.
    """
    if not isinstance(given, list | tuple):
        raise TypeError(f"draw is of type {type(given).__name__}; expected a list of shapes")
    if len(given) > MAX_SHAPES:
        raise ValueError(f"draw has {len(given)} shapes; expected at most {MAX_SHAPES}")
    shapes = tuple(map(_shape_of, given))
    points = sum(len(shape.points_xy) for shape in shapes)
    if points > MAX_POINTS:
        raise ValueError(f"the shapes of draw have {points} points; expected at most {MAX_POINTS}")
    return shapes


def _shape_of(given: object) -> Shape:
    if not isinstance(given, Mapping):
        raise TypeError(f"a shape of draw is of type {type(given).__name__}; {_EXPECTED}")
    names = {*given} - {"colour"}
    colour_rgb = _colour_of(given.get("colour", "#ffffff"))
    if names == {"text", "at"}:
        (at,) = _points_of("at", [given["at"]], 1)
        return Shape(ShapeKind.TEXT, (at,), _text_of(given["text"]), colour_rgb)
    if names == {"box"}:
        return Shape(ShapeKind.POLYGON, _corners_of(given["box"]), colour_rgb=colour_rgb)
    for kind, least in ((ShapeKind.LINE, 2), (ShapeKind.POLYGON, 3), (ShapeKind.DOTS, 1)):
        if names == {str(kind)}:
            return Shape(kind, _points_of(str(kind), given[str(kind)], least), colour_rgb=colour_rgb)
    raise ValueError(
        f"a shape of draw has the keys {', '.join(map(str, given)):.80}; {_EXPECTED}, and colour"
    )


def _corners_of(box: object) -> tuple[PointXY, ...]:
    sides = np.asarray(box, np.float64)
    if sides.shape != (4,) or not np.isfinite(sides).all():
        raise ValueError(f"a box of draw is {box!r:.80}; expected left, top, width, height as finite numbers")
    left, top, width, height = map(float, sides)
    return (left, top), (left + width, top), (left + width, top + height), (left, top + height)


def _points_of(name: str, points: object, least: int) -> tuple[PointXY, ...]:
    if isinstance(points, Sequence | np.ndarray) and len(points) > MAX_POINTS:
        raise ValueError(f"{name} of draw has {len(points)} points; expected at most {MAX_POINTS}")
    points_xy = np.asarray(points, np.float64)
    if points_xy.ndim != 2 or points_xy.shape[1] != 2 or len(points_xy) < least:
        raise ValueError(
            f"{name} of draw has the shape {points_xy.shape}; expected {least} or more points of x and y"
        )
    if not np.isfinite(points_xy).all():
        raise ValueError(f"{name} of draw has a point that is not finite")
    return tuple((float(x), float(y)) for x, y in points_xy)


def _text_of(text: object) -> str:
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT:
        raise ValueError(f"a text of draw is {text!r:.80}; expected 1 to {MAX_TEXT} characters")
    return "".join(text)


def _colour_of(colour: object) -> tuple[int, int, int]:
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise ValueError(f"a colour of draw is {colour!r:.50}; expected #rrggbb, such as #ffb020")
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
