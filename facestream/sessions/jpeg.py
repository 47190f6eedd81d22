"""One session over a socket that carries JPEGs: the compatibility mode, for networks that block WebRTC.

One thing, three names: "compatibility mode" in the documentation, the kind `pictures` in metrics and in the path of the
socket, and JPEG session in the code.

Independent of HTTP: a socket is anything that receives and sends whole messages.
"""

import asyncio
import contextlib
from collections import deque
from typing import Protocol

from av import VideoFrame

from facestream.config import Config
from facestream.errors import FrameError, FrameTooLargeError
from facestream.media.jpeg import encode_jpeg
from facestream.media.threads import MediaThreads
from facestream.media.tracks import JpegTrack
from facestream.messages.control import ControlReply, encode_control
from facestream.messages.http import SessionState
from facestream.messages.jpeg_socket import JpegFrame, Opened, decode_jpeg_message, encode_jpeg_message
from facestream.metrics import Measures
from facestream.sessions.base import Session, rejected
from facestream.sessions.ending import Ending, SessionEnded
from facestream.workers.pool import AnalysisPool

MAX_REPLIES = 32  # a peer that sends requests and never reads loses the oldest replies
LAST_REPLIES_DEADLINE_S = 1.0  # a peer that does not read must not delay the end


class JpegSocket(Protocol):
    """Receives and sends whole messages: text as str, binary as bytes. Raises ConnectionError when the peer is gone."""

    async def receive(self) -> str | bytes:
        """The next message."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Send one message; returns when it has left this process, so that the sender notices a slow reader."""
        ...

    async def close(self, reason: str) -> None:
        """Close with a reason for people; may be called twice."""
        ...


class JpegSession(Session):
    """Serves one peer from its first message to its end."""

    kind = "pictures"  # the name of the compatibility mode in metrics and on the wire
    times_by_peer = True

    def __init__(
        self,
        config: Config,
        pool: AnalysisPool,
        drawing: MediaThreads,
        measures: Measures,
        jpeg: MediaThreads,
        socket: JpegSocket,
        *,
        node: str = "",
    ) -> None:
        super().__init__(config, pool, drawing, measures, node=node)
        self._socket = socket
        self._jpeg = jpeg
        self._source = JpegTrack(jpeg, self._max_size_wh)
        self._pipeline.dropped_by_source = lambda: self._source.dropped
        self._newest = _NewestMessage()
        self._pipeline.outbox.attach(self._newest)
        self._replies: deque[str] = deque(maxlen=MAX_REPLIES)
        self._replied = asyncio.Event()
        self._closed = asyncio.Event()

    async def wait_closed(self) -> None:
        """Wait until the session no longer uses its socket."""
        await self._closed.wait()

    async def close(self) -> None:
        self._source.stop()
        self._pipeline.track.stop()
        if self.state is SessionState.CLOSED:
            return
        self.state = SessionState.CLOSED
        try:
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(LAST_REPLIES_DEADLINE_S):
                    await self._send_waiting_replies()
            await self._socket.close(self._end_reason.detail if self._end_reason else "")
        finally:
            self._closed.set()

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(self._read(), name=f"{self.id}/read")
        tasks.create_task(self._receive_frames(self._source), name=f"{self.id}/receive")
        tasks.create_task(self._send_jpegs(), name=f"{self.id}/jpegs")
        tasks.create_task(self._send_replies(), name=f"{self.id}/replies")
        opened = Opened(
            session_id=self.id,
            resume=self.resume_token,
            secret=self.secret,
            recorded=self.is_recorded,
            record_days=self.record_days,
            resumed=self.is_resumed,
        )
        self._say(opened.model_dump_json())
        self._say_hello()

    def _reply(self, reply: ControlReply) -> None:
        self._say(encode_control(reply))

    def _say(self, message: str) -> None:
        self._replies.append(message)
        self._replied.set()

    async def _read(self) -> None:
        """Read each message at once, so that no message ages in the network's buffers."""
        while True:
            try:
                message = await self._socket.receive()
            except ConnectionError as error:
                raise _socket_closed() from error
            # `receive` does not wait while messages are there; a flood of them must not stop other sessions.
            await asyncio.sleep(0)
            if isinstance(message, str):
                self._on_control(message)
                continue
            try:
                self._take(message)
            except FrameError as error:
                raise rejected(error) from error

    def _take(self, message: bytes) -> None:
        frame, most = decode_jpeg_message(message), self._config.max_jpeg_bytes
        if (size := len(frame.jpeg)) > most:
            raise FrameTooLargeError(f"JPEG of {size} bytes; expected at most {most}", (size,), (most,))
        self._source.put(frame)

    async def _send_jpegs(self) -> None:
        """Send each telemetry message and its frame; of the frames that arrive meanwhile, only the newest is kept."""
        while True:
            frame = await self._pipeline.track.recv()
            assert isinstance(frame, VideoFrame)
            # The pipeline passes a frame and its message on in one step, so this message belongs to this frame.
            message = self._newest.take()
            try:
                await self._socket.send(message)
                jpeg = await self._jpeg.run(encode_jpeg, frame)
                await self._socket.send(encode_jpeg_message(JpegFrame(self._source.time_ms(frame), jpeg)))
            except ConnectionError as error:
                raise _socket_closed() from error

    async def _send_replies(self) -> None:
        while True:
            await self._replied.wait()
            self._replied.clear()
            try:
                await self._send_waiting_replies()
            except ConnectionError as error:
                raise _socket_closed() from error

    async def _send_waiting_replies(self) -> None:
        while self._replies:
            await self._socket.send(self._replies.popleft())


class _NewestMessage:
    """Holds the telemetry message of the newest frame; looks like a data channel that always keeps up."""

    readyState = "open"  # noqa: N815 - the name is RTCDataChannel's
    bufferedAmount = 0  # noqa: N815

    def __init__(self) -> None:
        self._message = ""

    def send(self, message: str) -> None:
        self._message = message

    def take(self) -> str:
        message, self._message = self._message, ""
        return message


def _socket_closed() -> SessionEnded:
    return SessionEnded(Ending.CONNECTION_LOST, "the peer closed its socket")
