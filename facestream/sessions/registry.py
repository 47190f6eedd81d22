"""Open, count and close all sessions of the server; the only owner of their tasks.

sessions/admission.py decides whether a new session is admitted.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from facestream import logs
from facestream.config import Config
from facestream.config.cores import usable_cores
from facestream.errors import NoPortError, TooManyListenersError
from facestream.ice.addresses import offers_loopback
from facestream.ice.answer import has_relay
from facestream.ice.candidates import CandidatePolicy
from facestream.ice.relays import IceServerChoice
from facestream.ice.servers import CredentialSource
from facestream.media.listeners import Listener
from facestream.media.threads import MediaThreads
from facestream.messages.http import SessionInfo
from facestream.metrics import Measures, StreamCounts
from facestream.recording.recorder import Recorder
from facestream.sessions.admission import (
    ActiveSession,
    Admission,
    DrainingError,
    RejectionReason,
    address_key,
)
from facestream.sessions.base import Session
from facestream.sessions.draining import Drain
from facestream.sessions.ending import Ending
from facestream.sessions.handover import Handover
from facestream.sessions.jpeg import JpegSession, JpegSocket
from facestream.sessions.resume import ResumeStates, session_of
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import Offer
from facestream.workers.pool import AnalysisPool
from facestream.workers.shortage import started_threads, trim_memory

logger = logging.getLogger(__name__)

DRAIN_DEADLINE_S = 8.0
TRIM_AFTER_S = 3.0  # sessions often end together, and their last tasks end a little later
MEASURE_EVERY_S = 1.0
MAX_LISTENERS_PER_SESSION = 8
"""Programs that may listen to one session at once."""
MAX_LISTENERS = 64
"""To all sessions together; each may take 0.7 MB."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the server is at one moment."""

    places: int
    """Sessions that would be admitted beside the present ones."""
    frame_s: float
    """Core seconds of an ordinary frame."""
    fps: float
    """Frames per second that arrive, of all sessions together."""
    cores: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a peer asks for when it opens a session."""

    resume: str = ""
    """The resume token of its lost connection; empty: a new session."""
    first_face_id: int = 1
    record: bool = True
    """False: nothing of the session may be kept."""
    record_days: int = 0
    """For how many days it may be kept at most; 0: for as long as the server keeps records."""


class SessionRegistry:
    """Opens sessions and owns their tasks until they end."""

    def __init__(
        self,
        config: Config,
        pool: AnalysisPool,
        credentials: CredentialSource,
        recorder: Recorder | None = None,
        node: str = "",
    ) -> None:
        self.measures = Measures()
        self.recorder = recorder
        """Keeps the results of sessions; None: they are not kept."""
        self.node = node
        """What this server is called in the ids of its sessions; empty: it belongs to no cluster."""
        self._config = config
        self._pool = pool
        self.credentials = credentials
        """Makes the TURN credentials of this server and of its peers."""
        self.relays = IceServerChoice(config.server_ice_urls, credentials)
        """The STUN and TURN servers that sessions of this server use."""
        self.candidate_policy = CandidatePolicy(
            config.remote_candidates,
            "offered" if offers_loopback() else "not offered",
            config.max_candidates,
        )
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # For frames that are hidden or mirrored without an analysis: workers annotate all others.
        self._drawing = MediaThreads(2, "draw")
        # Separate threads, so that neither JPEGs nor garbage collection delays drawing.
        self._jpeg = MediaThreads(2, "jpeg")
        self._trimming_thread = started_threads(1, "trim")
        self._trimming: asyncio.TimerHandle | None = None
        self._resume_states = ResumeStates(config)
        self._resuming: set[str] = set()
        """Resume tokens of the peers that are reconnecting now."""
        self.drain = Drain(self._sessions.values)
        """Of a node of a cluster, whose process goes on after it."""
        self.handover = Handover(self._sessions.values, self._resume_states)
        """The states that it gives to other nodes and gets from them."""
        self._stopping = False
        self._ports_free = True
        """Whether the last offer that got as far as its media ports got one."""
        self._drained_by_s = 0.0
        """When a drain ends the sessions that are late, on the monotonic clock."""
        self._admission = Admission(config, usable_cores())

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def draining(self) -> bool:
        """Whether the server is stopping or being drained, and admits no more peers."""
        return self._stopping or self.drain.is_active

    @property
    def resumable(self) -> int:
        """Ended sessions whose peers may still resume them."""
        return len(self._resume_states)

    def load(self) -> Load:
        """How busy the server is now."""
        now_s = time.monotonic()
        active = list(self._active_beside(None, now_s))
        places = 0 if self.draining else self._admission.free_places(active, self._pool.alive)
        return Load(
            places=places,
            frame_s=self._admission.cost.ordinary_s,
            fps=sum(each.fps_in for each in active),
            cores=self._admission.cores,
        )

    def by_kind(self) -> Counter[str]:
        """The number of sessions of each kind."""
        return Counter(session.kind for session in self._sessions.values())

    def frames(self) -> StreamCounts:
        """What happened to the frames of all sessions since the start."""
        return self.measures.frames(session.counts() for session in self._sessions.values())

    def check_request_rate(self, remote: str) -> None:
        """Count a request for a session from the address `remote`, before its body is read; raises RateLimitedError."""
        self._admission.check_request_rate(address_key(remote), time.monotonic())

    async def open(self, offer: Offer, remote: str = "") -> tuple[WebRtcSession, str]:
        """Admit a peer over WebRTC; returns its session and the answer's SDP.

        Raises AdmissionError, OfferError and NoPortError.
        """
        # Do this before the admission: nothing may be awaited between the admission and the entry in `_sessions`.
        ice_servers = await self.relays.current()
        with self._admitted(remote, offer.resume):
            session = WebRtcSession(
                self._config, self._pool, self._drawing, self.measures, ice_servers, node=self.node
            )
            session.address = address_key(remote)
            self._sessions[session.id] = session
            try:
                with logs.of_session(session.id):
                    answer_sdp = await self._accept(session, offer)
                if self.relays.has_turn and not has_relay(answer_sdp):
                    self.relays.check_again()
                wishes = Wishes(offer.resume, offer.first_face_id, offer.record, offer.record_days)
                self._start(session, wishes)
            except BaseException:
                del self._sessions[session.id]
                await session.close()
                raise
        return session, answer_sdp

    def open_jpeg(self, socket: JpegSocket, wishes: Wishes, remote: str = "") -> JpegSession:
        """Admit a peer in compatibility mode; raises AdmissionError."""
        with self._admitted(remote, wishes.resume):
            session = JpegSession(
                self._config,
                self._pool,
                self._drawing,
                self.measures,
                self._jpeg,
                socket,
                node=self.node,
            )
            session.address = address_key(remote)
            self._sessions[session.id] = session
            try:
                self._start(session, wishes)
            except BaseException:
                # Nothing else to free: the task that uses the socket does not run.
                del self._sessions[session.id]
                raise
        return session

    def get(self, session_id: str) -> Session | None:
        """The session of that id; None: the session does not exist or has ended."""
        return self._sessions.get(session_id)

    def newest_of(self, session_id: str) -> Session | None:
        """The session of that id, or the one that continues it after a lost connection; None: neither runs here."""
        session = self._sessions.get(session_id)
        if session is not None and not session.handed_over:
            return session
        continuing = (
            each
            for each in self._sessions.values()
            if not each.handed_over and any(session_id == earlier.id for earlier in each.earlier)
        )
        return next(continuing, None if session is None or session.has_moved else session)

    @contextlib.contextmanager
    def listening(self, session: Session, landmarks_every_s: float = 0.0) -> Iterator[Listener]:
        """Let a program listen to a session until the block ends; raises TooManyListenersError."""
        measures, here = self.measures, len(session.listeners)
        if here >= MAX_LISTENERS_PER_SESSION or measures.listeners >= MAX_LISTENERS:
            of_all = here < MAX_LISTENERS_PER_SESSION
            limit, where = (MAX_LISTENERS, "this server") if of_all else (here, "this session")
            raise TooManyListenersError(
                f"{where} has {limit} listeners already; end one of them, or try again later"
            )
        listener = Listener(session.id, landmarks_every_s, measures.count_lost_event)
        measures.listeners += 1
        session.listeners.add(listener)
        try:
            yield listener
        finally:
            session.listeners.remove(listener)
            measures.listeners -= 1

    def session_infos(self) -> list[SessionInfo]:
        """The state of each session."""
        now_s = time.monotonic()
        return [session.info(now_s) for session in self._sessions.values()]

    async def measure_cost(self) -> None:
        """Measure what a frame costs, for the admission of new sessions; runs until cancelled."""
        while True:
            uses = {session.id: session.use for session in self._sessions.values()}
            self._admission.cost.measure(time.monotonic(), time.process_time(), uses)
            await asyncio.sleep(MEASURE_EVERY_S)

    async def close(self) -> None:
        """Drain: reject new peers, notify the others and close their sessions.

        May be called again, also after a cancelled call; the deadline is that of the first call.
        """
        if not self._stopping:
            self._stopping = True
            self._drained_by_s = time.monotonic() + DRAIN_DEADLINE_S
        for session in self._sessions.values():
            session.request_end(Ending.SERVER_STOPPING, "the server is stopping")
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=max(0.0, self._drained_by_s - time.monotonic()))
            for task in late:
                task.cancel()
        if self._trimming is not None:
            self._trimming.cancel()
        self._drawing.close()
        self._jpeg.close()
        self._trimming_thread.shutdown(wait=False)

    async def _accept(self, session: WebRtcSession, offer: Offer) -> str:
        """The session's answer. Logs a NoPortError only if the previous offer got a port."""
        try:
            answer_sdp = await session.accept(offer)
        except NoPortError:
            if self._ports_free:
                logger.warning(
                    "no UDP port or relay is free for the media; expected more udp_ports, a working TURN server, or "
                    "an ice_address that this machine still has; logged again only after the next answered offer"
                )
            self._ports_free = False
            raise
        self._ports_free = True
        return answer_sdp

    @contextlib.contextmanager
    def _admitted(self, remote: str, resume: str) -> Iterator[None]:
        """Reject a peer that the server cannot serve now, by raising AdmissionError.

        A peer that reconnects does not count in addition to its own old session, which continues until the new one is
        set up: a rejected or failed reconnect loses nothing. Only one reconnect per token at a time is exempt.
        """
        self._check_draining()
        replaced = session_of(resume, self._sessions.values()) if resume not in self._resuming else None
        now_s = time.monotonic()
        active = self._active_beside(replaced, now_s)
        self._admission.admit(address_key(remote), active, self._pool.alive, now_s)
        if replaced is None:
            yield
            return
        self._resuming.add(resume)
        try:
            yield
        finally:
            self._resuming.discard(resume)

    def _check_draining(self) -> None:
        if self._stopping:
            raise DrainingError("the server is stopping; try again in a minute", RejectionReason.STOPPING)
        if self.drain.is_active:
            raise DrainingError(
                "the server is being drained; try again in a minute", RejectionReason.STOPPING
            )

    def _active_beside(self, replaced: Session | None, now_s: float) -> Iterator[ActiveSession]:
        """The running sessions, without the one whose peer is reconnecting."""
        for session in self._sessions.values():
            if not session.is_ending and session is not replaced:
                yield self._active(session, now_s)

    def _active(self, session: Session, now_s: float) -> ActiveSession:
        return ActiveSession(
            session.address,
            session.connecting,
            session.fps_in(now_s),
            session.fps_possible(now_s),
            self._admission.cost.of(session.id),
        )

    def _start(self, session: Session, wishes: Wishes) -> None:
        """Start the task of an admitted session; continue where the session of its resume token ended.

        Raises DrainingError if the server began to stop after the admission.
        """
        self._check_draining()
        kept = self._resume_states.take(wishes.resume, self._sessions.values())
        if kept is not None:
            session.resume(kept.state)
            session.earlier = kept.lineage
        else:
            session.number_faces_from(wishes.first_face_id)
        if self.recorder is not None and wishes.record:
            earlier = kept.record.earlier if kept is not None and kept.record is not None else None
            session.record = self.recorder.begin(
                session.id, session.secret, session.kind, earlier, most_days=wishes.record_days
            )
        self.measures.opened[session.kind] += 1
        task = asyncio.create_task(self._serve(session), name=f"{session.id}/session")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, session: Session) -> None:
        try:
            with logs.of_session(session.id):
                await session.run()
        except Exception:
            # The session boundary: a fault in one session must not reach another.
            logger.exception("session %s: ended by a fault in the server", session.id)
        finally:
            self._sessions.pop(session.id, None)
            session.listeners.end(session.ending)
            if session.record is not None:
                session.record.end(session.ending)
            if isinstance(session, WebRtcSession):
                self.measures.ice[session.path or "none"] += 1
            self.measures.session_ended(session.kind, session.ending.label, session.counts())
            self._admission.note_ending(time.monotonic())
            self._resume_states.keep(session)
            self._trim_soon()

    def _trim_soon(self) -> None:
        """Return freed memory to the system, once for all sessions that end together."""
        if not self._stopping and self._trimming is None:
            self._trimming = asyncio.get_running_loop().call_later(TRIM_AFTER_S, self._trim)

    def _trim(self) -> None:
        self._trimming = None
        self._trimming_thread.submit(trim_memory)
