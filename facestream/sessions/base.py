"""Base class of all sessions: id, state, deadlines and end. Independent of the transport.

A session ends in `Session.run`, for the reason that a `SessionEnded` carries.
"""

import abc
import asyncio
import logging
import math
import time
from dataclasses import dataclass, replace
from typing import ClassVar

from facestream.config import Config
from facestream.errors import FrameError
from facestream.media.listeners import Listeners
from facestream.media.pipeline import FramePipeline, FrameSource, ResumeState
from facestream.media.threads import MediaThreads
from facestream.messages.control import Bye, ControlReply, NoticeCode
from facestream.messages.events import Marker
from facestream.messages.http import SessionInfo, SessionKind, SessionState
from facestream.metrics import Measures, StreamCounts, StreamUse
from facestream.recording.record import SessionRecord
from facestream.session_ids import new_id
from facestream.sessions.ending import Ending, Reason, SessionEnded
from facestream.sessions.requests import ControlRequests
from facestream.workers.pool import AnalysisPool

logger = logging.getLogger(__name__)

WATCH_EVERY_S = 0.5
DIGITS = 12  # a setting is shown as it was given: 1.5, 8, 43200
MOVED_WITHIN_S = 3.0
"""From the answer of the new node to its first frame: ICE, DTLS and a key frame, on a slow network."""
MAX_LINEAGE = 64
"""Sessions of one peer whose ids and secrets still lead to the newest; 4 kB."""
_FAULT = Reason(Ending.FAULT, "fault in the server")


@dataclass(frozen=True, slots=True)
class Identity:
    """The id of a session, and the secret that only its peer has."""

    id: str
    secret: str


