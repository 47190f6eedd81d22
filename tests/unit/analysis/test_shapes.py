"""The shapes of a plug-in's drawing: what is taken, what is refused, and what is drawn."""

import numpy as np
import pytest

from facestream.analysis.drawing.background import mirrored
from facestream.analysis.drawing.canvas import BLACK, from_rgb
from facestream.analysis.drawing.overlay import draw
from facestream.analysis.faces import FrameReport
from facestream.analysis.plugin_values import with_values
from facestream.analysis.shapes import MAX_POINTS, MAX_SHAPES, MAX_TEXT, Shape, ShapeKind, shapes_of
from facestream.replay.stamp import read_stamp, write_stamp
from tests.unit.analysis.drawing.test_overlay import gray_planes


def drawn(*shapes: dict[str, object]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    planes = gray_planes(640, 480)
    draw(planes, FrameReport((), drawing=shapes_of(shapes)), set(), "")
    return planes


def test_lists_arrays_and_tuples_are_points():
    shapes = shapes_of(
        [
            {"box": (1, 2, 30, 40)},
            {"line": np.array([[0, 0], [5, 5]], np.float32), "colour": "#FF8000"},
            {"text": "hello", "at": np.array([3, 4])},
        ]
    )

    assert shapes[0] == Shape(ShapeKind.POLYGON, ((1, 2), (31, 2), (31, 42), (1, 42)))
    assert shapes[1].colour_rgb == (255, 128, 0)
    assert shapes[2].points_xy == ((3, 4),)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("text", "expected a list of shapes"),
        (["text"], "a shape of draw is of type str"),
        ([{}], "expected one of box"),
        ([{"circle": [1, 2]}], "the keys circle; expected one of box"),
        ([{"text": "hello"}], "text with at"),
        ([{"text": "hello", "at": [1]}], "expected 1 or more points of x and y"),
        ([{"text": "x" * (MAX_TEXT + 1), "at": [1, 2]}], "expected 1 to 60 characters"),
        ([{"text": 3, "at": [1, 2]}], "a text of draw is 3"),
        ([{"box": [1, 2, 3]}], "expected left, top, width, height"),
        ([{"line": [[1, 2]]}], "expected 2 or more points"),
        ([{"dots": [[1, float("nan")]]}], "not finite"),
        ([{"line": [["a", "b"], ["c", "d"]]}], "could not convert"),
        ([{"dots": [[1, 2]], "colour": "red"}], "expected #rrggbb"),
        ([{"dots": [[1, 2]]}] * (MAX_SHAPES + 1), "65 shapes"),
        ([{"dots": [[1, 2]] * MAX_POINTS}] * 2, "2000 points"),
        ([{"dots": [[1, 2]] * 10**6}], "has 1000000 points"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: object, reason: str):
    with pytest.raises((ValueError, TypeError), match=reason):
        shapes_of(given)


def test_draw_is_no_extra_value():
    report = with_values(FrameReport(()), {"draw": [{"dots": [[1, 2]]}], "smiles": 1})

    assert report.extra == {"smiles": 1}
    assert report.drawing == (Shape(ShapeKind.DOTS, ((1, 2),)),)


@pytest.mark.parametrize(
    ("shape", "at_xy"),
    [
        ({"line": [[100, 100], [200, 100]]}, (150, 100)),
        ({"polygon": [[100, 100], [200, 100], [150, 200]]}, (125, 150)),
        ({"box": [100, 100, 50, 50]}, (150, 125)),
        ({"dots": [[100, 100]]}, (100, 100)),
    ],
)
def test_each_shape_is_drawn_in_its_colour(shape: dict[str, object], at_xy: tuple[int, int]):
    orange = from_rgb(255, 128, 0)

    y, u, v = drawn(shape | {"colour": "#ff8000"})

    x, row = at_xy
    assert abs(int(y[row, x]) - orange.y) < 10
    assert u[row // 2, x // 2] < 128 < v[row // 2, x // 2]


def test_a_line_is_open():
    y = drawn({"line": [[100, 100], [200, 100], [150, 200]]})[0]

    assert y[150, 125] == 100  # between the last point and the first
    assert y[150, 175] != 100


def test_a_text_outside_is_moved_into_the_frame_and_can_be_read_on_a_dark_ground():
    y = drawn({"text": "far away", "at": [10_000, -10_000], "colour": "#000000"})[0]

    assert y.min() == BLACK.y
    assert y.max() > 200


def test_huge_coordinates_do_no_harm():
    y = drawn({"line": [[-1e30, 100], [1e30, 100]]}, {"polygon": [[1e9, 1e9], [2e9, 1e9], [1e9, 2e9]]})[0]

    assert y.shape == (480, 640)


def test_shapes_are_mirrored_with_the_frame():
    report = FrameReport((), drawing=shapes_of([{"text": "left", "at": [10, 20]}]))

    (shape,) = mirrored(report, 640).drawing

    assert shape.points_xy == ((629, 20),)


def test_the_frame_counter_of_a_replay_stays_readable():
    planes = gray_planes(640, 480)
    write_stamp(planes, 12345)

    draw(planes, FrameReport((), drawing=shapes_of([{"box": [500, 400, 139, 79]}])), set(), "")

    assert read_stamp(planes[0]) == 12345
