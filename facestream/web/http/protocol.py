"""Subclass aiohttp's protocol to report the phase of a connection and to bound what is read; independent of routes.

aiohttp 3.14 has only a deadline for idle connections. Tests with real sockets (tests/media/test_connections.py)
cover the methods overridden here besides asyncio's Protocol and the protected members of RequestHandler used here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import hdrs, web
from aiohttp.streams import StreamReader

from facestream.errors import RequestLateError
from facestream.web.http.connections import OVER, Connection, Phase

SERVER_NAME = "facestream"
"""aiohttp's default contains the versions of Python and aiohttp."""
MAX_HEAD_BYTES = 32 * 1024
"""Enough for the cookies of other servers on localhost."""
END_OF_HEAD = b"\r\n\r\n"
MAX_OPENING_BYTES = 5 * 1024
"""The first message of a WebSocket holds a token of 4,096 characters at most."""
LINGERING_S = 2.0  # time for the client to read the error while it still sends a body that is not read
# aiohttp's own deadline must not expire before ours.
NO_DEADLINE_S = 86_400.0
OPTIONS: dict[str, Any] = {
    # No access log: it would write every client's address to disk.
    "access_log": None,
    "keepalive_timeout": NO_DEADLINE_S,
    "lingering_time": LINGERING_S,
    "read_bufsize": 64 * 1024,
    # One cookie may fill the head. aiohttp's limit of 8,190 bytes would answer it with 400.
    "max_line_size": MAX_HEAD_BYTES,
    "max_field_size": MAX_HEAD_BYTES,
    # No route accepts a compressed body, so no body is decompressed.
    "auto_decompress": False,
}
HEAD_TOO_LARGE = (
    f"HTTP/1.1 431 Request Header Fields Too Large\r\nServer: {SERVER_NAME}\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n"
).encode()
# A close frame of RFC 6455 with code 1009, message too big.
OPENING_TOO_LARGE = b"\x88\x02" + (1009).to_bytes(2, "big")


class HttpProtocol(web.RequestHandler):
    """An aiohttp connection with deadlines and bounds."""

    __slots__ = ("_connection", "_content", "_head_bytes", "_head_tail", "_opening_bytes", "_raw")

    def __init__(self, server: web.Server, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, **OPTIONS)
        self._connection = connection
        self._content: StreamReader | None = None
        self._head_bytes = self._opening_bytes = 0
        self._head_tail = b""
        self._raw: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast(asyncio.Transport, transport)
        self._connection.abort = self._raw.abort
        self._connection.on_late = self._on_late
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connection.closed()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        connection = self._connection
        if connection.phase in OVER:
            return
        if connection.phase is Phase.OPENING:
            self._take_opening(data)
            return
        if connection.phase is Phase.IDLE and data:
            connection.enter(Phase.HEAD)
            self._head_bytes, self._head_tail = 0, b""
        before, requests = connection.phase, self._request_count
        if before is Phase.HEAD:
            self._head_bytes += self._length_in_head(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._reject(HEAD_TOO_LARGE)
                return
        super().data_received(data)
        if before is Phase.HEAD:
            if self._request_count > requests:
                connection.enter(Phase.BODY)
        elif before in {Phase.RESPONSE, Phase.STREAM} and data:
            # Pipelined requests wait in the kernel, where they use the client's TCP window and not our memory.
            self._pause_reading_for_buffer()

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Begin the opening phase; aiohttp calls this when a WebSocket is accepted."""
        self._connection.enter(Phase.OPENING)
        self._opening_bytes = len(self._message_tail)
        if self._opening_bytes > MAX_OPENING_BYTES:
            self._message_tail = b""
        super().set_parser(parser, data_received_cb)
        self._take_opening(b"")

    def is_leaving(self) -> bool:
        """Whether nothing is read or sent any more."""
        return self._connection.phase in OVER

    def opened(self) -> None:
        """Record that the WebSocket has a session, which has its own deadlines and bounds."""
        self._connection.enter(Phase.SERVED)

    def streams(self) -> None:
        """Record that the response has no end."""
        self._connection.enter(Phase.STREAM)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:  # fmt: skip
        # This response belongs to no application, so no signal sets its Server header.
        response = super().handle_error(request, status, exc, message)
        response.headers[hdrs.SERVER] = SERVER_NAME
        return response

    async def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> tuple[web.StreamResponse, bool]:
        self._content = request.content
        self._connection.enter(Phase.BODY)
        request.content.on_eof(self._request_is_complete)
        try:
            return await super()._handle_request(request, start_time, request_handler)
        except Exception as error:
            # Errors of handlers are already logged. Only the response failed: asyncio's sendfile raises RuntimeError if
            # the client has gone.
            if self._raw is None or self._raw.is_closing():
                raise ConnectionResetError("the client has disconnected") from error
            raise
        finally:
            self._content = None
            if request.content.is_eof():
                self._connection.enter(Phase.IDLE)
            else:
                # aiohttp reads and drops the rest of the body: it is not the head of another request.
                self._connection.enter(Phase.BODY)
            if self._buffer_paused and not self._messages:
                # aiohttp resumes reading when it takes the next request from its queue; this queue is empty.
                self._resume_reading_if_drained()

    def _request_is_complete(self) -> None:
        if self._connection.phase is Phase.BODY:
            # Without content, the response has been sent before the rest of the body came.
            self._connection.enter(Phase.RESPONSE if self._content is not None else Phase.IDLE)

    def _on_late(self) -> None:
        """Let the reader of the body report that the body is late; without a reader, end the connection."""
        if self._content is None:
            self._connection.end()
        else:
            self._connection.enter(Phase.RESPONSE)
            self._content.set_exception(
                RequestLateError("the request body did not arrive in time; send it at once, or try again")
            )

    def _length_in_head(self, data: bytes) -> int:
        """How many bytes of `data` belong to the head; behind it are a body or further requests."""
        # Empty lines may precede the request line; they do not end the head.
        seen = self._head_tail + data if self._head_tail else data.lstrip(b"\r\n")
        self._head_tail = seen[1 - len(END_OF_HEAD) :]
        end = seen.find(END_OF_HEAD)
        return len(data) if end < 0 else len(data) - (len(seen) - end - len(END_OF_HEAD))

    def _take_opening(self, data: bytes) -> None:
        self._opening_bytes += len(data)
        if self._opening_bytes > MAX_OPENING_BYTES:
            self._reject(OPENING_TOO_LARGE)
        elif data:
            super().data_received(data)

    def _reject(self, response: bytes) -> None:
        """Send an error response and read no more; closing at once would reset the connection before it is read."""
        if self._raw is not None:
            self._raw.write(response)
        self._connection.enter(Phase.LEAVING)


def is_leaving(request: web.Request) -> bool:
    """Whether the last message is sent already, because a client sent too much before its session was open."""
    return isinstance(request.protocol, HttpProtocol) and request.protocol.is_leaving()


def mark_session_open(request: web.Request) -> None:
    """The WebSocket now has a session; lift the limits of the opening phase."""
    if isinstance(request.protocol, HttpProtocol):
        request.protocol.opened()


def mark_stream(request: web.Request) -> None:
    """The response has no end; lift the time limit of a response. The route ends it if the client does not read."""
    if isinstance(request.protocol, HttpProtocol):
        request.protocol.streams()


async def set_server_header(_request: web.Request, response: web.StreamResponse) -> None:
    """Set the Server header of every response, in place of aiohttp's."""
    response.headers[hdrs.SERVER] = SERVER_NAME