class Session(abc.ABC):
    """Serves one peer from its admission to its end; leaves no task and no socket behind."""

    kind: ClassVar[SessionKind]
    """The transport of the frames in metrics and `GET /sessions`."""
    times_by_peer: ClassVar[bool] = False
    """Whether the peer says when each frame was captured; otherwise the time of its arrival counts."""

    def __init__(
        self, config: Config, pool: AnalysisPool, drawing: MediaThreads, measures: Measures, *, node: str = ""
    ) -> None:
        """`node`: what this server is called in its cluster; empty: there is none."""
        self.id = new_id(node)
        self.resume_token = new_id(node)
        """With this token, the next session of the peer continues with the faces and counters of this session."""
        self.secret = new_id()
        """Known to the peer only; with this secret the session can be changed and ended over HTTP."""
        self.address = ""
        """The peer's address as `address_key` returns it; empty: this machine."""
        self.state = SessionState.NEGOTIATING
        self.handed_over = False
        """Whether another connection of the peer has resumed the state of this session."""
        self.earlier: tuple[Identity, ...] = ()
        """The sessions that this one continues, the oldest first."""
        self._config = config
        self._max_size_wh = config.max_frame_width_px, config.max_frame_height_px
        self._pipeline = FramePipeline(
            pool,
            drawing,
            self._max_size_wh,
            config.max_fps,
            measures.observe_stages,
            by_pts=self.times_by_peer,
        )
        self._requests = ControlRequests(self._pipeline, self._reply)
        self._end_reason: Reason | None = None
        """Why `run` ends or has ended; None: it still runs, or it was cancelled."""
        self._end_requested: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        self._asked_to_move = ""
        """Why the peer was asked to move; empty: it was not."""
        self._moved_by_s = math.inf
        """When it ends because its peer has moved; infinite: the peer has not."""
        self._opened_s = self._last_heard_s = time.monotonic()

    async def run(self) -> None:
        """Serve the peer until the session ends; every session ends here. Raises after a fault only."""
        logger.info("session %s: opened", self.id)
        try:
            await self._serve()
        except Exception:
            # A fault counts more than a reason that was known before it.
            self._end_reason = _FAULT
            raise
        finally:
            pipeline, reason = self._pipeline, self._reason()
            logger.info(
                "session %s: closed (%s: %s) after %.1f s, %d frames in, %d analysed, %d dropped",
                self.id, reason.ending, reason.detail, time.monotonic() - self._opened_s,
                pipeline.frames_in, pipeline.frames_analysed, pipeline.dropped,
                extra={"ending": str(reason.ending)},
            )  # fmt: skip

    @property
    def ending(self) -> Ending:
        """Why the session has ended or is about to end; a fault if no reason is known."""
        return self._reason().ending

    @property
    def is_ending(self) -> bool:
        """Whether `request_end` was called; admission then no longer counts the session."""
        return self._end_requested.done()

    @property
    def connecting(self) -> bool:
        """Whether the connection of the session is still being set up."""
        return False

    def fps_in(self, now_s: float) -> float:
        """Frames per second that arrive; 0 before the first two."""
        return self._pipeline.fps_in(now_s)

    def fps_possible(self, now_s: float) -> float:
        """Frames per second that would be analysed if one were always waiting; 0 before the first two."""
        return self._pipeline.fps_possible(now_s)

    def info(self, now_s: float) -> SessionInfo:
        """Its state at `now_s` of the monotonic clock."""
        pipeline = self._pipeline
        return SessionInfo(
            id=self.id,
            kind=self.kind,
            state=self.state,
            age_s=round(now_s - self._opened_s, 1),
            fps_in=round(pipeline.fps_in(now_s), 1),
            frames_in=pipeline.frames_in,
            frames_analysed=pipeline.frames_analysed,
            dropped=pipeline.dropped,
            recorded=self.is_recorded,
        )

    @property
    def frames_in(self) -> int:
        """Frames received, including those of earlier connections of the peer."""
        return self._pipeline.frames_in

    @property
    def listeners(self) -> Listeners:
        """Programs that get its telemetry too."""
        return self._pipeline.listeners

    @property
    def record(self) -> SessionRecord | None:
        """What is kept of it in files; None: nothing, from the start."""
        return self._requests.record

    @record.setter
    def record(self, record: SessionRecord | None) -> None:
        """Set it before `run`."""
        self._requests.record = self._pipeline.listeners.keeper = record

    @property
    def is_recorded(self) -> bool:
        """Whether its results are being kept."""
        return self.record is not None and self.record.is_active

    @property
    def record_days(self) -> int:
        """Days after which they are deleted; 0: they are not deleted, or not kept."""
        return self.record.files.keep_days if self.record is not None else 0

    @property
    def is_resumed(self) -> bool:
        """Whether it continues another session of its peer."""
        return bool(self.earlier)

    @property
    def lineage(self) -> tuple[Identity, ...]:
        """The sessions that this one continues, and then itself; the newest MAX_LINEAGE of them."""
        return (*self.earlier, Identity(self.id, self.secret))[-MAX_LINEAGE:]

    @property
    def use(self) -> StreamUse:
        """Cost of its analysed frames so far."""
        return self._pipeline.use

    def counts(self) -> StreamCounts:
        """What happened to its frames so far."""
        return self._pipeline.counts()

    def ask_to_move(self, detail: str) -> None:
        """Ask the peer to connect again soon, while this session goes on; who cannot be reached yet is asked later.

        `detail` is a sentence for the peer.
        """
        self._asked_to_move = detail
        self._reply(_move(detail))

    def note_moved(self) -> None:
        """Another node serves the peer now: end when the peer leaves, and in MOVED_WITHIN_S at the latest.

        Until then it goes on, because the first frame of the new connection comes a moment after the answer.
        """
        self.handed_over = True
        self._moved_by_s = min(self._moved_by_s, time.monotonic() + MOVED_WITHIN_S)

    @property
    def has_moved(self) -> bool:
        """Whether another node serves the peer now."""
        return self._moved_by_s < math.inf

    def request_end(self, ending: Ending, detail: str) -> None:
        """Ask the session to end soon; may be called any number of times, the first reason counts.

        `detail` is a sentence for the log, and for the peer if the ending has a notice.
        """
        if not self._end_requested.done():
            self._end_requested.set_result(Reason(ending, detail))

    def resume_state(self) -> ResumeState:
        """What the next session of the peer needs to continue from the present state of this session."""
        return self._pipeline.resume_state()

    def resume(self, state: ResumeState) -> None:
        """Continue where another session of the same peer ended; call it before `run`."""
        self._pipeline.resume(state)

    def number_faces_from(self, first_id: int) -> None:
        """Give the first face of a new session this id; call it before `run`."""
        self._pipeline.number_faces_from(first_id)

    @abc.abstractmethod
    async def close(self) -> None:
        """Free the connection; may be called twice."""

    @abc.abstractmethod
    def _start(self, tasks: asyncio.TaskGroup) -> None:
        """Start the tasks of this kind of connection; each ends by SessionEnded or by cancellation."""

    @abc.abstractmethod
    def _reply(self, reply: ControlReply) -> None:
        """Send a reply; drop it if the peer does not read."""

    async def _serve(self) -> None:
        """Run the tasks of the session until one of them ends it, then free its connection."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pipeline.analyze(), name=f"{self.id}/analyze")
                tasks.create_task(self._watch(), name=f"{self.id}/watch")
                self._start(tasks)
        except* SessionEnded as raised:
            self._note_end(raised)
        finally:
            await self.close()

    def _note_end(self, raised: BaseExceptionGroup[SessionEnded]) -> None:
        """Keep the first reason and send its notice, if the peer can still be reached."""
        reason = next(error.reason for error in raised.exceptions if isinstance(error, SessionEnded))
        if self.has_moved:
            # Whatever the peer does with its old connection: who follows the session finds it elsewhere.
            reason = replace(reason, ending=Ending.MOVED)
        self._end_reason = reason
        if reason.ending.notice is not None:
            try:
                self._reply(ControlReply(type="notice", code=reason.ending.notice, detail=reason.detail))
            except Exception:
                # The session boundary: a notice that fails must not turn its reason into a fault.
                logger.exception("session %s: its last notice was not sent", self.id)

    def _reason(self) -> Reason:
        # If `run` was cancelled at shutdown, no end reason was set; use the one that `request_end` was called with.
        return self._end_reason or (self._end_requested.result() if self._end_requested.done() else _FAULT)

    def _say_hello(self) -> None:
        self._requests.say_hello(self.id)
        if self._asked_to_move:
            self._reply(_move(self._asked_to_move))

    def _on_control(self, message: str | bytes) -> None:
        """Do what the peer asks; never raises."""
        request = self._requests.take(message)
        if request is None:
            return
        # The page of a paused clip sends no frames, but it pings.
        self._last_heard_s = time.monotonic()
        if isinstance(request, Bye):
            self.request_end(Ending.GOODBYE, "the peer said goodbye")

    def mark(self, name: str, note: str = "") -> Marker:
        """Mark this moment for a program; its peer and the programs that follow the session get the marker.

        Raises MarkerError.
        """
        return self._requests.mark_for_program(name, note)

    async def _receive_frames(self, source: FrameSource) -> None:
        try:
            await self._pipeline.receive(source, self._saw_frame)
        except FrameError as error:
            raise rejected(error) from error
        raise SessionEnded(Ending.VIDEO_ENDED, "the video that this peer sent has ended")

    def _saw_frame(self, now_s: float) -> None:
        self._last_heard_s = now_s
        self.state = SessionState.STREAMING

    async def _watch(self) -> None:
        """End the session when `request_end` asks for it, and at each of its deadlines."""
        limit_s = self._config.max_session_s
        while True:
            now_s = time.monotonic()
            remaining_s = self._check_deadlines(now_s)
            if now_s >= self._moved_by_s:
                raise SessionEnded(Ending.MOVED, "another node serves the peer now")
            if 0 < limit_s < now_s - self._opened_s:
                raise SessionEnded(
                    Ending.TIME_OVER,
                    f"the session has reached its limit of {limit_s:.{DIGITS}g} s; start again",
                )
            # Short waits, because the first frame changes the deadline.
            done, _ = await asyncio.wait({self._end_requested}, timeout=min(remaining_s, WATCH_EVERY_S))
            if done:
                reason = self._end_requested.result()
                raise SessionEnded(reason.ending, reason.detail)

    def _check_deadlines(self, now_s: float) -> float:
        """Seconds until the session must end; raises SessionEnded after that."""
        if self.state is SessionState.STREAMING:
            deadline_s, since_s = self._config.silence_deadline_s, self._last_heard_s
            late = SessionEnded(Ending.SILENCE, f"nothing received for {deadline_s:.{DIGITS}g} s")
        else:
            # Counted from the offer, because a peer that only pings would otherwise keep its session forever.
            deadline_s, since_s = self._config.setup_deadline_s, self._opened_s
            late = SessionEnded(Ending.SETUP_TIMEOUT, f"no frame received within {deadline_s:.{DIGITS}g} s")
        remaining_s = since_s + deadline_s - now_s
        if remaining_s <= 0:
            raise late
        return remaining_s


def _move(detail: str) -> ControlReply:
    return ControlReply(type="notice", code=NoticeCode.MOVE, detail=detail)


def rejected(error: FrameError) -> SessionEnded:
    """The end of a session whose frames the server does not accept."""
    return SessionEnded(Ending(error.code), str(error))
