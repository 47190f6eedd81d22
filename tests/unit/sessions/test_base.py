"""The end of a session: log and metrics have the same reason, even after a fault."""

import asyncio
import logging
from pathlib import Path

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.media.pipeline import FramePipeline
from facestream.messages.control import ControlReply
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import SessionRegistry, Wishes
from facestream.workers.pool import AnalysisPool
from tests.times import seconds

DEADLINE_S = seconds(20.0)
LOST = "the peer closed its socket"


class Socket:
    """A peer that sends nothing and leaves when `leave` is set; keeps the reasons of its close frames."""

    def __init__(self) -> None:
        self.leave = asyncio.Event()
        self.close_reasons: list[str] = []
        self.close_error: Exception | None = None

    async def receive(self) -> str | bytes:
        await self.leave.wait()
        raise ConnectionError

    async def send(self, message: str | bytes) -> None:
        pass

    async def close(self, reason: str) -> None:
        self.close_reasons.append(reason)
        if self.close_error is not None:
            raise self.close_error


async def serve(folder: Path, socket: Socket, config: Config | None = None) -> dict[tuple[str, str], int]:
    """Serve the socket until it ends; returns the closed sessions by kind and reason."""
    pool = AnalysisPool(folder, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(config or Config(), pool, CredentialSource())
    async with asyncio.timeout(DEADLINE_S):
        registry.open_jpeg(socket, Wishes())
        while len(registry):  # noqa: ASYNC110 - the registry has no event for it
            await asyncio.sleep(0.01)
    await registry.close()
    return dict(registry.measures.closed)


def logged_endings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.ending for record in caplog.records if hasattr(record, "ending")]


@pytest.fixture(autouse=True)
def log_opened_and_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "facestream")


async def test_a_peer_that_leaves_ends_its_session_with_this_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    socket = Socket()
    socket.leave.set()

    closed = await serve(tmp_path, socket)

    assert closed == {("pictures", "connection_lost"): 1}
    assert logged_endings(caplog) == ["connection_lost"]
    assert socket.close_reasons == [LOST]


async def test_a_fault_ends_a_session_as_a_fault_without_a_reason_for_the_peer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    async def fails(_pipeline: FramePipeline) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(FramePipeline, "analyze", fails)
    socket = Socket()

    closed = await serve(tmp_path, socket)

    assert closed == {("pictures", "fault"): 1}
    assert logged_endings(caplog) == ["fault"]
    assert socket.close_reasons == [""]


async def test_a_fault_while_a_session_ends_for_another_reason_is_a_fault_in_log_and_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    async def fails_at_its_end(_pipeline: FramePipeline) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("injected")

    monkeypatch.setattr(FramePipeline, "analyze", fails_at_its_end)
    socket = Socket()
    socket.leave.set()

    closed = await serve(tmp_path, socket)

    assert closed == {("pictures", "fault"): 1}
    assert logged_endings(caplog) == ["fault"]
    assert socket.close_reasons == [LOST]


async def test_a_notice_that_cannot_be_sent_does_not_change_the_ending(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def fails(_session: JpegSession, reply: ControlReply) -> None:
        if reply.type == "notice":
            raise RuntimeError("injected")

    monkeypatch.setattr(JpegSession, "_reply", fails)

    closed = await serve(tmp_path, Socket(), Config(setup_deadline_s=0.25))

    assert closed == {("pictures", "setup_timeout"): 1}
    assert logged_endings(caplog) == ["setup_timeout"]
    assert "no frame received within 0.25 s" in caplog.text
    assert "RuntimeError: injected" in caplog.text


async def test_a_connection_that_cannot_be_closed_is_a_fault_in_log_and_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    socket = Socket()
    socket.close_error = RuntimeError("injected")
    socket.leave.set()

    closed = await serve(tmp_path, socket)

    assert closed == {("pictures", "fault"): 1}
    assert logged_endings(caplog) == ["fault"]
    assert "RuntimeError: injected" in caplog.text
