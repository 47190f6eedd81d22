"""The crop rule: the server cuts the same crops as training; without models or real faces."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from facestream.analysis.emotion.alignment import (
    EYE_LINE_Y,
    EYES_TO_MOUTH_UNITS,
    FACE_UNIT,
    align_face,
    alignment_matrix,
)

SIZE_PX = 48
Gray = NDArray[np.uint8]
Points = NDArray[np.float32]


def face_points(
    center_xy: tuple[float, float] = (80.0, 70.0),
    eyes_px: float = 40.0,
    roll_deg: float = 0.0,
    mouth_units: float = EYES_TO_MOUTH_UNITS,
    unit_px: float = 40.0,
) -> Points:
    """Landmarks of a synthetic face, eyes centred on `center_xy`; only eyes and mouth corners have positions."""
    points = np.zeros((68, 2))
    ring = np.array([[math.cos(a), math.sin(a)] for a in np.arange(6) * math.pi / 3]) * unit_px / 8
    aside = np.array([eyes_px / 2, 0.0])
    points[36:42] = ring - aside
    points[42:48] = ring + aside
    points[48] = [-unit_px / 3, mouth_units * unit_px]
    points[54] = [unit_px / 3, mouth_units * unit_px]
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray(points @ turn.T + center_xy, dtype=np.float32)


def smooth_image(height: int = 160, width: int = 160, scale: float = 1.0) -> Gray:
    """An image without fine texture, the same at every `scale`."""
    ys, xs = np.mgrid[0:height, 0:width]
    ys, xs = (ys + 0.5) / scale, (xs + 0.5) / scale
    values = 128 + 60 * np.sin(xs / 17) + 50 * np.cos(ys / 23 + xs / 61)
    return np.asarray(values.round(), dtype=np.uint8)


def positions_in_crop(points: Points, size_px: int = SIZE_PX) -> NDArray[np.float64]:
    """Map points of the image to the crop."""
    matrix = alignment_matrix(points, size_px)
    return points.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]


def sampled_exactly(gray: Gray, points: Points) -> NDArray[np.float64]:
    """The crop as `models/training/augment.py` computes it: bilinear, edges repeated, no rounding."""
    matrix = np.vstack([alignment_matrix(points, SIZE_PX), [0, 0, 1]])
    ys, xs = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    seen = np.linalg.inv(matrix) @ np.stack([xs.ravel(), ys.ravel(), np.ones(SIZE_PX**2)])
    x = np.clip(seen[0], 0, gray.shape[1] - 1)
    y = np.clip(seen[1], 0, gray.shape[0] - 1)
    x0 = np.minimum(x.astype(int), gray.shape[1] - 2)
    y0 = np.minimum(y.astype(int), gray.shape[0] - 2)
    fx, fy = x - x0, y - y0
    top = gray[y0, x0] * (1 - fx) + gray[y0, x0 + 1] * fx
    bottom = gray[y0 + 1, x0] * (1 - fx) + gray[y0 + 1, x0 + 1] * fx
    return np.asarray((top * (1 - fy) + bottom * fy).reshape(SIZE_PX, SIZE_PX))


@pytest.mark.parametrize("roll_deg", [0.0, 20.0, -45.0, 120.0, 180.0])
def test_eyes_are_placed_on_the_fixed_line_at_the_fixed_distance(roll_deg: float) -> None:
    in_crop = positions_in_crop(face_points(roll_deg=roll_deg))

    left, right = in_crop[36:42].mean(axis=0), in_crop[42:48].mean(axis=0)
    assert left == pytest.approx(
        [(0.5 - FACE_UNIT / 2) * SIZE_PX - 0.5, EYE_LINE_Y * SIZE_PX - 0.5], abs=1e-3
    )
    assert right == pytest.approx(
        [(0.5 + FACE_UNIT / 2) * SIZE_PX - 0.5, EYE_LINE_Y * SIZE_PX - 0.5], abs=1e-3
    )


def test_a_head_turned_aside_keeps_its_size() -> None:
    frontal = alignment_matrix(face_points(), SIZE_PX)
    turned = alignment_matrix(face_points(eyes_px=15.0), SIZE_PX)

    assert np.linalg.det(turned[:, :2]) == pytest.approx(np.linalg.det(frontal[:, :2]), rel=1e-4)


def test_a_head_tilted_down_keeps_its_size() -> None:
    frontal = alignment_matrix(face_points(), SIZE_PX)
    tilted = alignment_matrix(face_points(mouth_units=0.6), SIZE_PX)

    assert np.linalg.det(tilted[:, :2]) == pytest.approx(np.linalg.det(frontal[:, :2]), rel=1e-4)


def test_the_crop_equals_what_training_samples() -> None:
    gray = smooth_image()
    points = face_points(roll_deg=12.0)

    crop = align_face(gray, points, SIZE_PX)

    assert np.abs(crop - sampled_exactly(gray, points)).max() <= 2.0


@pytest.mark.parametrize("scale", [0.5, 1.7, 3.0, 6.3, 20.0])
def test_the_same_face_gives_the_same_crop_at_every_size(scale: float) -> None:
    side = round(160 * scale)
    points = face_points()
    larger_points = ((points + 0.5) * scale - 0.5).astype(np.float32)

    crop = align_face(smooth_image(), points, SIZE_PX)
    larger_crop = align_face(smooth_image(side, side, scale), larger_points, SIZE_PX)

    assert np.abs(crop.astype(int) - larger_crop).mean() < 1.0


def test_fine_texture_of_a_large_face_is_averaged_not_aliased() -> None:
    checkered = (np.indices((1600, 1600)).sum(axis=0) % 2 * 255).astype(np.uint8)
    points = face_points(center_xy=(800.0, 700.0), eyes_px=400.0, unit_px=400.0)

    crop = align_face(checkered, points, SIZE_PX)

    assert crop.astype(float).std() < 20.0


@pytest.mark.parametrize("center_xy", [(2.0, 2.0), (158.0, 150.0), (-400.0, 70.0), (5000.0, 5000.0)])
def test_a_face_past_the_edge_is_padded_with_the_edge(center_xy: tuple[float, float]) -> None:
    gray = smooth_image()

    crop = align_face(gray, face_points(center_xy=center_xy), SIZE_PX)

    assert crop.shape == (SIZE_PX, SIZE_PX)
    assert crop.min() >= gray.min()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (7, 3), (3000, 2)])
def test_images_of_unusual_shapes_are_cropped(shape: tuple[int, int]) -> None:
    gray = np.full(shape, 90, np.uint8)

    crop = align_face(gray, face_points(unit_px=900.0, eyes_px=900.0), SIZE_PX)

    assert crop.shape == (SIZE_PX, SIZE_PX)
    assert (crop == 90).all()


def test_points_that_collapsed_into_one_still_give_a_crop() -> None:
    points = np.full((68, 2), 30.0, np.float32)

    assert align_face(smooth_image(), points, SIZE_PX).shape == (SIZE_PX, SIZE_PX)


def test_cropping_does_not_change_the_image() -> None:
    gray = smooth_image()
    before = gray.copy()

    align_face(gray, face_points(), SIZE_PX)

    assert (gray == before).all()


@pytest.mark.parametrize("shape", [(0, 0), (10, 0), (10, 10, 3)])
def test_anything_but_a_gray_image_is_rejected(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected a gray image"):
        align_face(np.zeros(shape, np.uint8), face_points(), SIZE_PX)


def test_five_points_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"expected \(68, 2\)"):
        alignment_matrix(np.zeros((5, 2), np.float32), SIZE_PX)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_points_that_are_not_finite_are_rejected(value: float) -> None:
    points = face_points()
    points[40, 0] = value

    with pytest.raises(ValueError, match="not finite"):
        alignment_matrix(points, SIZE_PX)


def test_a_crop_without_pixels_is_rejected() -> None:
    with pytest.raises(ValueError, match="expected at least 1"):
        alignment_matrix(face_points(), 0)
