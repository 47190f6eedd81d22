"""The numbers of faces while only a few may be followed, and when all are followed again; with the real models."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.faces import FrameReport, GrayImage
from facestream.analysis.following import FEW_FACES
from facestream.analysis.tracking.aside import KEEP_ASIDE_S
from facestream.analysis.tracking.tracks import Tracks

Place = tuple[int, int, int]
"""Left, top and side of a square with a face."""
Scene = Callable[[Sequence[Place | None]], GrayImage]
THREE: tuple[Place, Place, Place] = (20, 100, 170), (230, 90, 180), (470, 120, 120)
FOUR_S = 4.0


class Stream:
    """The frames of one stream; a budget that every frame exceeds raises its level; one that none does lowers it."""

    def __init__(self, analyzer: Analyzer, fps: float = 10.0) -> None:
        self._idle, self._busy = analyzer, analyzer.with_options(budget_ms=1e-3)
        self._fps = fps
        self._tracks = Tracks()
        self.time_s = 0.0

    def run(self, gray: GrayImage, at_least_s: float, *, busy: bool = False) -> list[FrameReport]:
        """The reports of this scene: to the end of the change of level, and for at least this time."""
        end_level = DegradationLevel.FEWER_FACES if busy else DegradationLevel.NONE
        reports: list[FrameReport] = []
        until_s = self.time_s + at_least_s
        while self.time_s < until_s or self._tracks.degradation.level != end_level:
            report, self._tracks = (self._busy if busy else self._idle).analyze(
                gray, self._tracks, self.time_s
            )
            reports.append(report)
            self.time_s += 1 / self._fps
        return reports


def places(report: FrameReport) -> dict[int, tuple[float, float]]:
    return {face.id: face.box.center_xy for face in report.faces}


def assert_same(before: dict[int, tuple[float, float]], after: dict[int, tuple[float, float]]) -> None:
    assert set(after) == set(before)
    for number, center in before.items():
        assert after[number] == pytest.approx(center, abs=8)


@pytest.fixture(scope="module")
def five_faces(group_gray: GrayImage) -> GrayImage:
    return np.asarray(cv2.resize(group_gray, (640, 480)), np.uint8)


@pytest.fixture(scope="module")
def scene(analyzer: Analyzer, group_gray: GrayImage) -> Scene:
    """A frame with the faces of several people, each at its place; None: this one is not there."""
    faces = sorted(analyzer.analyze_still(group_gray).faces, key=lambda face: -face.box.width)
    cuts = []
    for face in faces[:4]:
        x, y = face.box.center_xy
        half = 0.8 * face.box.width
        cuts.append(group_gray[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half)])

    def show(where: Sequence[Place | None]) -> GrayImage:
        gray = np.full((360, 640), 100, np.uint8)
        for cut, place in zip(cuts, where, strict=False):
            if place is not None:
                left, top, side = place
                gray[top : top + side, left : left + side] = cv2.resize(cut, (side, side))
        return gray

    return show


@pytest.mark.parametrize("fps", [2.0, 10.0])
def test_every_number_survives_each_change_of_level(analyzer: Analyzer, five_faces: GrayImage, fps: float):
    stream = Stream(analyzer, fps)
    settled = places(stream.run(five_faces, 8.0)[-1])
    assert len(settled) >= 4

    for _ in range(3):
        few = stream.run(five_faces, 6.0, busy=True)[-1]
        assert len(few.faces) == FEW_FACES
        assert set(places(few)) < set(settled)
        assert few.not_followed == len(settled) - FEW_FACES
        again = stream.run(five_faces, 8.0)[-1]
        assert_same(settled, places(again))
        assert again.not_followed == 0


def test_a_number_survives_half_a_minute_of_few_faces(analyzer: Analyzer, five_faces: GrayImage):
    stream = Stream(analyzer, 2.0)
    settled = places(stream.run(five_faces, 8.0)[-1])

    stream.run(five_faces, 30.0, busy=True)

    assert_same(settled, places(stream.run(five_faces, 8.0)[-1]))


def test_the_two_that_are_followed_stay_the_same(analyzer: Analyzer, scene: Scene):
    """Two of nearly the same size take no turns, whichever is larger at the moment."""
    stream = Stream(analyzer)
    stream.run(scene([(20, 100, 150), (230, 90, 170), (450, 100, 155)]), FOUR_S)
    chosen = set(
        places(stream.run(scene([(20, 100, 150), (230, 90, 170), (450, 100, 155)]), FOUR_S, busy=True)[-1])
    )

    for first, third in [(165, 150), (150, 165), (165, 150)]:
        shown = scene([(20, 100, first), (230, 90, 170), (450, 100, third)])
        followed = [set(places(report)) for report in stream.run(shown, FOUR_S, busy=True)]
        assert followed == [chosen] * len(followed)


def test_a_face_that_becomes_much_larger_is_followed_and_the_other_keeps_its_number(
    analyzer: Analyzer, scene: Scene
):
    stream = Stream(analyzer)
    first, second = (20, 100, 130), (200, 90, 140)
    far = scene([first, second, (470, 120, 120)])
    settled = places(stream.run(far, FOUR_S)[-1])
    few = places(stream.run(far, FOUR_S, busy=True)[-1])
    (waiting,) = set(settled) - set(few)

    # It comes nearer in steps; a search sees each.
    for side in (150, 180, 220):
        near = scene([first, second, (530 - side // 2, 180 - side // 2, side)])
        few = places(stream.run(near, FOUR_S, busy=True)[-1])
    assert waiting in few

    assert set(places(stream.run(near, FOUR_S)[-1])) == set(settled)


def test_another_person_who_appears_beside_a_waiting_face_gets_a_number_of_their_own(
    analyzer: Analyzer, scene: Scene
):
    stream = Stream(analyzer)
    settled = places(stream.run(scene(THREE), FOUR_S)[-1])
    few = places(stream.run(scene(THREE), FOUR_S, busy=True)[-1])
    (waiting,) = set(settled) - set(few)

    # Somebody else, three quarters of a face away, at the moment in which the first one leaves.
    other = places(stream.run(scene([*THREE[:2], None, (415, 120, 120)]), FOUR_S)[-1])

    assert len(other) == 3
    assert waiting not in other


def test_a_waiting_face_that_left_is_forgotten(analyzer: Analyzer, scene: Scene):
    stream = Stream(analyzer)
    settled = places(stream.run(scene(THREE), FOUR_S)[-1])
    few = places(stream.run(scene(THREE), FOUR_S, busy=True)[-1])
    (waiting,) = set(settled) - set(few)

    gone = stream.run(scene(THREE[:2]), 8.0, busy=True)[-1]
    # Somebody else takes the place.
    other = places(stream.run(scene([*THREE[:2], None, THREE[2]]), FOUR_S)[-1])

    assert gone.not_followed == 0
    assert len(other) == 3
    assert waiting not in other


@pytest.mark.parametrize("busy", [False, True])
def test_a_number_survives_a_few_seconds_without_analysis(analyzer: Analyzer, scene: Scene, *, busy: bool):
    """Meanwhile each face has moved by a sixth of its size."""
    stream = Stream(analyzer)
    settled = places(stream.run(scene(THREE), FOUR_S)[-1])
    stream.run(scene(THREE), FOUR_S, busy=busy)
    stream.time_s += 5.0

    moved = [(left + side // 10, top, side) for left, top, side in THREE]
    after = places(stream.run(scene(moved), FOUR_S)[-1])

    assert_same({number: (x + 15, y) for number, (x, y) in settled.items()}, after)


def test_a_waiting_face_is_forgotten_in_a_long_time_without_analysis(analyzer: Analyzer, scene: Scene):
    stream = Stream(analyzer)
    settled = places(stream.run(scene(THREE), FOUR_S)[-1])
    few = places(stream.run(scene(THREE), FOUR_S, busy=True)[-1])
    stream.time_s += KEEP_ASIDE_S

    after = places(stream.run(scene(THREE), FOUR_S)[-1])

    assert len(after) == len(settled)
    assert set(after) & set(settled) == set(few)
