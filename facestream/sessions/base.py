"""What every served peer has, however its pictures come: a name, a state, an end, deadlines, and its requests."""

import abc
import asyncio
import enum
import logging
import secrets
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar

from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import Layer
from facestream.config import Config
from facestream.errors import FrameError
from facestream.media.pipeline import FramePipeline, FrameSource, ResumeState
from facestream.messages.telemetry import (
    Bye,
    ChooseBackground,
    ControlReply,
    Layers,
    NoticeCode,
    Ping,
    decode_control,
)
from facestream.metrics import StreamCounts, StreamUse
from facestream.workers.pool import AnalysisPool

logger = logging.getLogger(__name__)

WATCH_EVERY_S = 0.5
MAX_CONTROL_CHARS = 4096


class SessionState(enum.Enum):
    """How far a session has come."""

    NEGOTIATING = "negotiating"  # admitted, no frame yet
    STREAMING = "streaming"  # first frame seen
    CLOSED = "closed"  # connection closed, tasks gone


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """How a session stands now, for an admin; no address and no secret of it."""

    id: str
    kind: str
    state: str
    age_s: float
    fps_in: float
    frames_in: int
    frames_analysed: int
    dropped: int


class PeerLeft(Exception):
    """The peer said goodbye, went silent or its connection ended; the message is the reason."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Why and how a session is to end."""

    reason: str
    code: NoticeCode | None
    """Code of the notice to its peer; None: no notice, the peer left on its own."""
    detail: str


