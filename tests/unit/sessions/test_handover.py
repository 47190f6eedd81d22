"""The state of a session for another node: exact, bounded, and checked in every part."""

import asyncio
import contextlib
import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import Layer
from facestream.analysis.drawing.words import Language
from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.config import Config
from facestream.errors import NoStateError, OtherFormatError, StateError
from facestream.media.analysis_clock import AnalysisClock
from facestream.media.pipeline import ResumeState
from facestream.messages.cluster import MAX_STATE_BYTES
from facestream.recording.record import EarlierRecord
from facestream.session_ids import new_id
from facestream.sessions.base import MAX_LINEAGE, Identity
from facestream.sessions.handover import (
    FORMAT,
    MOST_MOVED,
    Handover,
    decode_state,
    encode_state,
)
from facestream.sessions.resume import Kept, ResumeStates
from facestream.workers.worker import pack_tracks, unpack_tracks
from tests.unit.workers.test_tracks_json import TRACKS

RECORD = EarlierRecord("a folder", {3: "Ada"}, {3: {"happy": 1.0}}, is_deleted=False)


def kept(tracks: Tracks = TRACKS, record: EarlierRecord | None = RECORD, ended_ago_s: float = 0.0) -> Kept:
    state = ResumeState(
        tracks=pack_tracks(tracks),
        analysis_s=987654.321,
        ended_s=time.monotonic() - ended_ago_s,
        sequence=41,
        frames_in=50,
        frames_analysed=40,
        dropped=9,
        layers=frozenset({Layer.BOX, Layer.POSE}),
        background=Background.BLUR,
        mirror=True,
        language=Language.GERMAN,
        landmarks_every_s=0.5,
    )
    return Kept(state, (Identity(new_id("a"), new_id()), Identity(new_id("b"), new_id())), record)


CONTENT = encode_state(kept())


def test_a_state_is_the_same_at_the_other_node_but_for_the_clock_and_the_folder():
    before = kept(ended_ago_s=5.0)

    after = decode_state(encode_state(before))

    for name in ("analysis_s", "sequence", "frames_in", "frames_analysed", "dropped", "layers", "background",
                 "mirror", "language", "landmarks_every_s"):  # fmt: skip
        assert getattr(after.state, name) == getattr(before.state, name)
    assert unpack_tracks(after.state.tracks).next_id == TRACKS.next_id
    assert after.lineage == before.lineage
    assert after.record == EarlierRecord("", RECORD.names, RECORD.baselines, is_deleted=False)
    assert after.state.ended_s == pytest.approx(before.state.ended_s, abs=1.0)


def test_the_time_of_the_analysis_goes_on_from_that_of_the_other_machine():
    clock = AnalysisClock(by_pts=False)

    clock.resume(decode_state(CONTENT).state.analysis_s)

    assert clock.time_s(0.0, time.monotonic()) == pytest.approx(987654.321, abs=1.0)


def test_of_a_state_that_is_too_large_only_the_next_number_of_a_face_is_left():
    many = tuple(Track(number, np.zeros((68, 2), np.float32), 1.0) for number in range(1, 500))

    content = encode_state(kept(Tracks(followed=many, next_id=500)))

    assert len(content) < MAX_STATE_BYTES
    tracks = unpack_tracks(decode_state(content).state.tracks)
    assert (tracks.followed, tracks.next_id) == ((), 500)


def test_a_state_of_another_version_has_an_error_of_its_own():
    with pytest.raises(OtherFormatError, match=FORMAT):
        decode_state(CONTENT.replace(FORMAT.encode(), b"0-other"))


def said() -> dict[str, Any]:
    return dict(json.loads(CONTENT))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lineage", []),
        ("lineage", [{"id": "a.x", "secret": new_id()}]),
        ("lineage", [{"id": new_id(), "secret": new_id()}] * (MAX_LINEAGE + 1)),
        ("notes", {"is_deleted": False, "names": {"1": "x" * 65}, "baselines": {}}),
        ("notes", {"is_deleted": False, "names": {str(i): "x" for i in range(1, 202)}, "baselines": {}}),
        ("notes", {"is_deleted": False, "names": {}, "baselines": {"1": {"happy": 2.0}}}),
        ("ended_ago_s", -1),
        ("analysis_s", 1e300),
        ("sequence", -1),
        ("frames_in", 2**60),
        ("layers", ["everything"]),
        ("landmarks_every_s", 1e9),
        ("tracks", {"followed": []}),
        ("of_tomorrow", 1),
    ],
)
def test_a_wrong_part_is_rejected_and_named(field: str, value: object):
    content = json.dumps({**said(), field: value}).encode()

    with pytest.raises(StateError, match=field):
        decode_state(content)


@given(place=st.integers(0, len(CONTENT) - 1), piece=st.binary(max_size=6))
def test_damaged_bytes_are_rejected_or_a_state(place: int, piece: bytes):
    damaged = CONTENT[:place] + piece + CONTENT[place + len(piece) :]

    with contextlib.suppress(StateError, OtherFormatError):
        decode_state(damaged)


async def test_a_state_of_another_node_is_taken_once_and_expires():
    states = ResumeStates(Config(resume_s=0.4))
    handover = Handover(list, states)
    token, other = new_id("a"), new_id("a")

    handover.keep(token, CONTENT)
    handover.keep(other, CONTENT)
    taken = states.take(token, [])
    again = states.take(token, [])
    await asyncio.sleep(0.45)

    assert taken is not None
    assert again is None
    assert not len(states), "the other one has expired"


async def test_a_state_that_ended_long_ago_is_not_kept_longer_by_moving():
    handover = Handover(list, ResumeStates(Config(resume_s=10.0)))
    token = new_id("a")

    handover.keep(token, encode_state(kept(ended_ago_s=20.0)))

    with pytest.raises(NoStateError):
        handover.state_of(token)


async def test_all_sessions_that_it_continues_lead_to_the_new_one():
    states = ResumeStates(Config())
    handover = Handover(list, states)
    token, new = new_id("a"), new_id("b")
    state = kept()
    states.put(token, state)

    handover.note_moved(token, new)

    assert [handover.moved_to(each.id) for each in state.lineage] == [new, new]
    assert handover.moved_to(new_id("a")) == ""
    with pytest.raises(NoStateError):
        handover.state_of(token)


async def test_the_memory_for_moved_sessions_is_bounded():
    states = ResumeStates(Config())
    handover = Handover(list, states)
    first = ""
    for number in range(MOST_MOVED // 2 + 1):
        token, state = new_id("a"), kept(Tracks(), None)
        states.put(token, state)
        handover.note_moved(token, new_id("b"))
        first = first or state.lineage[0].id
        assert number or handover.moved_to(first)

    assert handover.moved_to(first) == ""
    assert len(handover._moved) == MOST_MOVED
