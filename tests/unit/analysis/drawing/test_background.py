import numpy as np
import pytest

from facestream.analysis.drawing.background import Background, mirror_planes, mirrored, show_background
from facestream.analysis.drawing.overlay import Layer, draw
from facestream.analysis.faces import BoundingBox, FrameReport, HeadPose
from tests.unit.analysis.drawing.test_overlay import Planes, face_at, gray_planes


def noisy_planes(width: int, height: int) -> Planes:
    rng = np.random.default_rng(5)
    chroma = (height + 1) // 2, (width + 1) // 2
    return (
        rng.integers(16, 235, (height, width)).astype(np.uint8),
        rng.integers(16, 240, chroma).astype(np.uint8),
        rng.integers(16, 240, chroma).astype(np.uint8),
    )


def test_the_mode_frame_leaves_the_frame_unchanged():
    planes, before = noisy_planes(640, 480), noisy_planes(640, 480)

    show_background(planes, FrameReport((face_at(200, 150, 180),)), Background.FRAME)

    assert all(np.array_equal(a, b) for a, b in zip(planes, before, strict=True))


def test_landmarks_only_leaves_nothing_of_the_frame():
    planes = noisy_planes(640, 480)

    show_background(planes, FrameReport((face_at(200, 150, 180),)), Background.LANDMARKS)

    assert all(plane.min() == plane.max() for plane in planes)


def test_blur_keeps_faces_sharp_and_nothing_else():
    planes, before = noisy_planes(640, 480), noisy_planes(640, 480)

    show_background(planes, FrameReport((face_at(200, 150, 180),)), Background.BLUR)

    assert np.array_equal(planes[0][200:280, 250:330], before[0][200:280, 250:330])
    for plane in planes:
        corner = plane[:40, :40].astype(int)
        assert np.abs(np.diff(corner, axis=1)).mean() < 4


def test_blur_without_a_face_hides_everything():
    planes = noisy_planes(640, 480)

    show_background(planes, FrameReport(()), Background.BLUR)

    assert np.abs(np.diff(planes[0].astype(int), axis=1)).mean() < 4


@pytest.mark.parametrize("mode", list(Background))
@pytest.mark.parametrize("size_wh", [(641, 479), (16, 16), (1, 1), (1920, 2)])
def test_any_size_and_any_box_is_accepted(mode: Background, size_wh: tuple[int, int]):
    far = face_at(-5000, 300, 100, box=BoundingBox(-9000, 20000, 3000, 1))

    show_background(noisy_planes(*size_wh), FrameReport((far, face_at(0, 0, 4000))), mode)


@pytest.mark.parametrize("size_wh", [(640, 480), (641, 479), (1, 1)])
def test_a_mirrored_frame_has_its_left_on_its_right(size_wh: tuple[int, int]):
    planes, before = noisy_planes(*size_wh), noisy_planes(*size_wh)

    mirror_planes(planes)

    assert all(np.array_equal(a, b[:, ::-1]) for a, b in zip(planes, before, strict=True))


@pytest.mark.parametrize("layer", [Layer.BOX, Layer.HULLS, Layer.POINTS])
def test_what_is_drawn_of_a_mirrored_report_is_the_mirror_image_of_the_drawing(layer: Layer):
    report = FrameReport((face_at(50, 150, 180, pose=HeadPose(25, 10, 15)),))
    planes, of_mirrored = gray_planes(641, 480), gray_planes(641, 480)

    draw(planes, report, {layer}, "")
    draw(of_mirrored, mirrored(report, 641), {layer}, "")

    mirror_planes(of_mirrored)
    differing = np.abs(planes[0].astype(int) - of_mirrored[0]) > 60
    assert differing.sum() < 0.02 * (planes[0] != 100).sum()


def test_the_label_of_a_mirrored_face_is_not_mirrored():
    report = FrameReport((face_at(50, 150, 180),))
    planes, of_mirrored = gray_planes(641, 480), gray_planes(641, 480)

    draw(planes, report, {Layer.LABEL}, "")
    draw(of_mirrored, mirrored(report, 641), {Layer.LABEL}, "")

    def label(drawn: Planes) -> np.ndarray:
        rows, columns = np.nonzero(drawn[0] != 100)
        return drawn[0][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]

    assert np.array_equal(label(planes), label(of_mirrored))


def test_the_face_of_a_mirrored_report_turns_the_other_way():
    face = face_at(50, 150, 180, pose=HeadPose(25, 10, 15))

    (turned,) = mirrored(FrameReport((face,)), 640).faces

    assert turned.pose == HeadPose(-25, 10, -15)
    assert mirrored(FrameReport((turned,)), 640).faces[0].box == face.box
