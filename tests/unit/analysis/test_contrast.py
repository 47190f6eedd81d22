"""More contrast for dark and pale faces: landmarks as in the light, and nothing changes for all other faces."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.contrast import REGION_RAISED_BELOW, raised_face, raised_region
from facestream.analysis.faces import BoundingBox, Face, GrayImage
from facestream.analysis.following import predict_with_contrast

Frames = Callable[[str], Iterator[tuple[GrayImage, float]]]


@pytest.fixture(scope="module")
def bright(analyzer: Analyzer, clip_frames: Frames) -> tuple[GrayImage, Face]:
    gray, _ = next(clip_frames("WolfgangLanger_Pexels.mp4"))
    return gray, analyzer.analyze_still(gray).faces[0]


def dimmed(gray: GrayImage, light: float, noise: float) -> GrayImage:
    chance = np.random.default_rng(5).normal(0, noise, gray.shape)
    return np.asarray(np.clip(np.round(16 + (gray - 16.0) * light + chance), 0, 255), np.uint8)


def test_a_bright_face_is_given_to_the_predictor_as_it_is(bright: tuple[GrayImage, Face]):
    gray, face = bright

    raised, place = raised_face(gray, face.box)

    assert raised is gray
    assert place == (0, 0)


@pytest.mark.parametrize(("light", "noise"), [(0.3, 0), (0.1, 0), (0.1, 1.5), (0.05, 0)])
def test_landmarks_in_the_dark_are_those_in_the_light(
    analyzer: Analyzer, bright: tuple[GrayImage, Face], light: float, noise: float
):
    gray, face = bright
    dark = dimmed(gray, light, noise)

    points, _ = predict_with_contrast(analyzer.predictor, dark, face.box, 0.0)

    eyes = np.linalg.norm(face.landmarks_xy[36] - face.landmarks_xy[45])
    assert np.linalg.norm(points - face.landmarks_xy, axis=1).mean() < 0.025 * eyes


@pytest.mark.parametrize("name", ["analyzer", "dlib_analyzer"])
def test_a_face_at_a_twentieth_of_the_light_is_found(
    analyzer: Analyzer, dlib_analyzer: Analyzer, bright: tuple[GrayImage, Face], name: str
):
    gray, face = bright
    chosen = {"analyzer": analyzer, "dlib_analyzer": dlib_analyzer}[name]

    (found,) = chosen.analyze_still(dimmed(gray, 0.05, 0)).faces

    assert np.hypot(*np.subtract(found.box.center_xy, face.box.center_xy)) < 0.1 * face.box.width


@pytest.mark.parametrize("box", [BoundingBox(-900, 0, 90, 90), BoundingBox(630, 350, 90, 90)])
def test_a_box_at_or_beyond_the_edge_is_no_error(box: BoundingBox):
    dark = np.full((360, 640), 20, np.uint8)

    raised, (left, top) = raised_face(dark, box)

    assert raised.size
    assert 0 <= left < 640
    assert 0 <= top < 360


def test_a_smooth_bright_sky_is_searched_as_it_is():
    sky = np.tile(np.linspace(150, 150 + 4 * REGION_RAISED_BELOW, 128), (128, 1)).astype(np.uint8)

    assert raised_region(sky) is sky
