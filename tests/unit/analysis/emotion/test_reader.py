import numpy as np
import pytest

from facestream.analysis.emotion.reader import crop_square
from facestream.analysis.faces import BoundingBox


def test_the_crop_is_larger_than_the_box_and_moved_up():
    gray = np.zeros((200, 200), np.uint8)
    gray[80:120, 80:120] = 255  # the box itself

    crop = crop_square(gray, BoundingBox(80, 80, 40, 40), 56)

    rows, columns = np.nonzero(crop > 128)
    assert (columns.min(), columns.max()) == (8, 47)  # 0.2 of the side on each edge: 56 px show 40
    assert (rows.min(), rows.max()) == (12, 51)  # moved up by 0.1: the face lies 4 px lower in its crop


@pytest.mark.parametrize(
    "box",
    [BoundingBox(-30, -30, 60, 60), BoundingBox(170, 170, 60, 60), BoundingBox(-50, 60, 300, 300)],
)
def test_past_the_edge_the_crop_repeats_edge_pixels(box: BoundingBox):
    gray = np.full((200, 200), 77, np.uint8)

    crop = crop_square(gray, box, 64)

    assert crop.shape == (64, 64)
    assert np.all(crop == 77)


def test_a_box_outside_the_image_gives_a_black_crop():
    assert not crop_square(np.full((50, 50), 9, np.uint8), BoundingBox(500, 500, 40, 40), 64).any()


@pytest.mark.parametrize("side", [1.0, 2.5, 3000.0])
def test_any_size_of_box_gives_the_same_size_of_crop(side: float):
    assert crop_square(np.full((50, 50), 9, np.uint8), BoundingBox(10, 10, side, side), 64).shape == (64, 64)
