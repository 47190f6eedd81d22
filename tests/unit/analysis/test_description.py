"""When the emotion of a followed face is read again."""

from dataclasses import replace

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.description import describe
from facestream.analysis.emotion.reader import Look
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Track

CLEAR = (0.80, 0.10, 0.02, 0.02, 0.02, 0.02, 0.02)
NOT_CLEAR = (0.45, 0.25, 0.06, 0.06, 0.06, 0.06, 0.06)
ANOTHER = CLEAR[::-1]
FPS = 30


class Emotions:
    """In place of the net: always the same answer, and a count."""

    def __init__(self, said: tuple[float, ...]) -> None:
        self.said, self.times = said, 0

    def read(
        self, gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY, look: Look = Look.PLAIN
    ) -> np.ndarray:
        self.times += 1
        return np.array(self.said, np.float32)


class Visible:
    """In place of the trust net: nothing is covered."""

    def read(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> np.ndarray:
        return np.zeros(3, np.float32)


@pytest.fixture(scope="module")
def track(analyzer: Analyzer, group_gray: GrayImage) -> Track:
    return Track(1, analyzer.analyze_still(group_gray).faces[0].landmarks_xy, 0.0)


def readings(gray: GrayImage, track: Track, emotions: Emotions, frames: range) -> tuple[int, Track]:
    """How often the face is read in these frames, and its track after them."""
    before = emotions.times
    for number in frames:
        track = replace(track, seen_s=number / FPS)
        track, _ = describe(gray, track, number / FPS, emotions, Visible(), AnalysisOptions())
    return emotions.times - before, track


@pytest.mark.parametrize(("said", "times"), [(CLEAR, 10), (NOT_CLEAR, 15)])
def test_a_face_is_read_less_often_while_nothing_speaks_against_its_label(
    group_gray: GrayImage, track: Track, said: tuple[float, ...], times: int
):
    emotions = Emotions(said)
    _, track = readings(group_gray, track, emotions, range(30))

    counted, _ = readings(group_gray, track, emotions, range(30, 60))

    assert counted == times


def test_a_face_that_changes_is_read_as_often_as_any_from_the_first_reading_that_says_so(
    group_gray: GrayImage, track: Track
):
    emotions = Emotions(CLEAR)
    _, track = readings(group_gray, track, emotions, range(30))
    emotions.said = ANOTHER

    first = next(
        number for number in range(30, 40) if readings(group_gray, track, emotions, range(30, number + 1))[0]
    )
    _, track = readings(group_gray, track, emotions, range(30, first + 1))
    counted, _ = readings(group_gray, track, emotions, range(first + 1, first + 5))

    assert first < 33
    assert counted == 2
