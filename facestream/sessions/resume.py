"""Keep the state of ended sessions for peers that reconnect: for a limited time, for a limited number of peers."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from facestream.config import Config
from facestream.media.pipeline import ResumeState
from facestream.recording.record import EarlierRecord, SessionRecord
from facestream.sessions.base import Identity, Session
from facestream.sessions.ending import Ending

STATES_PER_SESSION = 4
"""States kept for each of `max_sessions`, a few kB each: other peers may be served before the lost ones reconnect."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the next session of a peer continues from."""

    state: ResumeState
    lineage: tuple[Identity, ...]
    """The session and those that it had continued itself."""
    record: SessionRecord | EarlierRecord | None
    """What is kept of the session in files, here or on another node; None: nothing."""


class ResumeStates:
    """The states of ended sessions by resume token."""

    def __init__(self, config: Config) -> None:
        self._keep_s = config.resume_s
        self._most = STATES_PER_SESSION * config.max_sessions
        self._states: dict[str, Kept] = {}

    def __len__(self) -> int:
        return len(self._states)

    def keep(self, session: Session) -> None:
        """Keep the state of an ended session, unless it has none or a new session has it already."""
        if session.handed_over or not session.frames_in:
            # A session without frames must not displace the state of another peer.
            return
        self.put(session.resume_token, _kept(session))

    def put(self, token: str, kept: Kept) -> None:
        """Keep a state for the rest of its time."""
        self._states.pop(token, None)
        self._states[token] = kept
        # By a timer and not when the next session ends: docs/privacy.md promises that it is deleted by then.
        left_s = self._keep_s - (time.monotonic() - kept.state.ended_s)
        asyncio.get_running_loop().call_later(max(0.0, left_s), self._expire, token, kept)
        if len(self._states) > self._most:
            del self._states[next(iter(self._states))]  # the oldest

    def take(self, token: str, sessions: Iterable[Session]) -> Kept | None:
        """The state that belongs to a token, once; None if there is none.

        Ends the session of that token if it is still open: a session whose lost connection is not yet detected.
        """
        session = session_of(token, sessions)
        if session is not None:
            session.request_end(
                Ending.RESUMED, "this session continues in another connection of the same peer"
            )
            session.handed_over = True
            return _kept(session)
        kept = self._valid(token)
        self.drop(token)
        return kept

    def peek(self, token: str, sessions: Iterable[Session]) -> Kept | None:
        """The same without taking it: a session that is still open goes on, and its state with it."""
        session = session_of(token, sessions)
        return _kept(session) if session is not None else self._valid(token)

    def drop(self, token: str) -> None:
        """Keep the state no longer."""
        self._states.pop(token, None)

    def _valid(self, token: str) -> Kept | None:
        kept = self._states.get(token)
        if kept is None or time.monotonic() - kept.state.ended_s > self._keep_s:
            return None
        return kept

    def _expire(self, token: str, kept: Kept) -> None:
        # A gateway may send a newer state of the same token meanwhile.
        if self._states.get(token) is kept:
            self.drop(token)


def _kept(session: Session) -> Kept:
    return Kept(session.resume_state(), session.lineage, session.record)


def session_of(token: str, sessions: Iterable[Session]) -> Session | None:
    """The session with that resume token, unless its state has been taken; None for an empty token."""
    found = (session for session in sessions if token and session.resume_token == token)
    return next((session for session in found if not session.handed_over), None)
