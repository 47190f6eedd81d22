"""A session for its owner and for admins: its events as Server-Sent Events, and markers; docs/live.md describes both.

A client that does not read loses messages, and after a while its connection; no other client waits for it.
"""

import array
import asyncio
import contextlib
import fcntl
import socket
import termios

from aiohttp import hdrs, web
from pydantic import ValidationError

from facestream.media.listeners import Listener
from facestream.messages.control import LANDMARKS_EVERY_S
from facestream.messages.events import HEARTBEAT, MEDIA_TYPE
from facestream.messages.http import MarkedBody, MarkerBody, ProblemCode
from facestream.messages.validation import first_problem
from facestream.sessions.base import Session
from facestream.web.auth.guards import require_follower
from facestream.web.http.bodies import read_json
from facestream.web.http.protocol import mark_stream
from facestream.web.keys import REGISTRY
from facestream.web.problems import MAX_SHOWN_CHARS, RejectedError

HEARTBEAT_S = 10.0
"""A comment is sent when there was no event for this long; proxies close silent connections after 30 to 60 s."""
STUCK_S = 30.0
"""A connection is closed if its client reads nothing for this long."""
LINGER_S = 120.0
"""After the end of its session, a client has this long to read what waits."""
PORTION_BYTES = 16 * 1024
"""Of what waits for a slow client, this much leaves the queue at once; the rest may be dropped for newer events."""
KERNEL_BUFFER_BYTES = 64 * 1024
"""Linux would let the buffer of a client that does not read grow to 4 MB."""
MAX_MARKER_BYTES = 4000
HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    # nginx would collect the events before it passes them on.
    "X-Accel-Buffering": "no",
    hdrs.CONTENT_TYPE: f"{MEDIA_TYPE}; charset=utf-8",
}
routes = web.RouteTableDef()


# A HEAD request would have a response without an end, too.
@routes.get("/sessions/{id}/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    """Send the events of a session until it ends or the client leaves."""
    session = followed_session(request)
    with request.app[REGISTRY].listening(session, _landmarks_every_s(request)) as listener:
        return await _send(request, listener)


@routes.post("/sessions/{id}/markers")
async def mark(request: web.Request) -> web.Response:
    """Mark this moment of a session; its peer and everybody who follows it get the marker."""
    session = followed_session(request)
    body = await read_json(request, MAX_MARKER_BYTES)
    try:
        wanted = MarkerBody.model_validate_json(body)
    except ValidationError as error:
        raise RejectedError(
            400,
            ProblemCode.BAD_MARKER,
            f"not a marker ({first_problem(error, 'body')}); expected JSON with a name of 1 to 100 characters in one "
            "line, and perhaps a note of up to 500",
        ) from error
    marker = session.mark(wanted.name, wanted.note)
    answer = MarkedBody(id=marker.id, name=marker.name, note=marker.note, pts=marker.pts)
    return web.json_response(text=answer.to_json(), status=201, headers={hdrs.CACHE_CONTROL: "no-store"})


def followed_session(request: web.Request) -> Session:
    """The session in the address, or the one that continues it, if the client may follow it; raises RejectedError."""
    session = request.app[REGISTRY].newest_of(request.match_info["id"])
    if session is None:
        raise RejectedError(
            404, ProblemCode.NO_SUCH_SESSION, "no such session; it may have ended, or not be resumed yet"
        )
    require_follower(request, session)
    return session


def _landmarks_every_s(request: web.Request) -> float:
    """How often the client wants the landmarks of each face, in seconds of the video; raises RejectedError."""
    text = request.query.get("landmarks_every_s", "0")
    shortest, longest = LANDMARKS_EVERY_S
    with contextlib.suppress(ValueError):
        if (every_s := float(text)) == 0 or shortest <= every_s <= longest:
            return every_s
    raise RejectedError(
        400,
        ProblemCode.BAD_QUERY,
        f"landmarks_every_s: got {text[:MAX_SHOWN_CHARS]!r}; expected 0, or {shortest:g} to {longest:g} seconds",
    )


async def _send(request: web.Request, listener: Listener) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    mark_stream(request)
    # A client may leave at any moment, which is no error.
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        _limit_buffers(request)
        try:
            reading = _Reading(request, listener)
            while not listener.ended:
                await reading.write(response, await _next(listener))
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
    return response


async def _next(listener: Listener) -> str:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            return await listener.take(PORTION_BYTES)
    except TimeoutError:
        return HEARTBEAT


class _Reading:
    """Sends events as fast as a client reads, however slow that is."""

    def __init__(self, request: web.Request, listener: Listener) -> None:
        self._transport = request.transport
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._last_s = float("inf")
        """Until when the client may read; known when its session has ended."""

    async def write(self, response: web.StreamResponse, events: str) -> None:
        """Send events; raises TimeoutError if the client reads nothing for STUCK_S, or too long after the end."""
        async with asyncio.timeout(STUCK_S) as deadline:
            self._watching = self._loop.call_later(STUCK_S / 10, self._look, deadline, self._unread_bytes())
            try:
                await response.write(events.encode())
            finally:
                self._watching.cancel()

    def _look(self, deadline: asyncio.Timeout, before_bytes: int) -> None:
        """Give the client more time if it has read something."""
        unread_bytes, now_s = self._unread_bytes(), self._loop.time()
        if self._listener.is_ending:
            self._last_s = min(self._last_s, now_s + LINGER_S)
        if unread_bytes < before_bytes and not deadline.expired():
            deadline.reschedule(min(now_s + STUCK_S, self._last_s))
        self._watching = self._loop.call_later(STUCK_S / 10, self._look, deadline, unread_bytes)

    def _unread_bytes(self) -> int:
        """What has been sent and not been taken by the other side: in this process and in the kernel."""
        if self._transport is None or self._transport.is_closing():
            return 0
        connected = self._transport.get_extra_info("socket")
        waiting = array.array("i", [0])
        with contextlib.suppress(OSError, AttributeError, ValueError):
            fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, waiting)
        return self._transport.get_write_buffer_size() + waiting[0]


def _limit_buffers(request: web.Request) -> None:
    connected = request.get_extra_info("socket")
    if connected is not None:
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
