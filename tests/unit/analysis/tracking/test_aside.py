"""Faces that wait while only a few are followed: which of them a detection shows again, and when one is forgotten."""

import numpy as np
import pytest

from facestream.analysis.faces import BoundingBox
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.tracking.aside import (
    KEEP_ASIDE_S,
    MAX_MISSED_SEARCHES,
    at_new_search,
    known_again,
    placed,
    set_aside,
)
from facestream.analysis.tracking.tracks import Track


def track(number: int, left: float = 300.0, seen_s: float = 10.0) -> Track:
    """A face with a box of 100 px."""
    points = np.random.default_rng(2).uniform(-50, 50, (68, 2)).astype(np.float32)
    box = box_of_landmarks(points)
    scaled = (points - box.center_xy) * (100 / box.width) + (left + 50, 250)
    return Track(number, scaled.astype(np.float32), seen_s, velocity_xy=(400.0, 0.0))


def box_at(left: float, side: float = 100.0) -> BoundingBox:
    return BoundingBox(left, 200 + (100 - side) / 2, side, side)


def waiting(number: int, left: float = 300.0) -> Track:
    return set_aside((), [track(number, left)], 1)[0]


@pytest.mark.parametrize(
    ("box", "number"),
    [
        (box_at(300), 1),
        (box_at(345), 1),
        (box_at(255), 1),
        (box_at(360), None),  # beside it
        (box_at(300, 160), None),  # of another size
        (box_at(300, 60), None),
    ],
)
def test_a_waiting_face_is_known_again_at_its_place_and_in_its_size_only(
    box: BoundingBox, number: int | None
):
    found = known_again([], [waiting(1)], box, 12.0)

    assert (found and found.id) == number


def test_of_two_the_clearly_nearer_is_meant():
    still = [waiting(1), waiting(2, 370.0)]

    assert (found := known_again([], still, box_at(300), 12.0)) is not None
    assert found.id == 1
    assert (found := known_again([], still, box_at(372), 12.0)) is not None
    assert found.id == 2


@pytest.mark.parametrize("lost_left", [300.0, 330.0])
def test_a_detection_that_may_be_either_is_neither(lost_left: float):
    lost = placed(track(1), box_at(lost_left), 11.9)

    assert known_again([lost], [waiting(2)], box_at(310), 12.0) is None
    assert known_again([], [waiting(1, lost_left), waiting(2)], box_at((300 + lost_left) / 2), 12.0) is None


def test_a_lost_face_alone_is_known_again_farther_away():
    lost = placed(track(1), box_at(300), 11.9)

    assert known_again([lost], [], box_at(400), 12.0) is lost


def test_a_placed_track_has_the_box_of_the_detection():
    now = placed(track(1), box_at(340, 140), 12.0)

    box = box_of_landmarks(now.landmarks_xy)
    assert (box.left, box.width) == pytest.approx((340, 140), abs=0.01)
    assert now.landmarks_xy.dtype == np.float32
    assert (now.seen_s, now.velocity_xy, now.missed_searches) == (12.0, (0.0, 0.0), 0)


def test_a_face_is_forgotten_after_two_searches_without_it():
    aside: tuple[Track, ...] = (waiting(1), waiting(2, 500.0))
    for search in range(MAX_MISSED_SEARCHES + 1):
        aside = at_new_search(aside, 10.0 + search)
        # Each search finds the second one.
        aside = tuple(placed(one, box_at(500), 10.0 + search) if one.id == 2 else one for one in aside)

    assert [one.id for one in aside] == [2]


def test_a_face_is_forgotten_after_a_long_time_without_any_search():
    assert at_new_search([waiting(1)], 10.0 + KEEP_ASIDE_S) != ()
    assert at_new_search([waiting(1)], 10.1 + KEEP_ASIDE_S) == ()


def test_only_so_many_are_remembered_and_those_seen_last():
    aside = set_aside([track(number, seen_s=number) for number in range(1, 5)], [track(9, seen_s=2.5)], 3)

    assert [one.id for one in aside] == [3, 4, 9]
