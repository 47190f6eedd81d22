"""What a peer wants to see on a frame: the order of mirror, background and layers."""

import numpy as np

from facestream.analysis.drawing.annotation import Annotation, annotate
from facestream.analysis.drawing.background import Background, mirror_planes, mirrored
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, Layer, draw
from facestream.analysis.faces import FrameReport
from tests.unit.analysis.drawing.test_background import noisy_planes
from tests.unit.analysis.drawing.test_overlay import Planes, face_at, gray_planes

REPORT = FrameReport((face_at(200, 150, 180),))


def are_equal(one: Planes, other: Planes) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_by_default_the_layers_are_drawn_on_the_frame_as_it_is():
    planes, expected = noisy_planes(640, 480), noisy_planes(640, 480)

    annotate(planes, REPORT, Annotation(stats="#1 30 FPS"))

    draw(expected, REPORT, DEFAULT_LAYERS, "#1 30 FPS")
    assert are_equal(planes, expected)


def test_the_frame_is_mirrored_before_the_annotations_so_that_texts_can_be_read():
    planes, expected = noisy_planes(640, 480), noisy_planes(640, 480)

    annotate(planes, REPORT, Annotation(mirror=True))

    mirror_planes(expected)
    draw(expected, mirrored(REPORT, 640), DEFAULT_LAYERS, "")
    assert are_equal(planes, expected)


def test_landmarks_alone_are_drawn_even_if_their_layer_is_off():
    planes, expected = noisy_planes(640, 480), gray_planes(640, 480)

    annotate(planes, REPORT, Annotation(layers=(), background=Background.LANDMARKS))

    expected[0][:] = 16
    draw(expected, REPORT, {Layer.POINTS}, "")
    assert are_equal(planes, expected)


def test_a_frame_without_a_report_is_only_mirrored_and_hidden():
    planes, expected, hidden = noisy_planes(640, 480), noisy_planes(640, 480), noisy_planes(640, 480)

    annotate(planes, None, Annotation(mirror=True, stats="#1 30 FPS"))
    annotate(hidden, None, Annotation(background=Background.LANDMARKS, stats="#1 30 FPS"))

    mirror_planes(expected)
    assert are_equal(planes, expected)
    assert all(plane.min() == plane.max() for plane in hidden)
