"""Every session of the server: admits, caps, drains, closes. The one owner of session tasks."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from facestream.config import Config
from facestream.errors import FacestreamError
from facestream.media.memory import give_back
from facestream.media.pipeline import StreamMemory
from facestream.media.pool import AnalysisPool
from facestream.session import Session
from facestream.signaling import Offer

logger = logging.getLogger(__name__)

DRAIN_DEADLINE_S = 8.0
TIDY_AFTER_S = 3.0


class ServerFullError(FacestreamError):
    """No more sessions now; try again later."""


class SessionRegistry:
    """Opens sessions and keeps their tasks until they end."""

    def __init__(self, config: Config, pool: AnalysisPool) -> None:
        self._config = config
        self._pool = pool
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Two threads: drawing is 1 ms and releases the GIL; more would compete with the analysis for the cores.
        self._drawing = ThreadPoolExecutor(2, thread_name_prefix="draw")
        self._tidying: asyncio.TimerHandle | None = None
        self._memories: dict[str, StreamMemory] = {}
        self._draining = False

    def __len__(self) -> int:
        return len(self._sessions)

    async def open(self, offer: Offer) -> tuple[Session, str]:
        """Admit a peer; returns its session and the answer's SDP. Raises ServerFullError, OfferError."""
        if self._draining:
            raise ServerFullError("the server is stopping; try again in a minute")
        memory = self._recall(offer.resume)
        served = sum(not session.leaving for session in self._sessions.values())
        if served >= self._config.max_sessions:
            raise ServerFullError(f"{served} of {self._config.max_sessions} places taken; try again soon")
        session = Session(self._config, self._pool, self._drawing, memory)
        self._sessions[session.id] = session
        try:
            answer_sdp = await session.accept(offer.description)
        except BaseException:
            del self._sessions[session.id]
            await session.close()
            raise
        task = asyncio.create_task(self._serve(session), name=f"{session.id}/session")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return session, answer_sdp

    def leave(self, session_id: str, reason: str) -> bool:
        """End that session; False where there is none."""
        session = self._sessions.get(session_id)
        if session is None:
            return False
        session.leave(reason)
        return True

    async def close(self) -> None:
        """Refuse new peers, tell the others, close them; may be called twice."""
        self._draining = True
        for session in self._sessions.values():
            session.notify("the server is stopping")
            session.leave("server stopping")
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_DEADLINE_S)
            for task in late:
                task.cancel()
        if self._tidying is not None:
            self._tidying.cancel()
        self._drawing.shutdown(wait=False)

    async def _serve(self, session: Session) -> None:
        try:
            await session.run()
        except Exception:
            # The session boundary: a fault in one session must not reach another.
            logger.exception("session %s: ended by a fault in the server", session.id)
        finally:
            self._sessions.pop(session.id, None)
            self._remember(session)
            self._tidy_soon()

    def _tidy_soon(self) -> None:
        """Once for all sessions that end together, when the last task of this one has ended, too."""
        if not self._draining and self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(TIDY_AFTER_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self._drawing.submit(give_back)

    def _remember(self, session: Session) -> None:
        """Keep what a reconnecting peer needs, for a while and for as many peers as may be served."""
        self._memories[session.resume_token] = session.memory()
        # By a timer and not when the next session ends: docs/privacy.md promises that it is gone by then.
        loop = asyncio.get_running_loop()
        loop.call_later(self._config.resume_s, self._memories.pop, session.resume_token, None)
        surplus = list(self._memories)[: max(0, len(self._memories) - self._config.max_sessions)]
        for token in surplus:
            del self._memories[token]

    def _recall(self, token: str) -> StreamMemory | None:
        """The memory of a token, once; a session that has not noticed its loss yet is ended."""
        for session in self._sessions.values():
            if token and session.resume_token == token:
                session.leave("its peer has connected anew")
                return session.memory()
        memory = self._memories.pop(token, None)
        if memory is None or time.monotonic() - memory.ended_s > self._config.resume_s:
            return None
        return memory
