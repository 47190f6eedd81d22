"""The compatibility mode through a gateway: choose a node by the first message, then pass messages on in both ways.

A message is passed on when the other side has taken the one before, so nothing but the newest waits here.
"""

import asyncio
import contextlib
import json
import socket
from dataclasses import dataclass

from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from facestream.cluster.placement import Node
from facestream.gateway.cluster import CLUSTER, behalf_of
from facestream.gateway.node_client import ANSWER_S, NodeFailedError, NoSocketError
from facestream.gateway.placing import UNAVAILABLE, Outcome, place
from facestream.messages.jpeg_socket import Open, Opened, Refused
from facestream.web.jpeg_peers import (
    WebSocketPeer,
    accept,
    admitted,
    compatibility_mode_off,
    limit_unsent,
)
from facestream.web.problems import RejectedError

JPEG_SOCKET = "jpeg_socket"
RECEIVE_BUFFER_BYTES = 32 * 1024
"""Of the kernel, for what a node sends: frames that wait here would be old when a slow client gets them."""
MAY_BE_SENT = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""Close codes that one side may pass to the other (RFC 6455); the others say that there was no close frame."""
routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Upstream:
    """The socket of a node that serves the peer, and its first answer."""

    socket: ClientWebSocketResponse
    opened: str


@routes.get("/pictures")
async def open_socket(request: web.Request) -> web.StreamResponse:
    """Serve a peer over this socket by a node, until one of them ends it."""
    cluster, peer = request.app[CLUSTER], await accept(request)
    behalf = await behalf_of(request, opens_session=True)

    async def admit(first: str | bytes, opening: Open) -> Upstream:
        async def ask(node: Node) -> Outcome[Upstream | Refused | RejectedError]:
            try:
                node_socket = await cluster.client.socket(node.url, "/pictures", behalf)
            except NoSocketError:
                # Each node has settings of its own, so another one may serve the peer.
                return Outcome(UNAVAILABLE, "", 0, compatibility_mode_off())
            return await _ask(node_socket, first)

        response = (await place(cluster, JPEG_SOCKET, opening.resume, ask)).response
        if isinstance(response, RejectedError):
            raise response
        if isinstance(response, Refused):
            raise RejectedError(
                response.status, response.code, response.detail, response.title, response.retry_after_s
            )
        return response

    upstream = await admitted(request, peer, admit)
    if upstream is not None:
        cluster.streams[JPEG_SOCKET] += 1
        try:
            await _pass_on(peer, upstream)
        finally:
            cluster.streams[JPEG_SOCKET] -= 1
    return peer.response


async def _ask(
    node_socket: ClientWebSocketResponse, first: str | bytes
) -> Outcome[Upstream | Refused | RejectedError]:
    """Pass the first message on; what the node says to it. Raises NodeFailedError."""
    taken = False
    try:
        _send_without_delay(node_socket)
        async with asyncio.timeout(ANSWER_S):
            await _send(node_socket, first)
            reply = await node_socket.receive_str()
        if json.loads(reply).get("type") == "refused":
            refused = Refused.model_validate_json(reply)
            return Outcome(refused.status, "", refused.retry_after_s, refused)
        opened = Opened.model_validate_json(reply)
        taken = True
        return Outcome(200, opened.session_id, 0, Upstream(node_socket, reply))
    except (OSError, TimeoutError, TypeError, AttributeError, ValueError, ValidationError) as error:
        raise NodeFailedError("its socket ended before it had answered") from error
    finally:
        if not taken:
            await node_socket.close()


async def _pass_on(peer: WebSocketPeer, upstream: Upstream) -> None:
    async with asyncio.TaskGroup() as tasks:
        to_node = tasks.create_task(_to_node(peer, upstream.socket), name="jpeg_socket/to_node")
        try:
            await _to_client(upstream, peer)
        finally:
            to_node.cancel()
            await upstream.socket.close(code=_code(peer.response.close_code, WSCloseCode.GOING_AWAY))


async def _to_node(peer: WebSocketPeer, node_socket: ClientWebSocketResponse) -> None:
    """What the client sends, until it leaves; then the node learns it, which ends `_to_client`."""
    try:
        while True:
            await _send(node_socket, await peer.receive())
    except ConnectionError:
        await node_socket.close(code=_code(peer.response.close_code, WSCloseCode.GOING_AWAY))


async def _to_client(upstream: Upstream, peer: WebSocketPeer) -> None:
    """What the node sends, until it ends the session or is gone; then the client learns it."""
    code, reason = int(WSCloseCode.GOING_AWAY), "the server is gone"
    try:
        await peer.send(upstream.opened)
        while (message := await upstream.socket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            await peer.send(message.data)
        if message.type is WSMsgType.CLOSE:
            code, reason = _code(message.data, code), message.extra or ""
    except ConnectionError:
        pass  # the client is gone
    finally:
        # Also if this gateway stops: the client may go on at another one.
        await peer.close(reason, code)


async def _send(node_socket: ClientWebSocketResponse, message: str | bytes) -> None:
    if isinstance(message, str):
        await node_socket.send_str(message)
    else:
        await node_socket.send_bytes(message)


def _code(code: int | None, otherwise: int) -> int:
    return code if code is not None and code in MAY_BE_SENT else otherwise


def _send_without_delay(node_socket: ClientWebSocketResponse) -> None:
    connected = node_socket.get_extra_info("socket")
    if connected is None:
        return
    with contextlib.suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        limit_unsent(connected)
