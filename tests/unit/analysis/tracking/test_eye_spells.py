"""Eyes that stay closed for longer than a blink."""

import pytest

from facestream.analysis.faces import HeadPose
from facestream.analysis.tracking.blinks import LONGEST_S, NO_EYES, next_eyes
from facestream.analysis.tracking.eye_spells import NO_EYE_SPELL, EyeSpell, next_eye_spell

OPEN, CLOSED = 0.3, 0.06
AHEAD = HeadPose(0.0, 0.0, 0.0)


def watch(*parts: tuple[float, float], fps: float = 30.0, pose: HeadPose | None = AHEAD) -> list[EyeSpell]:
    """The states of parts, each an opening and for how many seconds."""
    eyes, spell, states = NO_EYES, NO_EYE_SPELL, list[EyeSpell]()
    for opening, seconds in parts:
        for _ in range(round(seconds * fps)):
            time_s = len(states) / fps
            eyes = next_eyes(eyes, opening, time_s)
            spell = next_eye_spell(spell, opening, eyes.usual_opening, pose, time_s)
            states.append(spell)
    return states


@pytest.mark.parametrize("fps", [10, 30, 60])
@pytest.mark.parametrize("usual", [0.17, 0.3, 0.42])
def test_eyes_that_are_closed_for_three_seconds_are_one_spell(fps: float, usual: float):
    states = watch((usual, 2), (0.25 * usual, 3), (usual, 1), fps=fps)

    assert states[-1].count == 1
    assert states[-1].length_s == 0
    assert max(state.length_s for state in states) == pytest.approx(3, abs=2 / fps)


def test_a_blink_is_no_spell():
    states = watch((OPEN, 1), (CLOSED, 0.2), (OPEN, 1), (CLOSED, LONGEST_S - 0.1), (OPEN, 1))

    assert max(state.length_s for state in states) == 0
    assert states[-1].count == 0


def test_a_spell_counts_while_it_lasts():
    assert watch((OPEN, 1), (CLOSED, 1.5))[-1].count == 1


def test_eyes_that_stay_closed_for_a_minute_are_one_spell_although_the_usual_opening_falls():
    states = watch((OPEN, 2), (0.12, 60))

    assert states[-1].count == 1
    assert states[-1].length_s == pytest.approx(60, abs=0.1)


def test_eyes_that_were_closed_from_the_first_frame_on_are_a_spell():
    assert watch((CLOSED, 2))[-1].length_s == pytest.approx(2, abs=0.1)


def test_a_smile_that_narrows_the_eyes_is_no_spell():
    assert watch((OPEN, 2), (0.7 * OPEN, 3))[-1].count == 0


def test_wide_eyes_that_become_normal_are_no_spell():
    assert watch((0.48, 3), (0.25, 3))[-1].count == 0


def test_a_gap_ends_a_spell_because_nobody_has_seen_the_eyes():
    spell = watch((OPEN, 1), (CLOSED, 2))[-1]

    later = next_eye_spell(spell, CLOSED, OPEN, AHEAD, spell.time_s + 5)

    assert later.length_s == 0
    assert later.count == 1


@pytest.mark.parametrize("pose", [HeadPose(35.0, 0.0, 0.0), HeadPose(-35.0, 0.0, 0.0), None])
def test_no_spell_begins_while_the_head_is_turned_too_far_to_see_the_lids(pose: HeadPose | None):
    states = watch((OPEN, 1), (CLOSED, 3), pose=pose)

    assert max(state.length_s for state in states) == 0
    assert states[-1].count == 0


def test_a_turned_head_ends_a_spell_and_later_ones_count_anew():
    spell = watch((OPEN, 1), (CLOSED, 2))[-1]

    turned = next_eye_spell(spell, CLOSED, OPEN, HeadPose(35.0, 0.0, 0.0), spell.time_s + 0.1)
    back = next_eye_spell(turned, CLOSED, OPEN, AHEAD, turned.time_s + 0.1)

    assert (turned.length_s, back.length_s) == (0, 0)
    assert back.count == 1
