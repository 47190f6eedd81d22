"""One peer served over a socket of pictures: the compatibility mode, where WebRTC does not get through.

Knows no HTTP: the socket is whatever receives and sends whole messages.
"""

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Executor
from typing import Protocol

from av import VideoFrame

from facestream.config import Config
from facestream.errors import FrameError
from facestream.media.jpeg import encode_jpeg
from facestream.media.tracks import JpegTrack
from facestream.messages.jpeg_socket import JpegFrame, Opened, decode_jpeg_message, encode_jpeg_message
from facestream.messages.telemetry import ControlReply, encode_control
from facestream.sessions.base import PeerLeft, Session, SessionState
from facestream.workers.pool import AnalysisPool

MAX_REPLIES = 32  # a peer that asks and never reads loses the oldest replies
FAREWELL_S = 1.0  # a peer that does not read must not hold up the end


class JpegSocket(Protocol):
    """Whole messages in and out; text is str, everything else bytes. ConnectionError: the peer has gone."""

    async def receive(self) -> str | bytes:
        """The next message."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Returns when the message has left this process, so that whoever sends knows how late it is."""
        ...

    async def close(self, reason: str) -> None:
        """Say that this side ends it; may be called twice."""
        ...


class JpegSession(Session):
    """Serves one peer from its first message to its end."""

    kind = "pictures"

    def __init__(
        self,
        config: Config,
        pool: AnalysisPool,
        drawing: Executor,
        jpeg: Executor,
        socket: JpegSocket,
    ) -> None:
        super().__init__(config, pool, drawing)
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
        """Until the socket may be given up."""
        await self._closed.wait()

    async def close(self) -> None:
        self._source.stop()
        self._pipeline.track.stop()
        if self.state is SessionState.CLOSED:
            return
        self.state = SessionState.CLOSED
        try:
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._send_waiting_replies()
            await self._socket.close(self._end.result().reason if self._end.done() else "")
        finally:
            self._closed.set()

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(self._read(), name=f"{self.id}/read")
        tasks.create_task(self._receive_frames(self._source), name=f"{self.id}/receive")
        tasks.create_task(self._send_jpegs(), name=f"{self.id}/pictures")
        tasks.create_task(self._send_replies(), name=f"{self.id}/replies")
        opened = Opened(session_id=self.id, resume=self.resume_token, secret=self.secret)
        self._say(opened.model_dump_json())
        self._say_hello()

    def _reply(self, reply: ControlReply) -> None:
        self._say(encode_control(reply))

    def _say(self, message: str) -> None:
        self._replies.append(message)
        self._replied.set()

    async def _read(self) -> None:
        """Take each message off the socket at once, so that nothing grows old in the network's buffers."""
        while True:
            try:
                message = await self._socket.receive()
            except ConnectionError as error:
                raise PeerLeft("the peer closed its socket") from error
            # What has arrived is handed out without a pause; a flood of small messages must not stop the others.
            await asyncio.sleep(0)
            if isinstance(message, str):
                self._on_control(message)
                continue
            try:
                self._take(message)
            except FrameError as error:
                raise self._refused(error) from error

    def _take(self, message: bytes) -> None:
        picture, most = decode_jpeg_message(message), self._config.max_jpeg_bytes
        if len(picture.jpeg) > most:
            raise FrameError(
                f"a JPEG of {len(picture.jpeg)} bytes; expected at most {most}: choose a smaller one"
            )
        self._source.put(picture)

    async def _send_jpegs(self) -> None:
        """The newest picture and its message, one after the other; what comes meanwhile waits for one place."""
        loop = asyncio.get_running_loop()
        while True:
            frame = await self._pipeline.track.recv()
            assert isinstance(frame, VideoFrame)
            # The pipeline hands over both in one step, so this message is the one of this picture.
            message = self._newest.take()
            try:
                await self._socket.send(message)
                jpeg = await loop.run_in_executor(self._jpeg, encode_jpeg, frame)
                await self._socket.send(encode_jpeg_message(JpegFrame(self._source.time_ms(frame), jpeg)))
            except ConnectionError as error:
                raise PeerLeft("the peer closed its socket") from error

    async def _send_replies(self) -> None:
        while True:
            await self._replied.wait()
            self._replied.clear()
            try:
                await self._send_waiting_replies()
            except ConnectionError as error:
                raise PeerLeft("the peer closed its socket") from error

    async def _send_waiting_replies(self) -> None:
        while self._replies:
            await self._socket.send(self._replies.popleft())


class _NewestMessage:
    """Where the pipeline leaves the message of the picture it has just shown; a channel that is never behind."""

    readyState = "open"  # noqa: N815 - the name is RTCDataChannel's
    bufferedAmount = 0  # noqa: N815

    def __init__(self) -> None:
        self._message = ""

    def send(self, message: str) -> None:
        self._message = message

    def take(self) -> str:
        message, self._message = self._message, ""
        return message
