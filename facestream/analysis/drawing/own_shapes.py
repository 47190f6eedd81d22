"""Draw the shapes of your own analysis onto a canvas: first lines, then texts, which labels of faces avoid."""

from collections.abc import Sequence

import numpy as np

from facestream.analysis.drawing.canvas import BLACK, WHITE, Canvas, fixed, from_rgb
from facestream.analysis.drawing.pills import Area, draw_pill, inside, pill_wh, printable
from facestream.analysis.shapes import Shape, ShapeKind

DARK_BELOW = 110
"""Luma of a ground on which white letters are easier to read than black ones."""


def draw_own_lines(canvas: Canvas, shapes: Sequence[Shape]) -> None:
    """Draw lines, polygons and dots, each with a dark edge or large enough to be visible on any frame."""
    for shape in shapes:
        colour, points_xy = from_rgb(*shape.colour_rgb), np.array(shape.points_xy, np.float32)
        match shape.kind:
            case ShapeKind.DOTS:
                canvas.dots(fixed(points_xy), canvas.stroke_px + 3, BLACK)
                canvas.dots(fixed(points_xy), canvas.stroke_px + 1, colour)
            case ShapeKind.LINE | ShapeKind.POLYGON:
                if shape.kind is ShapeKind.LINE:
                    # The canvas closes each line: there and back is an open one.
                    points_xy = np.concatenate([points_xy, points_xy[-2:0:-1]])
                canvas.outlined([fixed(points_xy)], colour, canvas.stroke_px, canvas.stroke_px + 2)


def draw_own_texts(canvas: Canvas, shapes: Sequence[Shape]) -> list[Area]:
    """Draw each text on a ground of its colour, moved into the frame if it is not inside; returns where they are."""
    areas = []
    for shape in shapes:
        if shape.kind is ShapeKind.TEXT:
            ((x, y),) = shape.points_xy
            text, ground = printable(shape.text), from_rgb(*shape.colour_rgb)
            width, height = pill_wh(canvas, text)
            area = inside(canvas, Area(x - width / 2, y - height / 2, width, height))
            draw_pill(canvas, text, area, ground, WHITE if ground.y < DARK_BELOW else BLACK)
            areas.append(area)
    return areas
