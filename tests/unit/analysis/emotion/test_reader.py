import numpy as np
import pytest
from numpy.typing import NDArray

from facestream.analysis.emotion.reader import (
    EmotionReader,
    Look,
    MiniXception,
    OwnEmotionNet,
    crop_square,
)
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.model_files import checked_path
from facestream.analysis.models import load_analyzer
from facestream.analysis.tracking.tracks import Tracks
from facestream.resources import MODELS_DIR


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


@pytest.mark.parametrize(("net", "name"), [(OwnEmotionNet, "emotion"), (MiniXception, "mini_xception")])
def test_both_looks_are_the_mean_of_the_face_and_its_mirror_image(
    net: type[OwnEmotionNet | MiniXception], name: str, group_gray: GrayImage
):
    face = load_analyzer().analyze_still(group_gray).faces[0]
    reader: EmotionReader = net(checked_path(MODELS_DIR, name))

    # A face that is nobody's: with a clear expression, the two hardly differ.
    noise = np.random.default_rng(1).integers(0, 256, group_gray.shape).astype(np.uint8)

    plain, mirrored, both = (reader.read(noise, face.box, face.landmarks_xy, look) for look in Look)

    assert np.abs(plain - mirrored).max() > 0.001
    np.testing.assert_allclose(both, (plain + mirrored) / 2, atol=1e-6)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How faces were read."""
    read, seen = OwnEmotionNet.read, list[str]()

    def noted(
        net: OwnEmotionNet,
        gray: GrayImage,
        box: BoundingBox,
        landmarks_xy: LandmarksXY,
        look: Look = Look.PLAIN,
    ) -> NDArray[np.float32]:
        seen.append(look)
        return read(net, gray, box, landmarks_xy, look)

    monkeypatch.setattr(OwnEmotionNet, "read", noted)
    return seen


@pytest.mark.parametrize(
    ("step_s", "smoothing_s", "expected"),
    [
        (0.05, 0.3, ["both", "mirrored", "plain", "mirrored"]),
        (0.5, 0.3, ["both", "both", "both", "both"]),
        (0.05, 0.0, ["both", "both", "both", "both"]),
    ],
)
def test_in_a_stream_the_looks_take_turns_where_the_average_is_of_many_readings(
    step_s: float, smoothing_s: float, expected: list[str], looks: list[str], group_gray: GrayImage
):
    analyzer = load_analyzer().with_options(smoothing_s=smoothing_s, max_faces=1, budget_ms=1e6)
    looks.clear()
    tracks = Tracks()

    for number in range(8):
        _, tracks = analyzer.analyze(group_gray, tracks, number * step_s)

    assert looks[:4] == expected


def test_a_still_is_read_both_ways_round(looks: list[str], group_gray: GrayImage):
    analyzer = load_analyzer()
    looks.clear()

    faces = analyzer.analyze_still(group_gray).faces

    assert looks == ["both"] * len(faces)
