from itertools import pairwise

import pytest

from facestream.analysis.degradation import DegradationLevel, DegradationState, next_degradation


def run(
    state: DegradationState, cost_ms: float, start_s: float, seconds: float, all_faces: float = 1.0
) -> tuple[DegradationState, list[DegradationLevel]]:
    steps = []
    for frame in range(round(30 * seconds)):
        state = next_degradation(state, cost_ms, start_s + frame / 30, budget_ms=25, all_faces=all_faces)
        steps.append(state.level)
    return state, steps


def test_frames_within_their_budget_need_no_degradation():
    _, steps = run(DegradationState(), 6.0, 0.0, 5.0)

    assert set(steps) == {DegradationLevel.NONE}


def test_costly_frames_step_down_one_by_one_to_the_last_level():
    _, steps = run(DegradationState(), 60.0, 0.0, 5.0)

    assert steps[-1] == DegradationLevel.FEWER_FACES
    assert all(later - earlier <= 1 for earlier, later in pairwise(steps))


def test_one_costly_frame_changes_nothing():
    state, _ = run(DegradationState(), 6.0, 0.0, 2.0)

    state = next_degradation(state, 90.0, 2.0, budget_ms=25)

    assert state.level == DegradationLevel.NONE


def test_it_steps_back_up_when_frames_cost_less():
    state, _ = run(DegradationState(), 60.0, 0.0, 5.0)

    _, steps = run(state, 5.0, 5.0, 12.0)

    assert steps[-1] == DegradationLevel.NONE


def test_it_does_not_oscillate_just_below_the_budget():
    state, _ = run(DegradationState(), 30.0, 0.0, 1.0)
    down = state.level

    _, steps = run(state, 22.0, 1.0, 10.0)

    assert steps[-1] >= down > DegradationLevel.NONE


def test_a_costly_first_frame_changes_nothing():
    state = next_degradation(DegradationState(), 300.0, 100.0, budget_ms=25)

    assert state.level == DegradationLevel.NONE


@pytest.mark.parametrize(("all_faces", "leaves"), [(1.0, True), (2.0, True), (2.5, False), (4.0, False)])
def test_few_faces_are_followed_until_all_of_them_fit_into_the_budget(all_faces: float, *, leaves: bool):
    state, _ = run(DegradationState(), 60.0, 0.0, 5.0)

    _, steps = run(state, 10.0, 5.0, 10.0, all_faces)

    assert (steps[-1] < DegradationLevel.FEWER_FACES) == leaves
