"""What a stream searches: what has changed at once, what has not seldom; with the real detector."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.detector import Check, FaceDetector, FoundFace, Hint, SearchStep
from facestream.analysis.faces import GrayImage, LandmarksXY
from facestream.analysis.following import Follower
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.stage_clock import StageClock
from facestream.analysis.tracking.tracks import Tracks

FPS = 30


class Counting:
    """The real detector, which counts its runs."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self.steps: Counter[SearchStep] = Counter()
        self.checks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._detector, name)

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        self.steps[step] += 1
        return self._detector.search(gray, step)

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        self.steps[step] += 1
        return self._detector.search_with_hints(gray, step)

    def check(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Check | None:
        self.checks += 1
        return self._detector.check(gray, landmarks_xy)


class Stream:
    """One stream at 30 FPS, from a camera with some noise."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.detector = Counting(analyzer.detector)
        self._follower = Follower(self.detector, analyzer.predictor, 5, AnalysisOptions().min_face_share)
        self._chance = np.random.default_rng(5)
        self._tracks, self._frames = Tracks(), 0

    def run(self, gray: GrayImage, lasts_s: float) -> Iterator[tuple[float, int]]:
        """For each frame of this scene: its time since the scene began, and how many faces are followed."""
        for frame in range(round(lasts_s * FPS)):
            noisy = np.clip(gray + self._chance.normal(0, 1.5, gray.shape), 0, 255).astype(np.uint8)
            self._tracks = self._follower.next(noisy, self._tracks, self._frames / FPS, StageClock())
            self._frames += 1
            yield frame / FPS, len(self._tracks.followed)

    def until(self, faces: int, gray: GrayImage, within_s: float) -> float:
        """How long it takes until so many faces are followed."""
        return next(after_s for after_s, followed in self.run(gray, within_s) if followed == faces)


@pytest.fixture
def stream(analyzer: Analyzer) -> Stream:
    return Stream(analyzer)


@pytest.fixture(scope="module")
def heads(analyzer: Analyzer, group_gray: GrayImage) -> list[GrayImage]:
    """The heads of two people."""
    cuts = []
    for face in sorted(analyzer.analyze_still(group_gray).faces, key=lambda face: -face.box.width)[:2]:
        (x, y), half = face.box.center_xy, 0.8 * face.box.width
        cuts.append(group_gray[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half)])
    return cuts


def scene(*placed: tuple[GrayImage, int, int, int]) -> GrayImage:
    """A wall with heads: each with left, top and side."""
    image = np.full((480, 640), 100, np.uint8)
    for head, left, top, side in placed:
        image[top : top + side, left : left + side] = cv2.resize(
            head, (side, side), interpolation=cv2.INTER_AREA
        )
    return image


def test_a_still_scene_is_searched_seldom_but_all_of_it(stream: Stream, heads: list[GrayImage]):
    one = scene((heads[0], 60, 100, 250))
    list(stream.run(one, 25.0))
    stream.detector.steps.clear()
    stream.detector.checks = 0

    list(stream.run(one, 10.0))

    plan = stream.detector.plan(640, 480, AnalysisOptions().min_face_share)
    assert set(plan) <= set(stream.detector.steps)
    assert sum(stream.detector.steps.values()) <= 20
    # Each face once a second, or a search found it.
    assert 5 <= stream.detector.checks <= 11


@pytest.mark.parametrize("side", [250, 96])
def test_a_face_that_appears_in_a_still_scene_is_followed_at_once(
    stream: Stream, heads: list[GrayImage], side: int
):
    """The smaller one is as small as a plan finds."""
    first = (heads[0], 40, 40, 220)
    list(stream.run(scene(first), 5.1))

    assert stream.until(2, scene(first, (heads[1], 330, 200, side)), 1.0) <= 0.6


def test_a_face_that_appears_in_an_empty_room_is_followed_at_once(stream: Stream, heads: list[GrayImage]):
    list(stream.run(scene(), 5.1))
    taken = sum(stream.detector.steps.values())
    list(stream.run(scene(), 2.0))

    # The empty room is searched less than once a frame.
    assert sum(stream.detector.steps.values()) - taken <= 30
    assert stream.until(1, scene((heads[0], 400, 300, 96)), 1.0) <= 0.6


def test_a_face_that_vanishes_is_lost_as_soon_as_before(stream: Stream, heads: list[GrayImage]):
    list(stream.run(scene((heads[0], 60, 100, 250)), 5.2))

    # 0.3 s until the next check, and two more checks 0.1 s apart.
    assert stream.until(0, scene(), 2.0) <= 0.7


def test_a_face_that_returns_is_followed_at_once(stream: Stream, heads: list[GrayImage]):
    one = scene((heads[0], 60, 100, 250))
    list(stream.run(one, 3.0))
    list(stream.run(scene(), 5.0))

    assert stream.until(1, one, 1.0) <= 0.6
