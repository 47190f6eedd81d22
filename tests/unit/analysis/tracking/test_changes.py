"""Where a scene has changed since it was searched."""

import cv2
import numpy as np
import pytest

from facestream.analysis.detection.detector import SearchStep
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.tracking.changes import (
    Cells,
    is_unvisited,
    luma_of,
    next_searched,
    touches,
    with_unsure,
    with_visited,
)

SIZE_WH = (640, 480)
LEFT, RIGHT = SearchStep(0, 0, 300, 480, 0.4), SearchStep(340, 0, 300, 480, 0.4)


def room(noise: float = 0.0, seed: int = 1) -> GrayImage:
    """Furniture of all shades, as a camera with this noise sees it."""
    chance = np.random.default_rng(3)
    image = np.full((480, 640), 120.0, np.float32)
    for _ in range(40):
        left, top = chance.integers(0, 600), chance.integers(0, 440)
        image[top : top + chance.integers(30, 200), left : left + chance.integers(30, 200)] = chance.integers(
            30, 220
        )
    image += np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def with_face(gray: GrayImage, left: int, top: int, side: int, face: GrayImage) -> GrayImage:
    image = gray.copy()
    image[top : top + side, left : left + side] = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return image


def changed(before: GrayImage, now: GrayImage, *heads: BoundingBox) -> Cells:
    searched, everything = next_searched(None, luma_of(before), heads, SIZE_WH)
    assert everything.all()
    return next_searched(searched, luma_of(now), heads, SIZE_WH)[1]


def test_the_noise_of_a_camera_is_no_change():
    assert not changed(room(4.0, 1), room(4.0, 2)).any()


@pytest.mark.parametrize("light", [0.7, 1.3])
def test_another_exposure_of_the_whole_scene_is_no_change(light: float):
    dim = 90 + 0.3 * room().astype(np.float32)

    assert not changed(dim.astype(np.uint8), (dim + 100 * (light - 1)).astype(np.uint8)).any()


def test_a_camera_that_trembles_is_no_change():
    moved = np.roll(room(), (3, -4), axis=(0, 1))
    moved[:3], moved[:, -4:] = room()[:3], room()[:, -4:]

    assert not changed(room(), moved).any()


@pytest.mark.parametrize("light", [1.0, 0.15])
@pytest.mark.parametrize("left", [20, 120, 420, 560])
def test_a_face_of_the_smallest_size_is_a_change_where_it_is(group_gray: GrayImage, left: int, light: float):
    face = group_gray[100:300, 150:330]

    def dimmed(gray: GrayImage, seed: int) -> GrayImage:
        noise = np.random.default_rng(seed).normal(0, 1.5, gray.shape)
        return np.clip(16 + (gray.astype(np.float32) - 16) * light + noise, 0, 255).astype(np.uint8)

    cells = changed(dimmed(room(), 1), dimmed(with_face(room(), left, 200, 60, face), 2))

    assert touches(cells, LEFT if left < 300 else RIGHT, SIZE_WH)
    assert not touches(cells, RIGHT if left < 300 else LEFT, SIZE_WH)


def test_what_a_followed_head_does_is_no_change_but_what_was_behind_it_is_unknown():
    head = BoundingBox(100, 100, 120, 120)
    before, turned = room(), room()
    turned[60:230, 80:240] = np.random.default_rng(4).integers(0, 255, (170, 160))
    searched, _ = next_searched(None, luma_of(before), [head], SIZE_WH)

    searched, while_it_is_there = next_searched(searched, luma_of(turned), [head], SIZE_WH)
    searched, when_it_has_gone = next_searched(searched, luma_of(before), [], SIZE_WH)
    _, later = next_searched(searched, luma_of(before), [], SIZE_WH)

    assert not while_it_is_there.any()
    assert touches(when_it_has_gone, LEFT, SIZE_WH)
    assert not touches(when_it_has_gone, RIGHT, SIZE_WH)
    assert not later.any()


def test_a_place_that_is_nearly_a_face_counts_as_changed_until_it_is_searched_again():
    searched, _ = next_searched(None, luma_of(room()), [], SIZE_WH)

    searched, cells = next_searched(
        with_unsure(searched, [(500.0, 200.0)], SIZE_WH), luma_of(room()), [], SIZE_WH
    )

    assert touches(cells, RIGHT, SIZE_WH)
    assert not touches(cells, LEFT, SIZE_WH)
    assert not next_searched(searched, luma_of(room()), [], SIZE_WH)[1].any()


def test_a_slow_change_adds_up():
    now = room().astype(np.float32)
    searched, _ = next_searched(None, luma_of(room()), [], SIZE_WH)
    noticed = []
    for _ in range(20):
        now[200:300, 400:500] += 2
        searched, cells = next_searched(searched, luma_of(np.clip(now, 0, 255).astype(np.uint8)), [], SIZE_WH)
        noticed.append(bool(cells.any()))

    assert 2 <= sum(noticed) <= 10


def test_a_finer_tile_is_visited_once_after_each_change(group_gray: GrayImage):
    tile, other = SearchStep(400, 160, 120, 120, 0.8), SearchStep(0, 0, 120, 120, 0.8)
    searched, _ = next_searched(None, luma_of(room()), [], SIZE_WH)
    assert is_unvisited(searched, tile, SIZE_WH)

    searched = with_visited(with_visited(searched, tile, SIZE_WH), other, SIZE_WH)
    still = next_searched(searched, luma_of(room(2.0)), [], SIZE_WH)[0]
    face = with_face(room(), 430, 200, 60, group_gray[100:300, 150:330])
    appeared = next_searched(searched, luma_of(face), [], SIZE_WH)[0]

    assert not is_unvisited(still, tile, SIZE_WH)
    assert is_unvisited(appeared, tile, SIZE_WH)
    assert not is_unvisited(appeared, other, SIZE_WH)


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 700), (700, 3), (4000, 40)])
def test_a_frame_of_any_shape_can_be_compared(size_wh: tuple[int, int]):
    gray = np.zeros(size_wh[::-1], np.uint8)
    searched, _ = next_searched(None, luma_of(gray), [], size_wh)

    searched, cells = next_searched(searched, luma_of(gray), [BoundingBox(-50, -50, 20, 20)], size_wh)

    assert not cells.any()
    assert is_unvisited(searched, SearchStep(0, 0, *size_wh, 1.0), size_wh)
