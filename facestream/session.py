"""One served peer: its peer connection, its state and its tasks; leaves no task and no socket behind."""

import asyncio
import enum
import logging
import secrets
import time
from concurrent.futures import Executor

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from facestream.analysis.overlay import Layer
from facestream.analysis.views import View
from facestream.config import Config
from facestream.errors import FrameError, OfferError
from facestream.media.codecs import cheapest_first
from facestream.media.hardening import close_peer_connection
from facestream.media.pipeline import FramePipeline, StreamMemory
from facestream.media.pool import AnalysisPool
from facestream.telemetry import Bye, ChooseView, ControlReply, Layers, Ping, decode_control, encode_control

logger = logging.getLogger(__name__)

WATCH_EVERY_S = 0.5
MAX_CONTROL_CHARS = 4096
MAX_REPLY_BACKLOG_BYTES = 64 * 1024  # a peer that asks and never reads must not make the queue grow


class SessionState(enum.Enum):
    """How far a session has come."""

    NEGOTIATING = "negotiating"  # offer accepted, no frame yet
    STREAMING = "streaming"  # first frame seen
    CLOSED = "closed"  # peer connection closed, tasks gone


class PeerLeft(Exception):
    """The peer said goodbye, went silent or its connection ended; the message is the reason."""


class Session:
    """Serves one peer from its offer to its end."""

    def __init__(
        self, config: Config, pool: AnalysisPool, drawing: Executor, memory: StreamMemory | None = None
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.resume_token = secrets.token_urlsafe(16)
        """Who has it may go on with this session's faces and counters after its connection has ended."""
        self.state = SessionState.NEGOTIATING
        self._config = config
        # Never the library's default, which asks a public STUN server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        max_size_wh = config.max_frame_width_px, config.max_frame_height_px
        self._pipeline = FramePipeline(pool, drawing, max_size_wh, memory)
        self._control: RTCDataChannel | None = None
        self._source: MediaStreamTrack | None = None
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._last_heard_s = time.monotonic()

    async def accept(self, offer: RTCSessionDescription) -> str:
        """Set up the peer connection; returns the answer's SDP. Raises OfferError."""
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_datachannel)
        self._pc.on("connectionstatechange", self._on_connection_state)
        try:
            # Before the offer is read: aiortc 1.16 looks at the preference only then.
            self._pc.addTrack(self._pipeline.track)
            self._pc.getTransceivers()[0].setCodecPreferences(cheapest_first())
            await self._pc.setRemoteDescription(offer)
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except Exception as error:  # aiortc 1.16 raises whatever its parser or negotiation trips over
            raise OfferError(
                "sdp: the offer cannot be negotiated; expected a browser's first offer"
            ) from error
        if self._source is None:
            raise OfferError("sdp: no codec in common for the video; expected VP8 or H264")
        return self._pc.localDescription.sdp

    async def run(self) -> None:
        """Serve the peer until it leaves; leave no task and no socket behind."""
        opened_s = time.monotonic()
        reason = "cancelled"
        logger.info("session %s: opened", self.id)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive_frames(), name=f"{self.id}/receive")
                tasks.create_task(self._pipeline.analyze(), name=f"{self.id}/analyze")
                tasks.create_task(self._watch(), name=f"{self.id}/watch")
        except* PeerLeft as left:
            reason = str(left.exceptions[0])
        finally:
            await self.close()
            pipeline = self._pipeline
            logger.info(
                "session %s: closed (%s) after %.1f s, %d frames in, %d analysed, %d dropped",
                self.id, reason, time.monotonic() - opened_s,
                pipeline.frames_in, pipeline.frames_analysed, pipeline.dropped,
            )  # fmt: skip

    @property
    def leaving(self) -> bool:
        """True: it has been told to end and gives its place away."""
        return self._end.done()

    def leave(self, reason: str) -> None:
        """End the session soon; may be called any number of times."""
        if not self._end.done():
            self._end.set_result(reason)

    def memory(self) -> StreamMemory:
        """What the peer's next connection needs to go on where this one is."""
        return self._pipeline.memory()

    def notify(self, detail: str) -> None:
        """Tell the peer something over `control`, where that is open."""
        self._reply(ControlReply(type="notice", detail=detail))

    async def close(self) -> None:
        """Free the peer connection; may be called twice."""
        self._pipeline.track.stop()
        await close_peer_connection(self._pc)
        self.state = SessionState.CLOSED

    # Event handlers: aiortc ends the connection when one raises, so none may.

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._source is None:
            self._source = track

    def _on_connection_state(self) -> None:
        if self._pc.connectionState in {"failed", "closed"}:
            self.leave(f"connection {self._pc.connectionState}")

    def _on_datachannel(self, channel: RTCDataChannel) -> None:
        if channel.label == "telemetry":
            self._pipeline.outbox.attach(channel)
        elif channel.label == "control":
            self._control = channel
            channel.on("message", self._on_control)
            hello = ControlReply(
                type="hello",
                session_id=self.id,
                layers=self._layer_names(),
                views=tuple(map(str, View)),
                view=str(self._pipeline.view),
            )
            self._reply(hello)

    def _on_control(self, message: str | bytes) -> None:
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
            case ChooseView():
                self._pipeline.view = View(request.view)
                self._reply(ControlReply(type="view", view=str(self._pipeline.view)))
            case Bye():
                self.leave("peer said goodbye")

    def _layer_names(self) -> tuple[str, ...]:
        return tuple(sorted(str(layer) for layer in self._pipeline.layers))

    def _reply(self, reply: ControlReply) -> None:
        channel = self._control
        if (
            channel is None
            or channel.readyState != "open"
            or channel.bufferedAmount > MAX_REPLY_BACKLOG_BYTES
        ):
            return
        channel.send(encode_control(reply))

    # Tasks

    async def _receive_frames(self) -> None:
        if self._source is None:
            raise PeerLeft("no video track")
        try:
            await self._pipeline.receive(self._source, self._saw_frame)
        except FrameError as error:
            self.notify(str(error))
            raise PeerLeft(str(error)) from error
        raise PeerLeft("the peer's video ended")

    def _saw_frame(self, now_s: float) -> None:
        self._last_heard_s = now_s
        self.state = SessionState.STREAMING

    async def _watch(self) -> None:
        """End the session when it is told to, when setup takes too long, or after silence."""
        while True:
            streaming = self.state is SessionState.STREAMING
            deadline_s = self._config.silence_deadline_s if streaming else self._config.setup_deadline_s
            left_s = self._last_heard_s + deadline_s - time.monotonic()
            if left_s <= 0:
                raise PeerLeft(f"nothing heard for {deadline_s:.0f} s")
            # Looks again soon: the deadline is another one as soon as the first frame has come.
            done, _ = await asyncio.wait({self._end}, timeout=min(left_s, WATCH_EVERY_S))
            if done:
                raise PeerLeft(self._end.result())
