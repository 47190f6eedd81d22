"""Every session of the server: admits, caps, drains, closes. The one owner of session tasks."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterator

from facestream import logs
from facestream.config import Config
from facestream.config.cores import usable_cores
from facestream.ice.addresses import offers_loopback
from facestream.ice.answer import has_relay
from facestream.ice.candidates import CandidatePolicy
from facestream.ice.relays import IceRelays
from facestream.media.pipeline import ResumeState
from facestream.messages.telemetry import NoticeCode
from facestream.metrics import Measures, StreamCounts
from facestream.sessions.admission import ActiveSession, Admission, ServerFullError, address_key
from facestream.sessions.base import Session, SessionInfo
from facestream.sessions.jpeg import JpegSession, JpegSocket
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import Offer
from facestream.workers.pool import AnalysisPool
from facestream.workers.shortage import started_threads, trim_memory

logger = logging.getLogger(__name__)

DRAIN_DEADLINE_S = 8.0
TIDY_AFTER_S = 3.0
RESUME_STATES_PER_SESSION = (
    4  # a few kB each; lost peers may reconnect after other peers have taken their places
)
MEASURE_EVERY_S = 1.0


class SessionRegistry:
    """Opens sessions and keeps their tasks until they end."""

    def __init__(self, config: Config, pool: AnalysisPool) -> None:
        self.measures = Measures()
        self._config = config
        self._pool = pool
        self.relays = IceRelays(config.server_ice_urls, config.credential_source())
        """The STUN and TURN servers of this side; who runs the server runs them, too."""
        self.candidate_policy = CandidatePolicy(
            config.remote_candidates,
            "offered" if offers_loopback() else "not offered",
            config.max_candidates,
        )
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Two threads: drawing is 1 ms and releases the GIL; more would compete with the analysis for the cores.
        self._drawing = started_threads(2, "draw")
        # Separate threads, so that neither JPEGs nor garbage collection delays drawing.
        self._jpeg = started_threads(2, "jpeg")
        self._tidying_thread = started_threads(1, "tidy")
        self._tidying: asyncio.TimerHandle | None = None
        self._resume_states: dict[str, ResumeState] = {}
        self._resuming: set[str] = set()
        """Resume tokens of the sessions whose peers are reconnecting."""
        self._draining = False
        self._admission = Admission(config, usable_cores())
        self._measuring: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def draining(self) -> bool:
        """Whether the server is stopping and admits nobody."""
        return self._draining

    def by_kind(self) -> Counter[str]:
        """How many sessions of each kind there are."""
        return Counter(session.kind for session in self._sessions.values())

    def frames(self) -> StreamCounts:
        """What became of the frames of all sessions since the start."""
        return self.measures.frames(session.counts() for session in self._sessions.values())

    def check_request_rate(self, remote: str) -> None:
        """Count a wish of the address `remote`, before anything of it is read; raises TooManyError."""
        self._admission.check_request_rate(address_key(remote), time.monotonic())

    async def open(self, offer: Offer, remote: str = "") -> tuple[WebRtcSession, str]:
        """Admit a peer; returns its session and the answer's SDP. Raises ServerFullError, TooManyError, OfferError."""
        # Before the peer is admitted: nothing may be awaited between that and its place in the table.
        ice_servers = await self.relays.current()
        with self._admitted(remote, offer.resume):
            session = WebRtcSession(self._config, self._pool, self._drawing, ice_servers)
            session.address = address_key(remote)
            self._sessions[session.id] = session
            try:
                with logs.of_session(session.id):
                    answer_sdp = await session.accept(offer)
            except BaseException:
                del self._sessions[session.id]
                await session.close()
                raise
            self._keep(session, offer.resume)
        if self.relays.has_turn and not has_relay(answer_sdp):
            self.relays.check_again()
        return session, answer_sdp

    def open_jpeg(self, socket: JpegSocket, resume: str, remote: str = "") -> JpegSession:
        """Admit a peer that sends its pictures over a socket; raises ServerFullError, TooManyError."""
        with self._admitted(remote, resume):
            session = JpegSession(self._config, self._pool, self._drawing, self._jpeg, socket)
            session.address = address_key(remote)
            self._sessions[session.id] = session
            self._keep(session, resume)
        return session

    def get(self, session_id: str) -> Session | None:
        """The session of that id; None where there is none."""
        return self._sessions.get(session_id)

    def session_infos(self) -> list[SessionInfo]:
        """How each session stands now."""
        now_s = time.monotonic()
        return [session.info(now_s) for session in self._sessions.values()]

    async def close(self) -> None:
        """Refuse new peers, tell the others, close them; may be called twice."""
        self._draining = True
        for session in self._sessions.values():
            session.leave("server stopping", NoticeCode.STOPPING, "the server is stopping")
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_DEADLINE_S)
            for task in late:
                task.cancel()
        for timer in (self._tidying, self._measuring):
            if timer is not None:
                timer.cancel()
        for threads in (self._drawing, self._jpeg, self._tidying_thread):
            threads.shutdown(wait=False)

    @contextlib.contextmanager
    def _admitted(self, remote: str, resume: str) -> Iterator[None]:
        """Reject a peer that the server cannot serve now; raises ServerFullError, TooManyError.

        A reconnect does not count in addition to its own old session, which continues until the new one is set up: a
        rejected or failed reconnect loses nothing. Only one reconnect per token at a time is exempt.
        """
        if self._draining:
            raise ServerFullError("the server is stopping; try again in a minute")
        replaced = self._session_of(resume) if resume not in self._resuming else None
        now_s = time.monotonic()
        served = (
            self._active(session, now_s)
            for session in self._sessions.values()
            if not session.leaving and session is not replaced
        )
        self._admission.admit(address_key(remote), served, self._pool.alive, now_s)
        if replaced is None:
            yield
            return
        self._resuming.add(resume)
        try:
            yield
        finally:
            self._resuming.discard(resume)

    def _active(self, session: Session, now_s: float) -> ActiveSession:
        return ActiveSession(
            session.address,
            session.connecting,
            session.fps_in(now_s),
            session.fps_possible(now_s),
            self._admission.cost.of(session.id),
        )

    def _keep(self, session: Session, resume: str) -> None:
        """Serve an admitted peer; continue where the session of its resume token ended."""
        memory = self._take_resume_state(resume)
        if memory is not None:
            session.resume(memory)
        if self._measuring is None:
            self._measure()
        self.measures.opened[session.kind] += 1
        task = asyncio.create_task(self._serve(session), name=f"{session.id}/session")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, session: Session) -> None:
        fault = ""
        try:
            with logs.of_session(session.id):
                await session.run()
        except Exception:
            fault = "fault in the server"
            # The session boundary: a fault in one session must not reach another.
            logger.exception("session %s: ended by a fault in the server", session.id)
        finally:
            self._sessions.pop(session.id, None)
            if isinstance(session, WebRtcSession):
                self.measures.ice[session.path or "none"] += 1
            self.measures.session_ended(session.kind, fault or session.ending, session.counts())
            self._admission.note_ending(time.monotonic())
            self._keep_resume_state(session)
            self._tidy_soon()

    def _measure(self) -> None:
        """What a frame costs now; again and again while anybody is served."""
        self._measuring = None
        uses = {session.id: session.use for session in self._sessions.values()}
        self._admission.cost.measure(time.monotonic(), time.process_time(), uses)
        if self._sessions and not self._draining:
            loop = asyncio.get_running_loop()
            self._measuring = loop.call_later(MEASURE_EVERY_S, self._measure)

    def _tidy_soon(self) -> None:
        """Once for all sessions that end together, when the last task of this one has ended, too."""
        if not self._draining and self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(TIDY_AFTER_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self._tidying_thread.submit(trim_memory)

    def _keep_resume_state(self, session: Session) -> None:
        """Keep the state that a reconnecting peer needs, for a limited time and number of peers."""
        if session.handed_over or not session.frames_in:
            # Nothing to resume; and empty sessions must not displace the state of other peers.
            return
        self._resume_states[session.resume_token] = session.resume_state()
        # By a timer and not when the next session ends: docs/privacy.md promises that it is gone by then.
        loop = asyncio.get_running_loop()
        loop.call_later(self._config.resume_s, self._resume_states.pop, session.resume_token, None)
        most = RESUME_STATES_PER_SESSION * self._config.max_sessions
        for token in list(self._resume_states)[: max(0, len(self._resume_states) - most)]:
            del self._resume_states[token]

    def _session_of(self, token: str) -> Session | None:
        """The session of a resume token, if it has not ended yet."""
        found = (session for session in self._sessions.values() if token and session.resume_token == token)
        return next((session for session in found if not session.handed_over), None)

    def _take_resume_state(self, token: str) -> ResumeState | None:
        """The memory of a token, once; a session that has not noticed its loss yet is ended."""
        session = self._session_of(token)
        if session is not None:
            detail = "this session continues in another connection of the same peer"
            session.leave("its peer has connected anew", NoticeCode.REPLACED, detail)
            session.handed_over = True
            return session.resume_state()
        memory = self._resume_states.pop(token, None)
        if memory is None or time.monotonic() - memory.ended_s > self._config.resume_s:
            return None
        return memory