class Session(abc.ABC):
    """Serves one peer from its admission to its end; leaves no task and no socket behind."""

    kind: ClassVar[str]
    """How its pictures come, in one word."""

    def __init__(self, config: Config, pool: AnalysisPool, drawing: Executor) -> None:
        self.id = secrets.token_urlsafe(16)
        self.resume_token = secrets.token_urlsafe(16)
        """Who has it may go on with this session's faces and counters after its connection has ended."""
        self.secret = secrets.token_urlsafe(16)
        """Only its peer has it; with it the session may be ended and changed over HTTP."""
        self.address = ""
        """Where it came from, as admission counts addresses; empty: from this machine."""
        self.state = SessionState.NEGOTIATING
        self.handed_over = False
        """Whether another connection of its peer has resumed its state."""
        self.ending = "cancelled"
        """Why it has ended, once it has."""
        self._config = config
        self._max_size_wh = config.max_frame_width_px, config.max_frame_height_px
        self._pipeline = FramePipeline(pool, drawing, self._max_size_wh, config.max_fps)
        self._end: asyncio.Future[_Leaving] = asyncio.get_running_loop().create_future()
        self._opened_s = self._last_heard_s = time.monotonic()

    async def run(self) -> None:
        """Serve the peer until it leaves."""
        logger.info("session %s: opened", self.id)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pipeline.analyze(), name=f"{self.id}/analyze")
                tasks.create_task(self._watch(), name=f"{self.id}/watch")
                self._start(tasks)
        except* PeerLeft as left:
            self.ending = str(left.exceptions[0])
        finally:
            await self.close()
            pipeline = self._pipeline
            logger.info(
                "session %s: closed (%s) after %.1f s, %d frames in, %d analysed, %d dropped",
                self.id, self.ending, time.monotonic() - self._opened_s,
                pipeline.frames_in, pipeline.frames_analysed, pipeline.dropped,
            )  # fmt: skip

    @property
    def leaving(self) -> bool:
        """True: it has been told to end and gives its place away."""
        return self._end.done()

    @property
    def connecting(self) -> bool:
        """Whether its connection is still being set up."""
        return False

    def fps_in(self, now_s: float) -> float:
        """Frames a second that arrive; 0 before the first two."""
        return self._pipeline.fps_in(now_s)

    def fps_possible(self, now_s: float) -> float:
        """Frames a second that would be analysed if there were always one; 0 before the first two."""
        return self._pipeline.fps_possible(now_s)

    def info(self, now_s: float) -> SessionInfo:
        """How it stands now."""
        pipeline = self._pipeline
        return SessionInfo(
            id=self.id,
            kind=self.kind,
            state=self.state.value,
            age_s=round(now_s - self._opened_s, 1),
            fps_in=round(pipeline.fps_in(now_s), 1),
            frames_in=pipeline.frames_in,
            frames_analysed=pipeline.frames_analysed,
            dropped=pipeline.dropped,
        )

    @property
    def frames_in(self) -> int:
        """Frames received, including those of earlier connections of the peer."""
        return self._pipeline.frames_in

    @property
    def use(self) -> StreamUse:
        """Cost of its analysed frames so far."""
        return self._pipeline.use

    def counts(self) -> StreamCounts:
        """What became of its frames so far."""
        return self._pipeline.counts()

    def leave(self, reason: str, code: NoticeCode | None = None, detail: str = "") -> None:
        """End the session soon; may be called any number of times, the first reason counts.

        With a `code`, the peer gets a notice with `detail`, or with the reason.
        """
        if not self._end.done():
            self._end.set_result(_Leaving(reason, code, detail or reason))

    def resume_state(self) -> ResumeState:
        """What the peer's next connection needs to go on where this one is."""
        return self._pipeline.resume_state()

    def resume(self, memory: ResumeState) -> None:
        """Continue where another connection of the same peer ended; call it before `run`."""
        self._pipeline.resume(memory)

    def notify(self, code: NoticeCode, detail: str) -> None:
        """Tell the peer why its session ends, if it can still be reached."""
        self._reply(ControlReply(type="notice", code=code, detail=detail))

    @abc.abstractmethod
    async def close(self) -> None:
        """Free the connection; may be called twice."""

    @abc.abstractmethod
    def _start(self, tasks: asyncio.TaskGroup) -> None:
        """Start what this kind of connection needs; each task ends by PeerLeft or by cancellation."""

    @abc.abstractmethod
    def _reply(self, reply: ControlReply) -> None:
        """Send a reply, or drop it where the peer does not read."""

    def _say_hello(self) -> None:
        hello = ControlReply(
            type="hello",
            session_id=self.id,
            layers=self._layer_names(),
            views=tuple(map(str, Background)),
            view=str(self._pipeline.background),
        )
        self._reply(hello)

    def _on_control(self, message: str | bytes) -> None:
        """Do what the peer asks; never raises."""
        if len(message) > MAX_CONTROL_CHARS:
            detail = f"message of {len(message)} characters; expected at most {MAX_CONTROL_CHARS}"
            self._reply(ControlReply(type="error", detail=detail))
            return
        try:
            request = decode_control(message)
        except ValueError as error:
            self._reply(ControlReply(type="error", detail=str(error)))
            return
        # A paused clip sends no frame, but its page still speaks.
        self._last_heard_s = time.monotonic()
        match request:
            case Ping():
                self._reply(ControlReply(type="pong", id=request.id))
            case Layers():
                self._pipeline.layers = frozenset(Layer(name) for name in request.layers)
                self._reply(ControlReply(type="layers", layers=self._layer_names()))
            case ChooseBackground():
                self._pipeline.background = Background(request.view)
                self._reply(ControlReply(type="view", view=str(self._pipeline.background)))
            case Bye():
                self.leave("peer said goodbye")

    def _layer_names(self) -> tuple[str, ...]:
        return tuple(sorted(str(layer) for layer in self._pipeline.layers))

    async def _receive_frames(self, source: FrameSource) -> None:
        try:
            await self._pipeline.receive(source, self._saw_frame)
        except FrameError as error:
            raise self._refused(error) from error
        self.notify(NoticeCode.VIDEO_ENDED, "the video that this peer sent has ended")
        raise PeerLeft("the peer's video ended")

    def _refused(self, error: FrameError) -> PeerLeft:
        """Tell the peer what is wrong with its frames; returns the exception that ends the session."""
        self.notify(NoticeCode(error.code), str(error))
        return PeerLeft(str(error))

    def _saw_frame(self, now_s: float) -> None:
        self._last_heard_s = now_s
        self.state = SessionState.STREAMING

    async def _watch(self) -> None:
        """End the session when it is told to, when setup takes too long, after silence, or after its time."""
        while True:
            now_s = time.monotonic()
            left_s = self._check_deadlines(now_s)
            if 0 < self._config.max_session_s < now_s - self._opened_s:
                detail = (
                    f"the session has reached its limit of {self._config.max_session_s:.0f} s; start again"
                )
                self.notify(NoticeCode.TIME_OVER, detail)
                raise PeerLeft("its time is over")
            # Looks again soon: the deadline is another one as soon as the first frame has come.
            done, _ = await asyncio.wait({self._end}, timeout=min(left_s, WATCH_EVERY_S))
            if done:
                leaving = self._end.result()
                if leaving.code is not None:
                    self.notify(leaving.code, leaving.detail)
                raise PeerLeft(leaving.reason)

    def _check_deadlines(self, now_s: float) -> float:
        """Seconds until the session must end; raises PeerLeft when the time is over."""
        if self.state is SessionState.STREAMING:
            deadline_s, since_s = self._config.silence_deadline_s, self._last_heard_s
            reason, code = f"nothing heard for {deadline_s:.0f} s", NoticeCode.SILENCE
        else:
            # Counted from the offer, because a peer that only pings would otherwise keep its session forever.
            deadline_s, since_s = self._config.setup_deadline_s, self._opened_s
            reason, code = f"no frame came within {deadline_s:.0f} s", NoticeCode.SETUP_TIMEOUT
        left_s = since_s + deadline_s - now_s
        if left_s <= 0:
            self.notify(code, reason)
            raise PeerLeft(reason)
        return left_s
