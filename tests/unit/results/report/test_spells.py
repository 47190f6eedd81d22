"""Changes of the label, times with closed eyes, directions of the head, slices of time: known answers."""

import math

import pytest

from facestream.results.report.pose_map import PoseMap, direction_of
from facestream.results.report.slices import FIRST_SLICE_S, SLICES, Slices, runs
from facestream.results.report.spells import EyeSpells, LabelSpells


def spells_of(*spells: tuple[str, float], start_s: float = 0.0) -> LabelSpells:
    """Labels, each for some seconds, at 10 frames per second; an empty label is an absence."""
    found = LabelSpells()
    time_s = start_s
    for label, length_s in spells:
        for _ in range(round(length_s * 10)):
            if label:
                found.add(label, time_s, time_s + 0.1)
            time_s += 0.1
    return found


def test_a_change_counts_once_the_new_label_has_held_for_half_a_second():
    spells = spells_of(("happy", 1), ("sad", 0.4), ("happy", 1), ("sad", 0.5), ("happy", 0.5))

    assert spells.changes == {("happy", "sad"): 1, ("sad", "happy"): 1}


def test_the_label_after_a_short_flicker_is_not_a_change():
    assert spells_of(("happy", 1), ("sad", 0.2), ("happy", 1)).changes == {}


def test_a_time_in_which_the_label_is_unsure_is_skipped():
    spells = spells_of(("happy", 1), ("unsure", 3), ("sad", 1), ("unsure", 1), ("sad", 1))

    assert spells.changes == {("happy", "sad"): 1}
    assert spells.longest_s["unsure"] == pytest.approx(3)


def test_after_more_than_two_seconds_away_nothing_is_counted():
    assert spells_of(("happy", 1), ("", 2.2), ("sad", 1)).changes == {}
    assert spells_of(("happy", 1), ("", 1.8), ("sad", 1)).changes == {("happy", "sad"): 1}


def test_the_longest_time_ends_where_the_face_is_away():
    spells = spells_of(("happy", 1), ("", 0.5), ("happy", 2), ("sad", 0.3))

    assert spells.longest_s["happy"] == pytest.approx(2)
    assert spells.longest_s["sad"] == pytest.approx(0.3)


def eyes_of(*openings: tuple[float, float]) -> EyeSpells:
    """Eye openings, each for some seconds, at 10 frames per second; NaN: not readable."""
    eyes = EyeSpells()
    frame = 0
    for opening, length_s in openings:
        for _ in range(round(length_s * 10)):
            if math.isnan(opening):
                eyes.unknown()
            else:
                eyes.add(opening, frame / 10, (frame + 1) / 10)
            frame += 1
    return eyes


def test_eyes_that_stay_below_the_limit_for_half_a_second_are_closed():
    eyes = eyes_of((0.35, 10), (0.1, 0.4), (0.35, 1), (0.1, 0.5), (0.35, 1), (0.19, 3))

    count, total_s, spells = eyes.closed()
    assert eyes.limit == 0.2
    assert count == 2
    assert total_s == pytest.approx(3.5)
    assert spells[0] == pytest.approx((11.4, 11.9))


def test_narrow_eyes_have_a_lower_limit():
    eyes = eyes_of((0.22, 10), (0.17, 2), (0.1, 1))

    assert eyes.usual == pytest.approx(0.225)
    assert eyes.limit == 0.14
    assert eyes.closed()[0] == 1


def test_eyes_that_are_too_narrow_to_tell_are_never_closed():
    eyes = eyes_of((0.1, 10), (0.02, 2))

    assert eyes.limit is None
    assert eyes.closed() == (0, 0.0, [])


def test_a_time_in_which_the_eyes_cannot_be_read_ends_a_spell():
    eyes = eyes_of((0.35, 10), (0.1, 0.4), (math.nan, 0.1), (0.1, 0.4))

    assert eyes.closed()[0] == 0
    assert eyes.known_s == pytest.approx(10.8)


def test_the_larger_angle_decides_the_direction():
    assert direction_of(15, -15) == "ahead"
    assert direction_of(-20, 10) == "left"
    assert direction_of(20, 10) == "right"
    assert direction_of(-20, 25) == "up"
    assert direction_of(0, -16) == "down"


def test_a_pose_beyond_the_map_is_at_its_edge():
    poses = PoseMap()
    poses.add(-170, 90, 1.0)
    poses.add(0, 0, 4.0)

    assert sorted(poses.bins()) == [(0, 17, 0.25), (12, 9, 1.0)]
    assert poses.known_s == 5.0


def test_slices_keep_their_sums_when_they_merge():
    slices = Slices(1)
    length_s = 3600.0
    for second in range(3600):
        slices.add(second, second + 1, ((0, 2.0),))

    count = slices.used(length_s)
    assert SLICES / 2 <= count <= SLICES
    assert slices.slice_s == FIRST_SLICE_S * 128
    assert sum(slices.column(0, count)) == pytest.approx(7200)
    assert slices.column(0, count)[0] == pytest.approx(2 * slices.slice_s)


def test_a_frame_between_two_slices_counts_in_both():
    slices = Slices(1)
    slices.add(0.04, 0.07, ((0, 1.0),))

    assert [*slices.column(0, 2)] == [pytest.approx(0.01), pytest.approx(0.02)]


def test_runs_join_neighbours_only():
    assert runs("aabba") == [("a", 0, 2), ("b", 2, 4), ("a", 4, 5)]
