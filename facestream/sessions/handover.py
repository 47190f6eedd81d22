"""Hand the state of a session to another node of the cluster, as bytes that the other node checks in every part.

The session goes on while its state is read. It ends when the gateway says that the peer has moved.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import Layer
from facestream.analysis.drawing.words import Language
from facestream.errors import NoStateError, OtherFormatError, StateError
from facestream.media.pipeline import ResumeState
from facestream.messages.cluster import MAX_STATE_BYTES
from facestream.messages.control import LANDMARKS_EVERY_S, FaceId, Probability
from facestream.messages.validation import FaceName, first_problem
from facestream.recording.record import MOST_FACES, EarlierRecord
from facestream.session_ids import SESSION_ID
from facestream.sessions.base import MAX_LINEAGE, Identity, Session
from facestream.sessions.resume import Kept, ResumeStates, session_of
from facestream.workers.tracks_json import (
    TracksJsonError,
    next_face_id,
    tracks_format,
    tracks_from_json,
    tracks_to_json,
)
from facestream.workers.worker import new_stream

FORMAT: Final = f"1-{tracks_format()}"
"""Of a state; nodes of different formats keep their sessions, and a peer that moves between them gets new ids."""
MOVED_FOR_S = 3600.0
MOST_MOVED = 10_000
"""Sessions whose new ids are known, a few hundred bytes each; beyond it, the one that moved first is forgotten."""


Count = Annotated[int, Field(ge=0, le=2**53)]
Seconds = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Id = Annotated[str, Field(pattern=f"^{SESSION_ID.pattern}$", max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Identity(_Strict):
    id: Id
    secret: Id


class _Notes(_Strict):
    """What the person has noted for the record of the session."""

    is_deleted: bool
    names: Annotated[dict[FaceId, FaceName], Field(max_length=MOST_FACES)]
    baselines: Annotated[dict[FaceId, dict[str, Probability]], Field(max_length=MOST_FACES)]


class _State(_Strict):
    """A state on the wire; `format` is checked before all else."""

    format: str
    lineage: Annotated[tuple[_Identity, ...], Field(min_length=1, max_length=MAX_LINEAGE)]
    notes: _Notes | None
    ended_ago_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    analysis_s: Seconds
    sequence: Count
    frames_in: Count
    frames_analysed: Count
    dropped: Count
    layers: Annotated[tuple[Layer, ...], Field(max_length=len(Layer))]
    background: Background
    mirror: bool
    language: Language
    landmarks_every_s: Annotated[float, Field(ge=0, le=LANDMARKS_EVERY_S[1], allow_inf_nan=False)]
    tracks: JsonValue


class _Format(BaseModel):
    format: str


def encode_state(kept: Kept) -> bytes:
    """A state for another node. If it is too large, the positions of the faces are left out; no id is used twice."""
    whole = _encode(kept, tracks_to_json(kept.state.tracks))
    if len(whole) <= MAX_STATE_BYTES:
        return whole
    return _encode(kept, tracks_to_json(new_stream(next_face_id(kept.state.tracks))))


def decode_state(content: bytes) -> Kept:
    """The state, checked in every part; raises StateError and OtherFormatError."""
    try:
        if (got := _Format.model_validate_json(content).format) != FORMAT:
            raise OtherFormatError(
                f"got a state of format {got[:50]!r}; this node has {FORMAT}: nodes of one version hand states over"
            )
        said = _State.model_validate_json(content)
        tracks = tracks_from_json(said.tracks)
    except ValidationError as error:
        raise StateError(f"not a state of a session ({first_problem(error, 'body')})") from error
    except TracksJsonError as error:
        raise StateError(f"not a state of a session ({error})") from error
    state = ResumeState(
        tracks=tracks,
        analysis_s=said.analysis_s,
        # The other machine has another monotonic clock.
        ended_s=time.monotonic() - said.ended_ago_s,
        sequence=said.sequence,
        frames_in=said.frames_in,
        frames_analysed=said.frames_analysed,
        dropped=said.dropped,
        layers=frozenset(said.layers),
        background=said.background,
        mirror=said.mirror,
        language=said.language,
        landmarks_every_s=said.landmarks_every_s,
    )
    record = None
    if (notes := said.notes) is not None:
        record = EarlierRecord("", notes.names, notes.baselines, notes.is_deleted)
    return Kept(state, tuple(Identity(each.id, each.secret) for each in said.lineage), record)


def _encode(kept: Kept, tracks: JsonValue) -> bytes:
    state, notes = kept.state, None
    if kept.record is not None:
        record = kept.record.earlier
        baselines = {face: dict(emotions) for face, emotions in record.baselines.items()}
        notes = _Notes(is_deleted=record.is_deleted, names=dict(record.names), baselines=baselines)
    said = _State(
        format=FORMAT,
        lineage=tuple(_Identity(id=each.id, secret=each.secret) for each in kept.lineage),
        notes=notes,
        ended_ago_s=max(0.0, time.monotonic() - state.ended_s),
        analysis_s=state.analysis_s,
        sequence=state.sequence,
        frames_in=state.frames_in,
        frames_analysed=state.frames_analysed,
        dropped=state.dropped,
        layers=tuple(sorted(Layer(layer) for layer in state.layers)),
        background=state.background,
        mirror=state.mirror,
        language=state.language,
        landmarks_every_s=state.landmarks_every_s,
        tracks=tracks,
    )
    return said.model_dump_json().encode()


class Handover:
    """The states that this node gives to others and gets from them, and where its sessions went."""

    def __init__(self, sessions: Callable[[], Collection[Session]], states: ResumeStates) -> None:
        """`sessions` returns those that run now; `states` are those of the ended ones."""
        self._sessions = sessions
        self._states = states
        self._moved: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """The id of the new session by that of the old one, and until when it is known."""

    def state_of(self, token: str) -> bytes:
        """The state that belongs to a resume token, which a running session keeps; raises NoStateError."""
        return encode_state(self._kept(token))

    def keep(self, token: str, content: bytes) -> None:
        """Keep a state of another node for its peer; raises StateError and OtherFormatError."""
        if not SESSION_ID.fullmatch(token):
            raise StateError("the token in the address is none")
        self._states.put(token, decode_state(content))

    def note_moved(self, token: str, session_id: str) -> None:
        """The peer of this token is served as another session elsewhere; raises StateError and NoStateError."""
        if not SESSION_ID.fullmatch(session_id):
            raise StateError("session_id: not the id of a session")
        kept = self._kept(token)
        if (session := session_of(token, self._sessions())) is not None:
            session.note_moved()
        self._states.drop(token)
        for earlier in kept.lineage:
            self._moved.pop(earlier.id, None)
            self._moved[earlier.id] = session_id, time.monotonic() + MOVED_FOR_S
        while len(self._moved) > MOST_MOVED:
            self._moved.popitem(last=False)

    def moved_to(self, session_id: str) -> str:
        """The id of the session that continues this one on another node; empty: it has not moved, as is known."""
        new_id, until_s = self._moved.get(session_id, ("", 0.0))
        return new_id if time.monotonic() < until_s else ""

    def _kept(self, token: str) -> Kept:
        kept = self._states.peek(token, self._sessions())
        if kept is None:
            raise NoStateError(
                "no state for this resume token: its session is unknown, has moved, or ended too long ago"
            )
        return kept
