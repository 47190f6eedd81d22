"""Hints about the quality of a face, on a real clip that is made worse, and their damping."""

from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import BoundingBox, Face, GrayImage
from facestream.analysis.quality import NO_QUALITY, Quality, next_quality
from facestream.analysis.tracking.tracks import Tracks

FPS = 30


class Visibility:
    """In place of the trust net: always the same answer."""

    def __init__(self, *said: float) -> None:
        self.said = np.array(said or (0.0, 0.0, 0.0), np.float32)

    def read(self, gray: GrayImage, landmarks_xy: np.ndarray) -> np.ndarray:
        return self.said


BOX = BoundingBox(100, 100, 100, 100)


def landmarks(scale: float = 1.0) -> np.ndarray:
    """Points with the eyes 40 * scale px apart."""
    points = np.full((68, 2), (150.0, 150.0), np.float32)
    points[36:42, 0] -= 20 * scale
    points[42:48, 0] += 20 * scale
    return points


def frame(face: int, around: int) -> GrayImage:
    """A frame with a face of a given luma, with detail, in front of even surroundings."""
    gray = np.full((320, 320), around, np.uint8)
    gray[100:200, 100:200] = face
    gray[100:200:4, 100:200:2] = min(255, face + 8)
    return gray


def watch(
    frames: Iterator[GrayImage] | list[GrayImage], quality: Quality = NO_QUALITY, start_s: float = 0.0
) -> list[Quality]:
    seen = []
    for number, gray in enumerate(frames):
        quality = next_quality(quality, gray, BOX, landmarks(), start_s + number / FPS, Visibility())
        seen.append(quality)
    return seen


def darker(gray: GrayImage) -> GrayImage:
    return np.asarray((gray.astype(np.float32) - 16).clip(0) * 0.12 + 16, np.uint8)


def smaller(gray: GrayImage) -> GrayImage:
    small = cv2.resize(gray, None, fx=0.26, fy=0.26, interpolation=cv2.INTER_AREA)
    canvas = np.full_like(gray, 90)
    canvas[: small.shape[0], : small.shape[1]] = small
    return canvas


def in_front_of_a_window(gray: GrayImage) -> GrayImage:
    height, width = gray.shape
    mask = np.zeros_like(gray)
    cv2.ellipse(mask, (width // 2, height * 5 // 8), (width // 5, height // 2), 0, 0, 360, 255, -1)
    return np.where(mask > 0, (gray.astype(np.float32) * 0.4).astype(np.uint8), np.uint8(235))


def at_the_edge(gray: GrayImage) -> GrayImage:
    moved = np.full_like(gray, 90)
    moved[:, 300:] = gray[:, : gray.shape[1] - 300]
    return moved


def out_of_focus(gray: GrayImage) -> GrayImage:
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 9), np.uint8)


@pytest.mark.parametrize(
    ("worsened", "expected"),
    [
        (lambda gray: gray, set()),
        (darker, {"dark"}),
        (in_front_of_a_window, {"backlit"}),
        (smaller, {"far"}),
        (out_of_focus, {"blurred"}),
        (at_the_edge, {"cut"}),
    ],
)
def test_a_clip_that_is_made_worse_gets_the_hint(
    analyzer: Analyzer, media_dir: Path, worsened: Callable[[GrayImage], GrayImage], expected: set[str]
):
    tracks = Tracks()
    last: tuple[Face, ...] = ()
    with av.open(str(media_dir / "single_face.mp4")) as clip:
        for number, video_frame in zip(range(60), clip.decode(video=0), strict=False):
            gray = worsened(np.asarray(video_frame.to_ndarray(format="gray"), np.uint8))
            report, tracks = analyzer.analyze(np.ascontiguousarray(gray), tracks, number / FPS)
            last = report.faces or last

    assert set(map(str, last[0].hints)) == expected


def test_no_hint_in_the_first_second():
    seen = watch([frame(20, 20)] * 60)

    first = next(number for number, quality in enumerate(seen) if quality.hints)
    assert 1.0 <= first / FPS < 1.3


def test_one_dark_moment_gives_no_hint():
    bright = watch([frame(120, 120)] * 60)[-1]

    seen = watch([frame(20, 20)] * 6, bright, 2.0)

    assert not any(quality.hints for quality in seen)


def test_a_hint_ends_about_a_second_after_its_reason():
    dark = watch([frame(20, 20)] * 60)[-1]

    seen = watch([frame(120, 120)] * 45, dark, 2.0)

    ended = next(number for number, quality in enumerate(seen) if not quality.hints)
    assert dark.hints == ("dark",)
    assert ended / FPS < 1.3


def test_a_value_near_its_limit_does_not_make_a_hint_flicker():
    quality, changes = watch([frame(30, 30)] * 60)[-1], 0
    for step in range(200):
        # The luma goes up and down across the limit of 40, but not up to 44.
        after = next_quality(
            quality, frame(42 if step % 10 < 5 else 35, 40), BOX, landmarks(), 2.0 + 0.2 * step, Visibility()
        )
        changes += after.hints != quality.hints
        quality = after

    assert changes == 0


@pytest.mark.parametrize(
    "box", [BoundingBox(-500, -500, 100, 100), BoundingBox(300, 300, 90, 90), BoundingBox(0, 0, 0.5, 0.5)]
)
def test_a_face_beyond_the_frame_is_measured_without_an_error(box: BoundingBox):
    quality = next_quality(NO_QUALITY, frame(90, 90), box, landmarks(), 0.0, Visibility())

    assert quality.measures is not None
    assert np.isfinite(astuple(quality.measures)).all()


def test_what_the_trust_net_says_is_averaged_and_known_after_half_a_second():
    quality = watch([frame(120, 120)] * 30)[-1]
    mouth = []
    for number in range(30):
        quality = next_quality(
            quality, frame(120, 120), BOX, landmarks(), 1.0 + number / FPS, Visibility(0.0, 1.0, 0.0)
        )
        assert quality.measures is not None
        mouth.append(quality.measures.mouth_hidden)

    assert mouth[3] < 0.5
    assert mouth[15] > 0.5


def test_a_photograph_takes_what_the_trust_net_says_as_it_is():
    quality = next_quality(NO_QUALITY, frame(120, 120), BOX, landmarks(), 0.0, Visibility(0.25, 0.5, 0.75))

    assert quality.measures is not None
    assert (quality.measures.eyes_hidden, quality.measures.mouth_hidden, quality.measures.misplaced) == (
        0.25,
        0.5,
        0.75,
    )
