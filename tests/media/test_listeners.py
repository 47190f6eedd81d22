"""The route of the events inside this process: a client that does not read, the heartbeat, and the limits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.messages.events import HEARTBEAT
from facestream.messages.http import OWNER_HEADER
from facestream.messages.telemetry import StageTimes, Telemetry
from facestream.sessions import registry as registry_module
from facestream.sessions.ending import Ending
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import SessionRegistry, Wishes
from facestream.web.app import make_app
from facestream.web.auth.policy import Access
from facestream.web.http import slow_readers
from facestream.web.reach import Reach
from facestream.web.routes import events
from facestream.workers.pool import AnalysisPool
from tests.times import seconds

FRAME = Telemetry(
    seq=0,
    pts=0,
    fps_in=30,
    fps_out=30,
    dropped=0,
    ms=StageTimes(wait=0, detect=0, landmarks=0, emotion=0, draw=0),
    faces=(),
)


class SilentPeer:
    """The socket of a peer that sends nothing."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    async def receive(self) -> str | bytes:
        await self._closed.wait()
        raise ConnectionError

    async def send(self, message: str | bytes) -> None:
        pass

    async def close(self, reason: str) -> None:
        self._closed.set()


class Running:
    """An application with one session."""

    def __init__(self, registry: SessionRegistry, server: BaseTestServer) -> None:
        self.registry = registry
        self.server = server
        self.session: JpegSession = registry.open_jpeg(SilentPeer(), Wishes())
        self.path = f"/sessions/{self.session.id}/events"
        self.headers = {OWNER_HEADER: self.session.secret}

    def listen(self, http: aiohttp.ClientSession, query: str = "") -> "aiohttp.client._RequestContextManager":
        return http.get(self.server.make_url(self.path + query), headers=self.headers)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    config = Config(token_key_file="")
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(config, pool, CredentialSource())
    app = make_app(config, registry, pool, Access(config, "127.0.0.1"), Reach("http", "127.0.0.1", 8080))
    async with TestServer(app) as server:
        yield Running(registry, server)
        await registry.close()


