"""Tracks as JSON: exact, and nothing but tracks comes back."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from facestream.analysis.degradation import DegradationLevel, DegradationState
from facestream.analysis.detection.detector import Hint
from facestream.analysis.detection.hints import Visit
from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import Gaze, QualityHint, UnsureReason
from facestream.analysis.gaze import GazeState
from facestream.analysis.quality import Measures, Quality
from facestream.analysis.tracking.blinks import Eyes
from facestream.analysis.tracking.changes import Searched
from facestream.analysis.tracking.expression import Brows, Rest
from facestream.analysis.tracking.eye_spells import EyeSpell
from facestream.analysis.tracking.lips import Lips
from facestream.analysis.tracking.smoothing import Steady
from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.analysis.tracking.yawns import Mouth
from facestream.workers.tracks_json import (
    TracksJsonError,
    _describe,
    next_face_id,
    tracks_format,
    tracks_from_json,
    tracks_to_json,
)
from facestream.workers.worker import NEW_STREAM, pack_tracks, unpack_tracks

CHANCE = np.random.default_rng(3)


def landmarks() -> Any:
    return CHANCE.normal(300, 99, (68, 2)).astype(np.float32)


def track(number: int) -> Track:
    return Track(
        number,
        landmarks(),
        12345.678901234567,
        velocity_xy=(0.1, -3.0),
        confirmed_xy=landmarks(),
        score=0.75,
        points_off=0.125,
        shows_face=False,
        failed_looks=1,
        steady=Steady(landmarks(), landmarks(), 1 / 3),
        emotion_state=EmotionState((0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1), "happy", 7.5, True, 0.125, 0.3),
        detail=0.625,
        eyes=Eyes(0.31, 3.25, 4, 5.125),
        eye_spell=EyeSpell(2.5, 0.3, 1, 5.125),
        mouth=Mouth(1.0, None, True, 2, 5.125),
        rest=Rest((50.0, 1.5, 18.25), 12.5, 5.125),
        brows=Brows(-0.25, 5.375),
        lips=Lips(0.21, 0.5, 1 / 3, 5.125),
        gaze=GazeState((4.5, -3.0), (1.0, 2.0), 3.5, 5.0, 5.125, Gaze.LEFT),
        unsure=UnsureReason.BLURRED,
        quality=Quality(
            Measures(0.5, 1e-9, 3.0, 4.0, 5.0, 6.0, 0.25, 0.5, 0.75),
            1.0,
            2.0,
            (QualityHint.DARK, QualityHint.FAR),
        ),
    )


TRACKS = Tracks(
    followed=(track(3), track(9)),
    lost=(track(4),),
    aside=(Track(5, landmarks(), 1.0),),
    next_id=10,
    steps_due=(2, 6),
    turn=3,
    finer_step=5,
    searched=Searched(
        CHANCE.integers(-1, 128, (48, 80)).astype(np.int8), CHANCE.integers(0, 2, (12, 20)).astype(np.bool_)
    ),
    hints=(Hint((1.5, 2.25), 0.125),),
    visits=(Visit((1 / 3, 4.0), 0.25, 6.5),),
    blank_since_s=7.25,
    thumbnail=CHANCE.integers(0, 256, (12, 16)).astype(np.uint8),
    size_wh=(640, 480),
    degradation=DegradationState(DegradationLevel.FEWER_FACES, 1.5, None),
)


def plain(value: object) -> object:
    """Values that `==` can compare."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.tolist()
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return tuple(map(plain, value)) if isinstance(value, tuple) else (type(value), value)


def test_tracks_are_the_same_after_the_way_through_json():
    text = json.dumps(tracks_to_json(pack_tracks(TRACKS)), allow_nan=False)

    back = unpack_tracks(tracks_from_json(json.loads(text)))

    assert plain(back) == plain(TRACKS)
    assert next_face_id(pack_tracks(TRACKS)) == 10


def test_a_stream_without_frames_has_no_tracks():
    assert tracks_to_json(NEW_STREAM) is None
    assert tracks_from_json(None) == NEW_STREAM


