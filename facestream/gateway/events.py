"""Pass on the events of a session while its node sends them; a client that reads slowly loses events at the node.

At most STREAM_BUFFER_BYTES and what the kernel keeps wait here, so the node sees how fast the client reads.
"""

import contextlib
import socket
import time
from urllib.parse import quote

import aiohttp
from aiohttp import web

from facestream.gateway.cluster import CLUSTER, PASSED_RESPONSE_HEADERS, behalf_of, unreachable
from facestream.gateway.node_client import MAX_BODY_BYTES, Answer, NodeFailedError
from facestream.gateway.owners import MAX_MOVES, as_response, moved_session, moved_too_often, owner_of
from facestream.web.http.headers import as_text
from facestream.web.http.protocol import mark_stream
from facestream.web.http.slow_readers import KERNEL_BUFFER_BYTES, SlowReader, limit_kernel_buffer

EVENTS = "events"
PASSED_PARAMETERS = ("landmarks_every_s",)
MAX_PARAMETER_CHARS = 200
routes = web.RouteTableDef()


@routes.get("/sessions/{id}/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    """The events of a session, until it ends or the client leaves."""
    cluster, behalf = request.app[CLUSTER], await behalf_of(request)
    session_id = request.match_info["id"]
    for _ in range(MAX_MOVES):
        node = owner_of(cluster, session_id)
        began_s = time.monotonic()
        target = f"/sessions/{session_id}/events{_query(request)}"
        try:
            async with cluster.client.stream(node.url, target, behalf) as upstream:
                cluster.count(EVENTS, upstream.status, began_s)
                if upstream.status == 200:
                    cluster.streams[EVENTS] += 1
                    try:
                        return await _pass_on(request, upstream)
                    finally:
                        cluster.streams[EVENTS] -= 1
                if not (moved_to := moved_session(upstream.status, upstream.headers)):
                    body = await upstream.content.read(MAX_BODY_BYTES)
                    return as_response(Answer(upstream.status, upstream.headers, body))
                session_id = moved_to
        except (NodeFailedError, aiohttp.ClientError) as error:
            cluster.count(EVENTS, 0, began_s)
            raise unreachable() from error
    raise moved_too_often()


async def _pass_on(request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = {name: upstream.headers[name] for name in PASSED_RESPONSE_HEADERS if name in upstream.headers}
    response = web.StreamResponse(headers=headers)
    mark_stream(request)
    _limit_receive_buffer(upstream)
    # A client may leave at any moment, which is no error.
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        limit_kernel_buffer(request)
        reader = SlowReader(request, upstream.content.is_eof)
        try:
            while chunk := await _next(upstream):
                await reader.write(response, chunk)
        except (_NodeGoneError, TimeoutError):
            # An end that is no end: the client sees that something is missing, and asks again.
            if request.transport is not None:
                request.transport.abort()
    return response


class _NodeGoneError(Exception):
    """The node has closed the connection before the end of the stream, or is silent."""


async def _next(upstream: aiohttp.ClientResponse) -> bytes:
    """What the node has sent since; empty: it has ended the stream. Raises _NodeGoneError."""
    try:
        return await upstream.content.readany()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _NodeGoneError from error


def _query(request: web.Request) -> str:
    """The parameters that nodes read, encoded anew: what a client writes there may be no valid address."""
    given = [
        f"{name}={quote(as_text(request.query[name])[:MAX_PARAMETER_CHARS], safe='')}"
        for name in PASSED_PARAMETERS
        if name in request.query
    ]
    return f"?{'&'.join(given)}" if given else ""


def _limit_receive_buffer(upstream: aiohttp.ClientResponse) -> None:
    """Linux would take megabytes of events for a client that does not read; the node would not know."""
    connected = upstream.connection and upstream.connection.transport
    found = connected.get_extra_info("socket") if connected else None
    if found is not None:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