async def test_a_client_that_does_not_read_loses_messages_and_delays_nobody(running: Running):
    connected = socket.create_connection(("127.0.0.1", running.server.port or 0))
    connected.setblocking(False)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    head = (
        f"GET {running.path} HTTP/1.1\r\nHost: localhost\r\n{OWNER_HEADER}: {running.session.secret}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connected, head.encode())

    async with asyncio.timeout(seconds(20)):
        while not running.registry.measures.events_lost:
            began_s = loop.time()
            for _ in range(100):
                running.session.listeners.publish(FRAME)
            published_s = loop.time() - began_s
            await asyncio.sleep(0)

        assert published_s < seconds(0.5)
        running.session.request_end(Ending.DELETED, "the test is over")
        received = b""
        while chunk := await loop.sock_recv(connected, 65536):
            received += chunk
            if b"event: end" in received:
                break
    connected.close()

    assert b"event: lost" in received
    assert received.index(b"event: lost") < received.index(b"event: end")


async def test_a_client_that_reads_nothing_for_long_is_disconnected(
    running: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slow_readers, "STUCK_S", 0.1)
    _, writer = await asyncio.open_connection("127.0.0.1", running.server.port, limit=1)
    head = (
        f"GET {running.path} HTTP/1.1\r\nHost: localhost\r\n{OWNER_HEADER}: {running.session.secret}\r\n\r\n"
    )
    writer.write(head.encode())

    async with asyncio.timeout(seconds(20)):
        while not running.registry.measures.listeners:  # noqa: ASYNC110 - nothing tells of a new listener
            await asyncio.sleep(0.01)
        while running.registry.measures.listeners:
            for _ in range(100):
                running.session.listeners.publish(FRAME)
            await asyncio.sleep(0.01)
    writer.close()

    assert not running.session.is_ending


async def slow_client(running: Running) -> socket.socket:
    """A client that has asked for the events, and buffers little of them."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connected.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connected, ("127.0.0.1", running.server.port or 0))
    head = (
        f"GET {running.path} HTTP/1.1\r\nHost: localhost\r\n{OWNER_HEADER}: {running.session.secret}\r\n\r\n"
    )
    await loop.sock_sendall(connected, head.encode())
    return connected


async def test_a_client_that_reads_slowly_stays_and_learns_how_much_it_lost(
    running: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slow_readers, "STUCK_S", seconds(1.0))
    loop, connected = asyncio.get_running_loop(), await slow_client(running)
    received, began_s = b"", loop.time()

    # Four times as long as a client that reads nothing stays, and far less than is published.
    while loop.time() - began_s < seconds(4.0):
        for _ in range(200):
            running.session.listeners.publish(FRAME)
        received += await loop.sock_recv(connected, 2048)
        await asyncio.sleep(0.05)
    stayed = running.registry.measures.listeners
    running.session.request_end(Ending.DELETED, "the test is over")
    async with asyncio.timeout(seconds(20)):
        while b"event: end" not in received and (chunk := await loop.sock_recv(connected, 65536)):
            received += chunk
    connected.close()

    assert stayed == 1
    assert b"event: lost" in received
    assert received.count(b"event: end") == 1
    for line in received.split(b"\ndata: ")[1:-1]:
        assert line.partition(b"\n")[0].endswith(b"}"), "every event is whole"


async def test_a_client_that_reads_slowly_is_not_waited_for_without_end_after_the_session(
    running: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slow_readers, "STUCK_S", 0.5)
    monkeypatch.setattr(slow_readers, "LINGER_S", 1.0)
    loop, connected = asyncio.get_running_loop(), await slow_client(running)
    await loop.sock_recv(connected, 1)
    while not running.registry.measures.events_lost:
        running.session.listeners.publish(FRAME)
        await asyncio.sleep(0)
    running.session.request_end(Ending.DELETED, "the test is over")

    async with asyncio.timeout(seconds(20)):
        while running.registry.measures.listeners:
            await loop.sock_recv(connected, 512)
            await asyncio.sleep(0.05)
    connected.close()


async def test_a_silent_session_has_a_heartbeat(running: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    async with aiohttp.ClientSession() as http, running.listen(http) as response:
        received = b""
        async with asyncio.timeout(seconds(10)):
            while HEARTBEAT.encode() not in received:
                received += await response.content.readany()

    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert received.startswith(b"event: session\n")


@pytest.mark.parametrize(
    "limit", ["MAX_LISTENERS_PER_SESSION", "MAX_LISTENERS"], ids=["of the session", "of the server"]
)
async def test_one_listener_too_many_is_rejected_until_another_leaves(
    running: Running, monkeypatch: pytest.MonkeyPatch, limit: str
):
    monkeypatch.setattr(registry_module, limit, 1)
    async with aiohttp.ClientSession() as http:
        async with running.listen(http), running.listen(http) as rejected:
            problem = await rejected.json(content_type="application/problem+json")

        async with asyncio.timeout(seconds(10)):
            while running.registry.measures.listeners:
                running.session.listeners.publish(FRAME)
                await asyncio.sleep(0.01)
        async with running.listen(http) as again:
            pass

    assert (rejected.status, problem["code"]) == (429, "too_many_listeners")
    assert rejected.headers["Retry-After"]
    assert again.status == 200


@pytest.mark.parametrize("every_s", ["often", "-1", "0.05", "nan", "61", "%ff"])
async def test_a_wrong_parameter_is_rejected(running: Running, every_s: str):
    async with (
        aiohttp.ClientSession() as http,
        running.listen(http, f"?landmarks_every_s={every_s}") as rejected,
    ):
        problem = await rejected.json(content_type="application/problem+json")

    assert (rejected.status, problem["code"]) == (400, "bad_query")
    assert "0.1 to 60 seconds" in problem["detail"]


async def test_before_the_first_frame_there_is_nothing_to_mark(running: Running):
    url = running.server.make_url(f"/sessions/{running.session.id}/markers")
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json={"name": "x"}, headers=running.headers) as got,
    ):
        problem = await got.json(content_type=None)

    assert (got.status, problem["code"]) == (409, "no_frame_yet")
