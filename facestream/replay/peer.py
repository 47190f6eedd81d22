"""One headless peer: sends a clip over a real peer connection and receives the annotated video and telemetry."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from facestream.aiortc_patches import close_peer_connection
from facestream.clips.clip import open_clip
from facestream.clips.reader import Problem
from facestream.errors import FrameError, ServerLostError, ServerUnreachableError
from facestream.ice.servers import IceServer
from facestream.media.planes import planes_of
from facestream.messages.control import Bye, ControlReply, NoticeCode, SendLandmarks, decode_reply
from facestream.messages.http import OfferBody
from facestream.messages.telemetry import Telemetry, decode_telemetry
from facestream.replay import http
from facestream.replay.connection import (
    ReceiveMode,
    count_without_decoding,
    find_ice_servers,
    open_peer_connection,
    prefer_codec,
)
from facestream.replay.options import ReplayOptions
from facestream.replay.recording import Recording, ReplayFiles, TelemetryLog
from facestream.replay.stamp import read_stamp
from facestream.replay.summary import Summary, Tally
from facestream.replay.track import ClipTrack, ReplayTrack, selection_for_sending
from facestream.results.outputs import check_outputs

CONNECT_DEADLINE_S = 15.0
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
    ) -> None:
        """Check the options; raises ClipError, ConfigError, ServerUnreachableError.

        Without `make_track`, the peer sends the clip of the options. `resume` is the `resume_token` of an earlier peer.
        `first_face_id` is the id of the first face if that session cannot be resumed.
        """
        self.options = options
        self._resume, self._first_face_id = resume, first_face_id
        self.url = http.server_url(options.url)
        self._server = http.shown(self.url)
        check_outputs(
            {"--out": options.out, "--telemetry": options.telemetry}, [options.clip], binary={"--out"}
        )
        self._credentials = http.Credentials(options.token, options.cafile)
        self._make_track = make_track or _sending_clip(options)
        self._receive_mode = receive_mode
        self.tally = Tally(time.monotonic())
        self.session_id = self._secret = ""
        self.resume_token = ""
        """Given as `resume` to another peer, it resumes this one's face ids and counters."""
        self.kept = ""
        """A sentence, if the server keeps the results of this session; empty: it does not."""
        self.states: list[str] = []
        """All states of the connection so far, in order."""
        self.notices: deque[ControlReply] = deque(maxlen=MAX_KEPT_REPLIES)
        """The notices and errors that the server sent on the control channel."""
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
        self._receiving = asyncio.TaskGroup()
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tally = Tally(time.monotonic())
        try:
            ice_servers = await find_ice_servers(self.options, self.url, self._credentials)
        except BaseException:
            self.files.finish(whole=False)
            raise
        self._open(ice_servers)
        await self._receiving.__aenter__()
        try:
            await self._connect()
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
        await self._wait_until(lambda: self._pc.connectionState in {"closed", "failed"}, timeout_s)

    def send_control(self, message: str | bytes) -> None:
        """Send anything on the control channel, even invalid messages."""
        self._control.send(message)

    async def vanish(self) -> None:
        """Free everything without telling the server, like a peer that has lost its network."""
        # Without ICE, DTLS cannot tell the server either.
        await self._transceiver.sender.transport.transport.stop()
        self.session_id = ""
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

    # Setup

    def _open(self, ice_servers: Sequence[IceServer]) -> None:
        self._pc = open_peer_connection(self.options, self.url, ice_servers)
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._track = self._make_track(self.tally)
        self._transceiver = self._pc.addTransceiver(self._track, direction="sendrecv")
        if self.options.codec is not None:
            prefer_codec(self._transceiver, self.options.codec)
        # After the transceiver: aiortc 1.16 with MAX_BUNDLE stops the shared transport when it gets the answer, if the
        # transport was created for a data channel.
        telemetry = self._pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)
        telemetry.on("message", self._on_telemetry)
        self._control = self._pc.createDataChannel("control")
        self._control.on("message", self._on_control)
        self._control.on("open", self._on_control_open)

    async def _connect(self) -> None:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = OfferBody(
            sdp=self._pc.localDescription.sdp,
            type="offer",
            resume=self._resume,
            first_face_id=self._first_face_id,
            record=self.options.record,
        )
        answer = await http.post_offer(self.url, offer, self._credentials)
        self.session_id, self.resume_token = answer.session_id, answer.resume
        self._secret = answer.secret
        self.kept = http.recorded_words(answer.record_days) if answer.recorded else ""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        except Exception as error:  # aiortc 1.16's parser may raise anything
            raise ServerUnreachableError(
                f"{self._server} returned an invalid answer ({error}); expected a facestream server: check --url"
            ) from error
        receiver = self._transceiver.receiver
        if self._receive_mode is ReceiveMode.COUNT:
            count_without_decoding(receiver, self.tally.count_received)
        self._tasks.append(self._receiving.create_task(self._receive(receiver.track), name="replay/receive"))
        await self._wait_connected()

    async def _wait_connected(self) -> None:
        pc = self._pc
        with contextlib.suppress(TimeoutError):
            await self._wait_until(
                lambda: pc.connectionState not in {"new", "connecting"}, CONNECT_DEADLINE_S
            )
        # If the server ends the connection at once, `finish` reports the notice it sent.
        if self.tally.connected_s is None:
            raise ServerUnreachableError(
                f"{self._server} answered the offer, but no connection was established ({pc.connectionState}); "
                "UDP must reach the addresses that it offers: check --ice-address of the server"
            )

    # Event handlers must not raise: aiortc would end the connection.

    def _on_connection_state(self) -> None:
        self.states.append(self._pc.connectionState)
        if self._pc.connectionState == "connected" and self.tally.connected_s is None:
            self.tally.connected_s = self.tally.last_heard_s = time.monotonic()
        self._changed.set()

    def _on_control_open(self) -> None:
        if self.options.landmarks_every_s:
            request = SendLandmarks(type="landmarks", every_s=self.options.landmarks_every_s)
            self._control.send(request.model_dump_json())

    def _on_telemetry(self, message: str | bytes) -> None:
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

    def _on_control(self, message: str | bytes) -> None:
        try:
            reply = decode_reply(message)
        except ValueError as error:
            self.unreadable.append(f"a control message is not version 1: {error}")
            return
        self._replies.append(reply)
        if reply.type in {"notice", "error"}:
            self.notices.append(reply)
        elif reply.type == "marker" and self._log is not None:
            self._log.write(reply)
        self._changed.set()

    # While connected

    async def _receive(self, source: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await source.recv()
            except MediaStreamError:
                return
            except FrameError as error:
                self.unreadable.append(f"the annotated video cannot be decoded: {error}")
                return
            now_s = time.monotonic()
            if not isinstance(frame, VideoFrame):
                continue
            self.tally.count_received(read_stamp(planes_of(frame)[0]), now_s)
            if self._recording is not None:
                self._recording.write(frame)
            self._changed.set()

    def _check_alive(self) -> None:
        sentences = [*self.unreadable, *(notice.detail for notice in self.notices)]
        said = f": {sentences[-1]}" if sentences else ""
        if self._pc.connectionState != "connected":
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
        reached = False
        if self.session_id:
            if self._control.readyState == "open":
                self._control.send(Bye(type="bye").model_dump_json())
            reached = await http.leave(self.url, self.session_id, self._secret, self._credentials)
        self._track.stop()
        await close_peer_connection(self._pc)
        for task in self._tasks:
            task.cancel()
        await self._receiving.__aexit__(None, None, None)
        return reached


def _sending_clip(options: ReplayOptions) -> TrackFactory:
    clip = open_clip(options.clip)

    def make_track(tally: Tally) -> ReplayTrack:
        selection = selection_for_sending(loop=options.loop, duration_s=options.duration_s)
        return ClipTrack(clip.frames(selection), clip.fps, tally)

    return make_track


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
