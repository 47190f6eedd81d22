"""One headless peer: sends a clip over a real peer connection and receives the annotated video and telemetry."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Self

from av import VideoFrame

from facestream.clips.reader import Problem
from facestream.errors import ServerLostError, ServerUnreachableError
from facestream.ice.servers import IceServer
from facestream.media.planes import planes_of
from facestream.messages.control import ControlReply, NoticeCode, SendLandmarks, decode_reply
from facestream.messages.telemetry import Telemetry, decode_telemetry
from facestream.replay import http
from facestream.replay.connection import ReceiveMode, find_ice_servers
from facestream.replay.link import Link
from facestream.replay.move import FIRST_FRAME_DEADLINE_S, FrameTimes, Move
from facestream.replay.options import ReplayOptions
from facestream.replay.recording import Recording, ReplayFiles, TelemetryLog
from facestream.replay.stamp import read_stamp
from facestream.replay.summary import Summary, Tally
from facestream.replay.track import ReplayTrack, sending_clip
from facestream.results.outputs import check_outputs

REPORTS_DEADLINE_S = 30.0
SILENCE_DEADLINE_S = 10.0
TAIL_DEADLINE_S = 2.0  # for frames in transit when the clip ends
TAIL_SILENCE_S = 0.5
SUSPICIOUS_SILENCE_S = 2.0  # longer than any analysis: the server may be gone
TICK_S = 0.1
MAX_KEPT_REPORTS = 2000
MAX_KEPT_REPLIES = 100
_CLIP_REFUSED = {NoticeCode.FRAME_TOO_LARGE, NoticeCode.BAD_FRAME}

ProgressCallback = Callable[[Tally], None]
TrackFactory = Callable[[Tally], ReplayTrack]


class ReplayPeer:
    """A peer that is connected inside `async with ReplayPeer(options) as peer:` and has left the server after it."""

    def __init__(
        self,
        options: ReplayOptions,
        make_track: TrackFactory | None = None,
        receive_mode: ReceiveMode = ReceiveMode.DECODE,
        resume: str = "",
        first_face_id: int = 1,
        on_move: Literal["follow", "stay"] = "follow",
    ) -> None:
        """Check the options; raises ClipError, ConfigError, ServerUnreachableError.

        Without `make_track`, the peer sends the clip of the options. `resume` is the `resume_token` of an earlier peer.
        `first_face_id` is the id of the first face if that session cannot be resumed. With `on_move`, the peer follows
        a server that asks it to move, or stays until that server ends the session.
        """
        self.options = options
        self._resume, self._first_face_id = resume, first_face_id
        self.url = http.server_url(options.url)
        self._server = http.shown(self.url)
        check_outputs(
            {"--out": options.out, "--telemetry": options.telemetry}, [options.clip], binary={"--out"}
        )
        self._credentials = http.Credentials(options.token, options.cafile)
        self._make_track = make_track or sending_clip(options)
        self._receive_mode = receive_mode
        self.tally = Tally(time.monotonic())
        self._on_move = on_move
        self.link = Link(options, self._credentials, receive_mode, self)
        """The present connection; a move to another server replaces it."""
        self.states: list[str] = []
        """All states of the connection so far, in order."""
        self.notices: deque[ControlReply] = deque(maxlen=MAX_KEPT_REPLIES)
        """The notices and errors that the server sent on the control channel, without those of a move that worked."""
        self.unreadable: deque[str] = deque(maxlen=MAX_KEPT_REPLIES)
        """What this peer could not read of the server's messages and video, as sentences."""
        self._recording = Recording(options.out) if options.out else None
        self._log = TelemetryLog(options.telemetry) if options.telemetry else None
        self.files = ReplayFiles([file for file in (self._recording, self._log) if file is not None])
        """What is saved; their names are final once the peer is closed."""
        self.on_report: Callable[[Telemetry], None] | None = None
        """Called with every telemetry message; must not raise."""
        self._sent_all = False
        self._reports: deque[Telemetry] = deque(maxlen=MAX_KEPT_REPORTS)
        self._replies: deque[ControlReply] = deque(maxlen=MAX_KEPT_REPLIES)
        self._changed = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._closed = False
        self._ice_servers: Sequence[IceServer] = ()
        self._move: Move | None = None
        self._moving: asyncio.Task[None] | None = None
        self._first_of: Link | None = None
        """The connection whose first frame is still to come, after a move."""
        self._times = FrameTimes()

    async def __aenter__(self) -> Self:
        self.tally = Tally(time.monotonic())
        try:
            self._ice_servers = await find_ice_servers(self.options, self.url, self._credentials)
        except BaseException:
            self.files.finish(whole=False)
            raise
        self._track = self._make_track(self.tally)
        self.link.open(self._ice_servers, self._track)
        await self._tasks.__aenter__()
        try:
            await self.link.connect(self._tasks, self._resume, self._first_face_id)
        except BaseException:
            await self._close(whole=False)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A user who interrupts the replay gets valid files of what it has received.
        await self._close(whole=kind is None or not issubclass(kind, Exception))

    @property
    def session_id(self) -> str:
        """The id of the present session; empty: there is none."""
        return self.link.session_id

    @property
    def secret(self) -> str:
        """Its secret."""
        return self.link.secret

    @property
    def resume_token(self) -> str:
        """Given as `resume` to another peer, it resumes this one's face ids and counters."""
        return self.link.resume_token

    @property
    def resumed(self) -> bool:
        """Whether the present session continues an earlier one."""
        return self.link.resumed

    @property
    def kept(self) -> str:
        """A sentence, if the server keeps the results of this session; empty: it does not."""
        return self.link.kept

    @property
    def clip_ended(self) -> bool:
        """Whether the last frame has been handed to the encoder."""
        return self._track.ended.is_set()

    @property
    def clip_problems(self) -> tuple[Problem, ...]:
        """What was wrong with the clip as far as it was read; complete when it has ended."""
        return () if self.tally.connected_s is None else self._track.problems

    def summary(self) -> Summary:
        """The summary so far."""
        return self.tally.summary()

    async def finish(self, on_progress: ProgressCallback | None = None) -> None:
        """Wait until the clip is sent and its last frames have returned.

        Raises ServerLostError if the server ends the connection or is silent for SILENCE_DEADLINE_S,
        ServerUnreachableError if it rejects the frames of the clip, and ClipError if the rest of the clip cannot be
        read. After it, closing the peer raises ServerLostError if the server does not answer any more. `on_progress` is
        called every TICK_S.
        """
        while not self.clip_ended:
            await asyncio.sleep(TICK_S)
            self._check_alive()
            if on_progress is not None:
                on_progress(self.tally)
        if self._track.failure is not None:
            raise self._track.failure
        deadline_s = time.monotonic() + TAIL_DEADLINE_S
        while (now_s := time.monotonic()) < deadline_s and self.tally.received < self.tally.sent:
            if now_s - self.tally.last_heard_s > TAIL_SILENCE_S:
                break
            await asyncio.sleep(TICK_S)
        while self.tally.received < self.tally.sent and self._silent_s > SUSPICIOUS_SILENCE_S:
            await asyncio.sleep(TICK_S)
            self._check_alive()
        self._sent_all = True
        if on_progress is not None:
            on_progress(self.tally)

    async def receive_reports(self, count: int, timeout_s: float = REPORTS_DEADLINE_S) -> list[Telemetry]:
        """The next `count` telemetry messages, each returned once; raises TimeoutError."""
        await self._wait_until(lambda: len(self._reports) >= count, timeout_s)
        return [self._reports.popleft() for _ in range(count)]

    async def receive_reply(self, timeout_s: float = REPORTS_DEADLINE_S) -> ControlReply:
        """The next message of the control channel, each returned once; raises TimeoutError."""
        await self._wait_until(lambda: len(self._replies) > 0, timeout_s)
        return self._replies.popleft()

    async def receive_frames(self, count: int, timeout_s: float = REPORTS_DEADLINE_S) -> None:
        """Wait until `count` more frames are received; raises TimeoutError."""
        wanted = self.tally.received + count
        await self._wait_until(lambda: self.tally.received >= wanted, timeout_s)

    async def wait_closed(self, timeout_s: float = REPORTS_DEADLINE_S) -> None:
        """Wait until the server has ended the connection; raises TimeoutError."""
        await self._wait_until(lambda: self.link.pc.connectionState in {"closed", "failed"}, timeout_s)

    def send_control(self, message: str | bytes) -> None:
        """Send anything on the control channel, even invalid messages."""
        self.link.control.send(message)

    async def vanish(self) -> None:
        """Free everything without telling the server, like a peer that has lost its network."""
        await self.link.vanish()
        await self.close()

    async def close(self) -> None:
        """Leave the server and free everything; may be called twice."""
        await self._close(whole=True)

    async def _close(self, *, whole: bool) -> None:
        if self._closed:
            return
        self._closed = True
        reached = False
        try:
            reached = await self._leave()
        finally:
            await self._track.close()
            lost = self._sent_all and not reached
            await asyncio.to_thread(self.files.finish, whole=whole and not lost)
        if lost and whole:
            raise ServerLostError(f"{self._server} does not answer any more: {self._returned}")

    # Event handlers must not raise: aiortc would end the connection.

    def on_state(self, link: Link) -> None:
        """Of `LinkOwner`."""
        if link is self.link:
            self.states.append(link.pc.connectionState)
        if link.is_up and self.tally.connected_s is None:
            self.tally.connected_s = self.tally.last_heard_s = time.monotonic()
        self._changed.set()

    def on_control_open(self, link: Link) -> None:
        """Of `LinkOwner`."""
        if self.options.landmarks_every_s:
            request = SendLandmarks(type="landmarks", every_s=self.options.landmarks_every_s)
            link.control.send(request.model_dump_json())

    def on_telemetry(self, link: Link, message: str | bytes) -> None:
        """Of `LinkOwner`."""
        if link is not self.link and self._first_of is None:
            return  # the next session repeats the numbers of its last frames
        try:
            report = decode_telemetry(message)
        except ValueError as error:
            self.unreadable.append(f"a telemetry message is not version 1: {error}")
            return
        self.tally.count_report(report, time.monotonic())
        self._reports.append(report)
        if self._log is not None:
            self._log.write(report)
        if self.on_report is not None:
            self.on_report(report)
        self._changed.set()

    def on_control(self, link: Link, message: str | bytes) -> None:
        """Of `LinkOwner`."""
        try:
            reply = decode_reply(message)
        except ValueError as error:
            self.unreadable.append(f"a control message is not version 1: {error}")
            return
        self._replies.append(reply)
        if reply.type == "marker" and self._log is not None:
            self._log.write(reply)
        if reply.type == "notice" and reply.code == NoticeCode.MOVE and self._on_move == "follow":
            if link is self.link:
                self._begin_move()
        elif reply.type in {"notice", "error"} and not self._is_left(link):
            self.notices.append(reply)
        self._changed.set()

    def on_frame(self, link: Link, frame: VideoFrame | None) -> None:
        """Of `LinkOwner`."""
        now_s = time.monotonic()
        if link is self._first_of:
            self._first_of = None
            self._times.begin_connection()
            self.tally.count_away(now_s)
        self.tally.count_received(read_stamp(planes_of(frame)[0]) if frame is not None else None, now_s)
        # Frames of the old connection still arrive, until the first of the next one.
        is_next = link is self.link or self._first_of is not None
        if self._recording is not None and frame is not None and is_next:
            self._times.place(frame, now_s)
            self._recording.write(frame)
        self._changed.set()

    def on_unreadable(self, link: Link, what: str) -> None:
        """Of `LinkOwner`."""
        del link
        self.unreadable.append(what)

    # A move to another server

    def _is_left(self, link: Link) -> bool:
        """Whether this peer has another connection in its place, or a try that may have taken over its session."""
        return link is not self.link or (self._move is not None and self._move.is_trying)

    def _begin_move(self) -> None:
        if self._moving is None or self._moving.done():
            self._moving = self._tasks.create_task(self._follow_move(), name="replay/move")

    async def _follow_move(self) -> None:
        present = self.link
        self._move = Move(self._open_next)
        try:
            link = await self._move.next_link(lambda: present.is_up)
        finally:
            self._move = None
        if link is None:
            return
        self.tally.count_move(resumed=link.resumed)
        present.let_go()
        self._track.move()
        self.link = self._first_of = link
        link.take(self._track)
        try:
            await self._wait_until(lambda: self._first_of is not link, FIRST_FRAME_DEADLINE_S)
        except TimeoutError:
            pass  # `finish` says so, if none comes at all
        finally:
            await present.leave()
            await present.close()

    async def _open_next(self) -> Link:
        self._track.move()  # setting up the next connection delays it
        link = Link(self.options, self._credentials, self._receive_mode, self)
        link.open(self._ice_servers, None)
        first_face_id = max(self._first_face_id, self.tally.last_face_id + 1)
        try:
            await link.connect(self._tasks, self.resume_token, first_face_id)
        except BaseException:
            await link.leave()
            await link.close()
            raise
        return link

    # While connected

    def _check_alive(self) -> None:
        if self._move is not None and self._move.is_trying:
            return  # it may have taken over the session
        sentences = [*self.unreadable, *(notice.detail for notice in self.notices)]
        said = f": {sentences[-1]}" if sentences else ""
        if not self.link.is_up:
            if self.notices and self.notices[-1].code in _CLIP_REFUSED:
                raise ServerUnreachableError(f"{self._server} ended the connection{said}")
            raise ServerLostError(f"{self._server} ended the connection{said} ({self._returned})")
        if self._silent_s > SILENCE_DEADLINE_S:
            raise ServerLostError(
                f"{self._server} has stopped sending{said} ({self._returned}); is it still running?"
            )

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self.tally.last_heard_s

    @property
    def _returned(self) -> str:
        return f"{self.tally.received} of {self.tally.sent} sent frames have returned"

    async def _wait_until(self, reached: Callable[[], bool], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not reached():
                self._changed.clear()
                await self._changed.wait()

    async def _leave(self) -> bool:
        """Tell the server, and end the connection; returns whether the server has answered."""
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.wait({self._moving})
        reached = await self.link.leave()
        self._track.stop()
        await self.link.close()
        await self._tasks.__aexit__(None, None, None)
        return reached


async def replay_clip(options: ReplayOptions, on_progress: ProgressCallback | None = None) -> Summary:
    """Send the clip to the server at its own frame rate, save what the options say, and return the summary.

    `on_progress` is called with the counters ten times a second. Raises ClipError if the clip cannot be read,
    ConfigError if a file of the options cannot be read or written, ServerUnreachableError if the server cannot be
    reached or rejects the offer, and its subclass ServerLostError if the server ends the session or falls silent. If
    the task is cancelled, the peer still leaves the server in order.
    """
    async with ReplayPeer(options) as peer:
        await peer.finish(on_progress)
    return peer.summary()
