"""A node that is drained asks its peers to move, and ends what is left at the deadline."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.sessions.admission import DrainingError
from facestream.sessions.draining import WHY_MOVE
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import SessionRegistry, Wishes
from facestream.workers.pool import AnalysisPool
from tests.times import seconds

DEADLINE_S = seconds(20)
LONG_S = 3600.0


class Socket:
    """A peer that sends nothing and keeps what it gets."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.noticed = asyncio.Event()

    async def receive(self) -> str | bytes:
        await asyncio.Event().wait()
        raise ConnectionError

    async def send(self, message: str | bytes) -> None:
        said = json.loads(message)
        if said["type"] == "notice":
            self.notices.append(said["code"])
            self.noticed.set()

    async def close(self, reason: str) -> None:
        pass


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[SessionRegistry]:
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    made = SessionRegistry(Config(max_setups=100, max_sessions=100), pool, CredentialSource(), node="n1")
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(made.drain.run())
        yield made
        draining.cancel()
        await made.close()


def opened(registry: SessionRegistry) -> tuple[Socket, JpegSession]:
    socket = Socket()
    return socket, registry.open_jpeg(socket, Wishes())


async def test_every_peer_is_asked_to_move_once_and_its_session_goes_on(registry: SessionRegistry):
    peers = [opened(registry) for _ in range(3)]

    registry.drain.begin(LONG_S)
    registry.drain.begin(LONG_S)
    for socket, _ in peers:
        await socket.noticed.wait()

    assert [socket.notices for socket, _ in peers] == [["move"]] * 3
    assert not any(session.is_ending for _, session in peers)


async def test_no_peer_is_admitted_during_a_drain(registry: SessionRegistry):
    before = registry.load().places

    registry.drain.begin(LONG_S)

    with pytest.raises(DrainingError):
        opened(registry)
    assert before > 0
    assert registry.load().places == 0
    assert registry.draining


async def test_a_peer_whose_control_channel_opens_later_is_asked_then(registry: SessionRegistry):
    socket, session = opened(registry)

    # Before its tasks run, as before the data channel of WebRTC is open.
    session._asked_to_move = WHY_MOVE
    await socket.noticed.wait()

    assert socket.notices == ["move"]


async def test_what_is_left_at_the_deadline_ends_as_at_shutdown(registry: SessionRegistry):
    socket, session = opened(registry)

    registry.drain.begin(0.05)
    await session.wait_closed()

    assert socket.notices[-1] == "stopping"
    assert session.ending == "server_stopping"


async def test_a_later_drain_can_only_be_sooner(registry: SessionRegistry):
    _, session = opened(registry)

    registry.drain.begin(LONG_S)
    await asyncio.sleep(0.05)
    registry.drain.begin(0.0)
    registry.drain.begin(LONG_S)

    await session.wait_closed()


async def test_many_peers_are_asked_within_half_of_the_time(registry: SessionRegistry):
    peers = [opened(registry) for _ in range(20)]

    registry.drain.begin(seconds(4.0))
    asked: list[Socket] = []
    with contextlib.suppress(TimeoutError):
        for socket, _ in peers:
            await asyncio.wait_for(socket.noticed.wait(), seconds(4.0))
            asked.append(socket)

    assert [socket.notices[0] for socket in asked] == ["move"] * 20
