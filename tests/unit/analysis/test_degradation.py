from itertools import pairwise

from facestream.analysis.degradation import next_degradation
from facestream.analysis.faces import DegradationLevel
from facestream.analysis.tracking.tracks import Tracks


def run(
    tracks: Tracks, cost_ms: float, start_s: float, seconds: float
) -> tuple[Tracks, list[DegradationLevel]]:
    steps = []
    for frame in range(round(30 * seconds)):
        tracks = next_degradation(tracks, cost_ms, start_s + frame / 30, budget_ms=25)
        steps.append(tracks.degradation)
    return tracks, steps


def test_cheap_frames_need_no_economy():
    _, steps = run(Tracks(), 6.0, 0.0, 5.0)

    assert set(steps) == {DegradationLevel.NONE}


def test_dear_frames_step_down_one_by_one_to_the_last_step():
    _, steps = run(Tracks(), 60.0, 0.0, 5.0)

    assert steps[-1] == DegradationLevel.FEWER_FACES
    assert all(later - earlier <= 1 for earlier, later in pairwise(steps))


def test_one_dear_frame_changes_nothing():
    tracks, _ = run(Tracks(frame=10), 6.0, 0.0, 2.0)

    tracks = next_degradation(tracks, 90.0, 2.0, budget_ms=25)

    assert tracks.degradation == DegradationLevel.NONE


def test_it_steps_back_up_when_there_is_room():
    tracks, _ = run(Tracks(frame=10), 60.0, 0.0, 5.0)

    _, steps = run(tracks, 5.0, 5.0, 12.0)

    assert steps[-1] == DegradationLevel.NONE


def test_it_does_not_swing_just_below_the_budget():
    tracks, _ = run(Tracks(frame=10), 30.0, 0.0, 1.0)
    down = tracks.degradation

    _, steps = run(tracks, 22.0, 1.0, 10.0)

    assert steps[-1] >= down > DegradationLevel.NONE


def test_a_dear_first_frame_changes_nothing():
    tracks = next_degradation(Tracks(frame=1), 300.0, 100.0, budget_ms=25)

    assert tracks.degradation == DegradationLevel.NONE
