"""A session for its owner and for admins: its events as Server-Sent Events, and markers; docs/live.md describes both.

A client that does not read loses messages, and after a while its connection; no other client waits for it.
"""

import asyncio
import contextlib

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
from facestream.web.http.slow_readers import SlowReader, limit_kernel_buffer
from facestream.web.keys import REGISTRY
from facestream.web.problems import MAX_SHOWN_CHARS, RejectedError
from facestream.web.session_bodies import MAX_MARKER_BYTES

HEARTBEAT_S = 10.0
"""A comment is sent when there was no event for this long; proxies close silent connections after 30 to 60 s."""
PORTION_BYTES = 16 * 1024
"""Of what waits for a slow client, this much leaves the queue at once; the rest may be dropped for newer events."""
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
        limit_kernel_buffer(request)
        try:
            reader = SlowReader(request, lambda: listener.is_ending)
            while not listener.ended:
                await reader.write(response, (await _next(listener)).encode())
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
