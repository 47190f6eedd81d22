"""Cuts to another scene: in the dark, not at a change of light, and no id from one person to another."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.tracking.cuts import BLANK_BELOW, notice_cut, thumbnail_of
from facestream.analysis.tracking.tracks import Track, Tracks

Frames = Callable[[str], Iterator[tuple[GrayImage, float]]]
POINTS = np.random.default_rng(2).uniform(50, 90, (68, 2)).astype(np.float32)
BLACK = np.full((360, 640), 16, np.uint8)


@pytest.fixture(scope="module")
def scenes(clip_frames: Frames) -> tuple[GrayImage, GrayImage]:
    """One frame of each of two clips."""
    one, _ = next(clip_frames("single_face.mp4"))
    other, _ = next(clip_frames("WolfgangLanger_Pexels.mp4"))
    return one, other


def dimmed(gray: GrayImage, share: float, seed: int = 3) -> GrayImage:
    """As with this share of the light, with the noise of a camera."""
    noise = np.random.default_rng(seed).normal(0, 4, gray.shape)
    return np.asarray(np.clip(16 + (gray.astype(np.float32) - 16) * share + noise, 0, 255), np.uint8)


def followed_after(*frames: GrayImage) -> Tracks:
    """The tracks at the last frame, if a face was followed in the first."""
    tracks = notice_cut(frames[0], Tracks(), 0.0)
    tracks = Tracks((Track(1, POINTS, 0.0),), thumbnail=tracks.thumbnail, size_wh=frames[0].shape[::-1])
    for number, gray in enumerate(frames[1:], start=1):
        tracks = notice_cut(gray, tracks, number / 30)
    return tracks


@pytest.mark.parametrize("light", [1.0, 0.5, 0.2, 0.1])
def test_a_cut_is_noticed_however_dark_the_film_is(scenes: tuple[GrayImage, GrayImage], light: float):
    one, other = (dimmed(gray, light) for gray in scenes)

    tracks = followed_after(one, other)

    assert tracks.followed == tracks.lost == ()


@pytest.mark.parametrize("light", [0.3, 0.6, 1.6])
def test_a_change_of_the_exposure_is_no_cut(scenes: tuple[GrayImage, GrayImage], light: float):
    tracks = followed_after(scenes[0], dimmed(scenes[0], light))

    assert len(tracks.followed) == 1


def test_a_lamp_that_lights_half_of_the_scene_is_no_cut(scenes: tuple[GrayImage, GrayImage]):
    lit = scenes[0].copy()
    lit[:, 320:] = dimmed(lit[:, 320:], 0.4)

    assert len(followed_after(scenes[0], lit).followed) == 1


def test_noise_in_the_dark_is_no_cut(scenes: tuple[GrayImage, GrayImage]):
    tracks = followed_after(dimmed(scenes[0], 0.07), dimmed(scenes[0], 0.07, seed=4))

    assert len(tracks.followed) == 1


def test_a_face_is_lost_in_a_black_frame_and_remembered_for_the_frame_after_it(
    scenes: tuple[GrayImage, GrayImage],
):
    black = followed_after(scenes[0], BLACK)
    long = followed_after(scenes[0], *[BLACK] * 9, scenes[0])

    assert (len(black.followed), len(black.lost)) == (0, 1)
    assert (len(long.followed), len(long.lost)) == (0, 1)


def test_after_a_black_frame_another_scene_is_another_scene(scenes: tuple[GrayImage, GrayImage]):
    tracks = followed_after(scenes[0], BLACK, BLACK, scenes[1])

    assert tracks.followed == tracks.lost == ()


def test_an_id_does_not_pass_to_another_person_at_the_same_place_in_a_dark_film(
    analyzer: Analyzer, scenes: tuple[GrayImage, GrayImage]
):
    first, second = (dimmed(_with_face_in_the_middle(analyzer, gray), 0.3) for gray in scenes)
    tracks, ids = Tracks(), []

    for number, gray in enumerate([first] * 3 + [second] * 3):
        report, tracks = analyzer.analyze(gray, tracks, number / 30)
        ids.append([face.id for face in report.faces])

    assert ids == [[1]] * 3 + [[2]] * 3


def test_a_face_keeps_its_id_after_a_black_frame(analyzer: Analyzer, scenes: tuple[GrayImage, GrayImage]):
    tracks, ids = Tracks(), []

    for number, gray in enumerate([scenes[0], BLACK, *[scenes[0]] * 20]):
        report, tracks = analyzer.analyze(gray, tracks, number / 30)
        ids.append([face.id for face in report.faces])

    assert (ids[0], ids[1], ids[-1]) == ([1], [], [1])


@pytest.mark.parametrize("blank", [BLACK, np.full_like(BLACK, 235)], ids=["black", "white"])
def test_a_flash_hides_a_face_in_one_frame_only(
    analyzer: Analyzer, scenes: tuple[GrayImage, GrayImage], blank: GrayImage
):
    tracks, ids = Tracks(), []

    for number, gray in enumerate([scenes[0], blank] * 6):
        report, tracks = analyzer.analyze(gray, tracks, number / 30)
        ids.append([face.id for face in report.faces])

    assert ids == [[1], []] * 6


def test_after_a_long_time_without_light_the_whole_frame_is_searched_at_once(
    analyzer: Analyzer, scenes: tuple[GrayImage, GrayImage]
):
    tracks, ids = Tracks(), []

    for number, gray in enumerate([scenes[0], *[BLACK] * 11, scenes[0]]):
        report, tracks = analyzer.analyze(gray, tracks, number / 30)
        ids.append([face.id for face in report.faces])

    assert ids == [[1], *[[]] * 11, [1]]


@pytest.mark.parametrize("start", [1.0, 0.02])
def test_a_scene_of_hardly_any_light_is_not_blank(scenes: tuple[GrayImage, GrayImage], start: float):
    """Or its faces would be lost in every frame and found in every second one."""
    dark = np.round(scenes[0] * 0.02).astype(np.uint8)

    tracks = followed_after(np.round(scenes[0] * start).astype(np.uint8), dark, dark)

    assert thumbnail_of(dark).std() < BLANK_BELOW
    assert len(tracks.followed) == 1


def _with_face_in_the_middle(analyzer: Analyzer, gray: GrayImage) -> GrayImage:
    (face,) = analyzer.analyze_still(gray).faces
    x, y = face.box.center_xy
    scale = 140 / face.box.width
    matrix = np.array([[scale, 0, 320 - scale * x], [0, scale, 180 - scale * y]])
    moved = cv2.warpAffine(gray, matrix, (640, 360), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
