"""Signals and faults while the server runs or stops: what is reloaded, and whether the sessions are closed."""

import asyncio
import errno
from pathlib import Path

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.sessions.registry import SessionRegistry
from facestream.web import running, server
from facestream.workers.pool import AnalysisPool


async def test_a_drain_that_is_cancelled_still_waits_for_the_sessions(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(Config(), pool, CredentialSource())
    ends = asyncio.Event()

    async def session() -> None:
        await ends.wait()

    registry._tasks.add(asyncio.create_task(session()))
    draining = asyncio.create_task(server._drain(registry))
    await asyncio.sleep(0)

    draining.cancel()
    await asyncio.sleep(0.01)
    waited = not draining.done()
    ends.set()
    with pytest.raises(asyncio.CancelledError):
        await draining

    assert waited


def test_a_fault_in_one_reloader_does_not_prevent_the_others(caplog: pytest.LogCaptureFixture):
    reloaded: list[str] = []

    def fails() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    running._reload([fails, lambda: reloaded.append("certificate")])

    assert reloaded == ["certificate"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