def test_the_format_depends_on_the_fields_and_not_on_the_versions_of_python_and_numpy():
    """Nodes of a cluster may run different ones."""
    known: dict[str, Any] = {}
    _describe(Tracks, known)

    assert known["Tracks"]["followed"] == "tuple(Track, ...)"
    assert known["Track"]["confirmed_xy"] == "union(float32[68, 2], NoneType)"
    assert known["Track"]["score"] == "union(float, NoneType)"
    assert known["Eyes"]["blinks"] == "int"
    assert known["UnsureReason"]["BLURRED"] == "blurred"
    assert known["DegradationLevel"]["NONE"] == "0"
    assert len(tracks_format()) == 16


def changed(**fields: object) -> Any:
    found: Any = tracks_to_json(pack_tracks(TRACKS))
    return {**found, **fields}


def changed_track(**fields: object) -> Any:
    found: Any = tracks_to_json(pack_tracks(TRACKS))
    found["followed"][0].update(fields)
    return found


def changed_within(name: str, **fields: object) -> Any:
    found: Any = tracks_to_json(pack_tracks(TRACKS))
    found["followed"][0][name].update(fields)
    return found


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([], "tracks"),
        ("text", "tracks"),
        ({}, "tracks"),
        (changed(of_tomorrow=1), "tracks"),
        (changed(next_id="7"), "tracks.next_id"),
        (changed(next_id=True), "tracks.next_id"),
        (changed(next_id=10**30), "tracks.next_id"),
        (changed(searched_s=float("nan")), "tracks.searched_s"),
        (changed(searched_s=float("inf")), "tracks.searched_s"),
        (changed(size_wh=[640]), "tracks.size_wh"),
        (changed(followed=[None]), "tracks.followed"),
        (changed(followed=[{}] * 1001), "tracks.followed"),
        (changed(thumbnail="AAAA"), "tracks.thumbnail"),
        (changed(degradation={"level": 9, "since_s": None, "average_ms": None}), "tracks.degradation.level"),
        (changed_track(landmarks_xy="no base64!"), "tracks.followed.landmarks_xy"),
        (changed_track(landmarks_xy="AADAfw==" * 136), "tracks.followed.landmarks_xy"),
        (changed_track(landmarks_xy=None), "tracks.followed.landmarks_xy"),
        (changed_track(unsure="tomorrow"), "tracks.followed.unsure"),
        (changed_track(emotion_state=[]), "tracks.followed.emotion_state"),
        (changed(next_id=10**400), "tracks.next_id"),
        (changed(searched_s=10**400), "tracks.searched_s"),
        (changed(turn=-1), "tracks.turn"),
        (changed(next_id=0), "tracks"),
        (changed_track(id=0), "tracks"),
        (changed_within("eyes", blinks=-1), "tracks.followed.eyes.blinks"),
        (changed_within("mouth", yawns=-1), "tracks.followed.mouth.yawns"),
        (changed_within("rest", measures_mm=[50.0, 1.5]), "tracks.followed.rest"),
        (changed_within("rest", seconds=-1.0), "tracks.followed.rest"),
        (changed_within("gaze", direction_deg=[4.5]), "tracks.followed.gaze"),
        (changed_within("gaze", usual_deg=[1.0] * 3), "tracks.followed.gaze"),
        (changed_within("emotion_state", probabilities=[1.0] * 7), "tracks.followed.emotion_state"),
        (
            changed_within("emotion_state", probabilities=[1.5, -0.5] + [0.0] * 5),
            "tracks.followed.emotion_state",
        ),
    ],
)
def test_what_is_not_tracks_is_rejected_with_the_place(value: Any, where: str):
    with pytest.raises(TracksJsonError, match=rf"^{where}: "):
        tracks_from_json(value)


def test_landmarks_that_are_no_numbers_are_rejected():
    import base64

    nan = base64.b64encode(np.full((68, 2), np.nan, np.float32).tobytes()).decode()

    with pytest.raises(TracksJsonError, match="out of range"):
        tracks_from_json(changed_track(landmarks_xy=nan))
