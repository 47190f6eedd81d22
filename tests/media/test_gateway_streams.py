"""Streams through a gateway, from a node that sends as fast as it can: what waits is bounded; ends reach both sides."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from facestream.messages.jpeg_socket import Opened
from facestream.web.http.slow_readers import limit_kernel_buffer
from tests.conftest import RunningServer
from tests.media.clusters import DEADLINE_S, running_gateway
from tests.media.gateways import SECRET
from tests.media.sockets import socket_peer
from tests.unit.gateway.fake_nodes import info_of

SESSION = f"n1.{'s' * 22}"
CHUNK = b"event: x\ndata: " + 16_000 * b"x" + b"\n\n"
MAX_WAITING_BYTES = 2 * 1024 * 1024
"""In the gateway and in the kernel, which has four socket buffers on this way."""
STILL_LOOKS = 10
"""So many looks in a row, a tenth of a second apart, must find the same."""


class Flood:
    """A node with one session that sends without an end."""

    def __init__(self) -> None:
        self.sent_bytes = 0
        self.ended = asyncio.Event()
        self.close_code: int | None = None
        self.close_with: tuple[int, bytes] | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/node", self._info)
        app.router.add_get("/sessions/{id}/events", self._events)
        app.router.add_get("/pictures", self._socket)
        return app

    async def _info(self, _request: web.Request) -> web.Response:
        return web.Response(text=info_of("n1").to_json())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            limit_kernel_buffer(request)
            await self._send(response.write)
        finally:
            self.ended.set()
        return response

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        made = web.WebSocketResponse()
        await made.prepare(request)
        limit_kernel_buffer(request)
        await made.receive_str()
        await made.send_str(Opened(session_id=SESSION, resume=SESSION, secret="s").model_dump_json())
        try:
            if self.close_with is not None:
                await made.close(code=self.close_with[0], message=self.close_with[1])
            else:
                async with asyncio.TaskGroup() as tasks:
                    sending = tasks.create_task(self._send(made.send_bytes))
                    self.close_code = (await made.receive()).data
                    sending.cancel()
        finally:
            self.ended.set()
        return made

    async def _send(self, send: Callable[[bytes], object]) -> None:
        with suppress(ConnectionError):
            while True:
                await send(CHUNK)  # type: ignore[misc]
                self.sent_bytes += len(CHUNK)

    async def until_still(self) -> None:
        """Wait until nothing more could be sent for a while."""
        async with asyncio.timeout(DEADLINE_S):
            before, still = -1, 0
            while still < STILL_LOOKS or not self.sent_bytes:
                before, still = self.sent_bytes, still + 1 if before == self.sent_bytes else 0
                await asyncio.sleep(0.1)


@pytest.fixture
async def flood() -> AsyncIterator[tuple[Flood, str]]:
    node = Flood()
    async with TestServer(node.app()) as server:
        yield node, str(server.make_url("")).rstrip("/")


@pytest.fixture
async def gateway(flood: tuple[Flood, str], tmp_path: Path) -> AsyncIterator[RunningServer]:
    (tmp_path / "secret").write_text(SECRET)
    # The fake node answers from the loop of this test, so the start must not block it.
    # No tokens: this process is client and node, and so looks like a relay.
    options = "--cluster-secret-file", str(tmp_path / "secret"), "--auth", "none"
    context = running_gateway(tmp_path / "gateway.log", [flood[1]], *options)
    running = await asyncio.to_thread(context.__enter__)
    try:
        yield running
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


@asynccontextmanager
async def narrow_client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client whose own kernel keeps little of what it does not read."""

    def make_socket(info: Any) -> socket.socket:
        made = socket.socket(info[0], info[1], info[2])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        return made

    connector = aiohttp.TCPConnector(socket_factory=make_socket)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield http


async def test_events_for_a_client_that_does_not_read_wait_at_the_node(
    flood: tuple[Flood, str], gateway: RunningServer
):
    node, _ = flood
    address = f"{gateway.url}/sessions/{SESSION}/events"
    async with narrow_client() as http, http.get(address) as events:
        assert events.status == 200
        await node.until_still()
        waiting = node.sent_bytes
    # The client has left: so does the gateway.
    async with asyncio.timeout(DEADLINE_S):
        await node.ended.wait()

    assert waiting < MAX_WAITING_BYTES


async def test_frames_for_a_peer_that_does_not_read_wait_at_the_node(
    flood: tuple[Flood, str], gateway: RunningServer
):
    node, _ = flood
    async with narrow_client() as http, http.ws_connect(f"{gateway.url}/pictures", max_msg_size=0) as peer:
        await peer.send_json({"type": "open"})
        await node.until_still()
        waiting = node.sent_bytes
    async with asyncio.timeout(DEADLINE_S):
        await node.ended.wait()

    assert waiting < MAX_WAITING_BYTES


async def test_the_close_code_and_the_reason_of_a_node_reach_the_peer(
    flood: tuple[Flood, str], gateway: RunningServer
):
    node, _ = flood
    node.close_with = 4001, b"because"
    async with socket_peer(gateway.url) as peer:
        await peer.open()
        message = await peer.socket.receive()

    assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 4001, "because")


async def test_the_close_code_of_a_peer_reaches_the_node(flood: tuple[Flood, str], gateway: RunningServer):
    node, _ = flood
    async with socket_peer(gateway.url) as peer:
        await peer.open()
        for _ in range(3):
            await peer.socket.receive_bytes()
        await peer.socket.close(code=4002)
    async with asyncio.timeout(DEADLINE_S):
        await node.ended.wait()

    assert node.close_code == 4002
