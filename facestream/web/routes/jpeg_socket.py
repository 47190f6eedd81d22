"""The compatibility mode over HTTP: the WebSocket, its first message and its rejection. Never decodes a JPEG."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator

from aiohttp import WSCloseCode, WSMsgType, web

from facestream.messages.http import Problem, ProblemCode
from facestream.messages.jpeg_socket import HEADER_BYTES, Open, Refused, decode_open
from facestream.sessions.ending import Ending
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import Wishes
from facestream.web.auth.guards import authorize, check_request_rate, requesting_client
from facestream.web.http.protocol import is_leaving, mark_session_open
from facestream.web.keys import CONFIG, REGISTRY
from facestream.web.problems import RejectedError, report_errors_as_problems
from facestream.web.routes.metrics import count_rejections

# Linux: a socket is writable only while less than this is unsent; otherwise the kernel would buffer megabytes, and a
# slow reader would get frames that are seconds old.
TCP_NOTSENT_LOWAT = 25
MAX_UNSENT_BYTES = 16 * 1024
CLOSE_DEADLINE_S = 2.0
# A peer sends the first message at once; until then, its socket does not count as a session.
OPENING_DEADLINE_S = 5.0
MAX_REASON_BYTES = 120  # a close frame holds 123

routes = web.RouteTableDef()


@routes.get("/pictures")
async def open_socket(request: web.Request) -> web.StreamResponse:
    """Serve a peer over this socket until it ends."""
    config = request.app[CONFIG]
    if not config.websocket_fallback:
        raise RejectedError(
            404, ProblemCode.COMPATIBILITY_MODE_OFF, "this server has no compatibility mode; it needs WebRTC"
        )
    # No compression: JPEGs do not get smaller, and a small message cannot expand in memory. A JPEG over the limit ends
    # the session with a notice; a message of more than twice the limit gets close code 1009 without being read.
    websocket = web.WebSocketResponse(
        compress=False,
        max_msg_size=2 * config.max_jpeg_bytes + HEADER_BYTES,
        timeout=CLOSE_DEADLINE_S,
        writer_limit=0,
        # aiohttp answers a flood of pings without a pause, so one peer would stop the event loop for seconds.
        autoping=False,
    )
    if not websocket.can_prepare(request).ok:
        raise RejectedError(
            400, ProblemCode.NOT_A_WEBSOCKET, "got plain HTTP; expected a WebSocket handshake"
        )
    await websocket.prepare(request)
    transport = request.transport
    assert transport is None or isinstance(transport, asyncio.WriteTransport)
    _send_without_delay(transport)
    peer = WebSocketPeer(websocket, transport)
    session = await _open(request, peer)
    if session is None:
        return websocket
    try:
        await session.wait_closed()
    finally:
        session.request_end(Ending.CONNECTION_LOST, "its request ended")
    return websocket


async def _open(request: web.Request, peer: "WebSocketPeer") -> JpegSession | None:
    """Wait for the first message and admit its peer; None: the peer was rejected, with the reason in a message."""
    try:
        async with asyncio.timeout(min(OPENING_DEADLINE_S, request.app[CONFIG].setup_deadline_s)):
            first = await peer.receive()
    except (TimeoutError, ConnectionError):
        await peer.close("no first message")
        return None
    sessions: list[JpegSession] = []

    async def admit(request: web.Request) -> web.StreamResponse:
        opening = _decoded(first)
        await authorize(request, opening.token)
        if not is_leaving(request):
            sessions.append(_admit(request, peer, opening))
        return web.Response(status=204)

    # A socket is rejected for the same reasons as an offer, with the same problem, and is counted in the same way.
    response = await report_errors_as_problems(request, lambda asked: count_rejections(asked, admit))
    if sessions:
        mark_session_open(request)
        return sessions[0]
    if is_leaving(request):
        # The close frame that the peer has got is the last frame of a socket.
        await peer.wait_closed()
        return None
    assert isinstance(response, web.Response)
    problem = Problem.model_validate_json(response.text or "{}")
    retry_after_s = int(response.headers.get("Retry-After", 0))
    await peer.reject(
        Refused(
            status=response.status,
            code=problem.code,
            title=problem.title,
            detail=problem.detail,
            retry_after_s=retry_after_s,
        )
    )
    return None


def _decoded(first: str | bytes) -> Open:
    try:
        return decode_open(first)
    except ValueError as error:
        raise RejectedError(
            400, ProblemCode.BAD_OPENING, str(error), title="The socket cannot be served"
        ) from error


def _admit(request: web.Request, peer: "WebSocketPeer", opening: Open) -> JpegSession:
    check_request_rate(request)
    remote = requesting_client(request).address
    wishes = Wishes(opening.resume, opening.first_face_id, opening.record, opening.record_days)
    return request.app[REGISTRY].open_jpeg(peer, wishes, remote)


def _send_without_delay(transport: asyncio.WriteTransport | None) -> None:
    """Make `send` return only when the network has the message, so that the next frame can be a new one."""
    if transport is None:
        return
    with contextlib.suppress(AttributeError):  # see unsent_bytes
        transport.set_write_buffer_limits(high=0)
    connection = transport.get_extra_info("socket")
    if connection is not None and sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)


def unsent_bytes(transport: asyncio.WriteTransport) -> int:
    """Bytes that wait in a transport; 0 once it is closed.

    asyncio's TLS transport forgets its protocol at a second close, and then raises AttributeError (Python 3.11).
    """
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        return 0


class WebSocketPeer:
    """The `JpegSocket` of a session, over a WebSocket."""

    def __init__(self, websocket: web.WebSocketResponse, transport: asyncio.WriteTransport | None) -> None:
        self._websocket = websocket
        self._transport = transport

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        while message.type in {WSMsgType.PING, WSMsgType.PONG}:
            if message.type is WSMsgType.PING:
                with _only_own_cancellation():
                    await self._websocket.pong(message.data)
            await asyncio.sleep(0)
            message = await self._websocket.receive()
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        raise ConnectionResetError(f"socket closed with code {self._websocket.close_code}")

    async def wait_closed(self) -> None:
        """Wait until the connection is closed; ignore what was received before."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self.receive()

    async def send(self, message: str | bytes) -> None:
        with _only_own_cancellation():
            if isinstance(message, str):
                await self._websocket.send_str(message)
            else:
                await self._websocket.send_bytes(message)

    async def reject(self, rejection: Refused) -> None:
        """Send the reason for the rejection, and close."""
        try:
            await self.send(rejection.model_dump_json())
        except ConnectionError:
            return
        await self.close(rejection.title)

    async def close(self, reason: str) -> None:
        text = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore").encode()
        try:
            with contextlib.suppress(TimeoutError), _only_own_cancellation():
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._websocket.close(code=WSCloseCode.GOING_AWAY, message=text)
        finally:
            if self._transport is not None and unsent_bytes(self._transport):
                # A peer that reads nothing would keep the connection open forever.
                asyncio.get_running_loop().call_later(CLOSE_DEADLINE_S, self._transport.abort)


@contextlib.contextmanager
def _only_own_cancellation() -> Iterator[None]:
    """Suppress a CancelledError unless this task itself is cancelled.

    In aiohttp 3.14, all tasks that wait for a socket to become writable await the same future: cancelling one of them
    cancels that future, and so the others too. Their messages are already written to the transport by then.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        yield
    except asyncio.CancelledError:
        if task.cancelling() > before:
            raise
