"""The peer's end of the compatibility mode over HTTP: accept a WebSocket, read its first message, admit or reject it.

Who serves the peer then, this server or a node behind a gateway, is decided by the caller. Never decodes a JPEG.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from aiohttp import WSCloseCode, WSMsgType, web

from facestream.messages.http import Problem, ProblemCode
from facestream.messages.jpeg_socket import HEADER_BYTES, Open, Refused, decode_open
from facestream.web.auth.guards import authorize, check_request_rate
from facestream.web.http.protocol import is_leaving, mark_session_open
from facestream.web.keys import CONFIG
from facestream.web.problems import RejectedError, report_errors_as_problems
from facestream.web.routes.metrics import count_rejections

T = TypeVar("T")

# Linux: a socket is writable only while less than this is unsent; otherwise the kernel would buffer megabytes, and a
# slow reader would get frames that are seconds old.
TCP_NOTSENT_LOWAT = 25
MAX_UNSENT_BYTES = 16 * 1024
CLOSE_DEADLINE_S = 2.0
# A peer sends the first message at once; until then, its socket does not count as a session.
OPENING_DEADLINE_S = 5.0
MAX_REASON_BYTES = 120  # a close frame holds 123


def compatibility_mode_off() -> RejectedError:
    """The rejection of a peer where sockets are not served."""
    return RejectedError(
        404, ProblemCode.COMPATIBILITY_MODE_OFF, "this server has no compatibility mode; it needs WebRTC"
    )


async def accept(request: web.Request) -> "WebSocketPeer":
    """Take the handshake; raises RejectedError while HTTP can still say why."""
    config = request.app[CONFIG]
    if not config.websocket_fallback:
        raise compatibility_mode_off()
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
    send_without_delay(transport)
    return WebSocketPeer(websocket, transport)


async def admitted(
    request: web.Request, peer: "WebSocketPeer", admit: Callable[[str | bytes, Open], Awaitable[T]]
) -> T | None:
    """Wait for the first message, and give it to `admit` if this client may open a session.

    None: the peer was rejected, with the reason in a message. `admit` raises why it rejects the peer.
    """
    try:
        async with asyncio.timeout(min(OPENING_DEADLINE_S, request.app[CONFIG].setup_deadline_s)):
            first = await peer.receive()
    except (TimeoutError, ConnectionError):
        await peer.close("no first message")
        return None
    served: list[T] = []

    async def check_and_admit(request: web.Request) -> web.StreamResponse:
        opening = _decoded(first)
        await authorize(request, opening.token)
        if not is_leaving(request):
            check_request_rate(request)
            served.append(await admit(first, opening))
        return web.Response(status=204)

    # A socket is rejected for the same reasons as an offer, with the same problem, and is counted in the same way.
    response = await report_errors_as_problems(
        request, lambda asked: count_rejections(asked, check_and_admit)
    )
    if served:
        mark_session_open(request)
        return served[0]
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


def send_without_delay(transport: asyncio.WriteTransport | None) -> None:
    """Make `send` return only when the network has the message, so that the next frame can be a new one."""
    if transport is None:
        return
    with contextlib.suppress(AttributeError):  # see unsent_bytes
        transport.set_write_buffer_limits(high=0)
    limit_unsent(transport.get_extra_info("socket"))


def limit_unsent(connection: socket.socket | None) -> None:
    """Let the kernel keep little of what waits to be sent, where it can; None: the connection has ended."""
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
        self.response = websocket
        """What a route returns."""
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

    async def close(self, reason: str, code: int = WSCloseCode.GOING_AWAY) -> None:
        text = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore").encode()
        try:
            with contextlib.suppress(TimeoutError), _only_own_cancellation():
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._websocket.close(code=code, message=text)
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
