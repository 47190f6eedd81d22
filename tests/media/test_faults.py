"""Injected faults of the server: what the client gets, what is logged, and whether the server survives."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.conftest import ROOT, RunningServer, running_server
from tests.media.offers import read_offer
from tests.times import seconds

LIGHT = ("--analysis-processes", "0")
TRACEBACK = "Traceback (most recent call last)"
DEADLINE_S = seconds(30.0)
# Replaces one function by one that fails, then starts the server as the command line does.
PROGRAM = """
import asyncio, importlib, sys

module, name, fault = sys.argv[1:4]
owner = importlib.import_module(module)
*path, last = name.split(".")
for part in path:
    owner = getattr(owner, part)

async def fails(*_):
    if fault == "raises":
        raise RuntimeError("injected")
    if fault == "is cancelled":
        raise asyncio.CancelledError

def fails_at_once(*_, **__):
    raise RuntimeError("injected")

setattr(owner, last, fails_at_once if fault == "raises at once" else fails)

from facestream.cli.start import main

sys.exit(main(["serve", *sys.argv[4:]]))
"""


def faulty(module: str, name: str, fault: str = "raises") -> tuple[str, ...]:
    return (sys.executable, "-c", PROGRAM, module, name, fault)


async def get(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.json()


async def post_offer(running: RunningServer) -> tuple[int, dict[str, Any]]:
    offer = {"sdp": read_offer("chrome"), "type": "offer"}
    async with aiohttp.ClientSession() as http, http.post(f"{running.url}/offer", json=offer) as answer:
        return answer.status, json.loads(await answer.text())


async def test_an_unexpected_exception_in_a_negotiation_is_answered_500_and_logged_once(tmp_path: Path):
    program = faulty("aiortc", "RTCPeerConnection.createAnswer")
    with running_server(tmp_path / "server.log", *LIGHT, program=program) as running:
        status, problem = await post_offer(running)
        _, health = await get(f"{running.url}/healthz")

    log = running.log.read_text()
    assert (status, problem["code"]) == (500, "server_fault")
    assert "injected" not in problem["detail"]
    assert log.count(TRACEBACK) == 1
    assert log.count("RuntimeError: injected") == 1
    assert health["sessions"] == 0


async def test_an_offer_that_cannot_be_negotiated_is_a_bad_offer(tmp_path: Path):
    with running_server(tmp_path / "server.log", *LIGHT) as running:
        offer = {"sdp": read_offer("chrome").replace("a=rtcp-mux\r\n", ""), "type": "offer"}
        async with aiohttp.ClientSession() as http, http.post(f"{running.url}/offer", json=offer) as answer:
            status, problem = answer.status, json.loads(await answer.text())

    assert (status, problem["code"]) == (400, "bad_offer")
    assert TRACEBACK not in running.log.read_text()


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("metrics/lag", faulty("facestream.web.server", "watch_loop")),
        ("ice/relays", faulty("facestream.ice.relays", "IceServerChoice.run")),
        (
            "sessions/cost",
            faulty("facestream.sessions.admission", "FrameCost.measure", "raises at once"),
        ),
    ],
)
async def test_a_fault_in_an_auxiliary_task_is_logged_and_reported_and_the_server_continues(
    tmp_path: Path, name: str, program: tuple[str, ...]
):
    with running_server(tmp_path / "server.log", *LIGHT, program=program) as running:
        async with asyncio.timeout(DEADLINE_S):
            # It is restarted once and fails again.
            while running.log.read_text().count(f"auxiliary task {name} failed") < 2:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.1)
        readiness = await get(f"{running.url}/readyz")
        status, _ = await post_offer(running)

    assert readiness[0] == 200
    assert readiness[1]["ready"] is True
    assert [sentence.partition(":")[0] for sentence in readiness[1]["impaired"]] == [name]
    assert status == 200
    assert running.log.read_text().count(TRACEBACK) == 1


@pytest.mark.parametrize("fault", ["raises", "returns", "is cancelled"])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("facestream.workers.pool", "AnalysisPool.run"),
        ("facestream.web.http.listener", "Listener.run"),
    ],
)
def test_the_end_of_a_critical_task_ends_the_server_as_a_fault(
    tmp_path: Path, module: str, name: str, fault: str
):
    ended = subprocess.run(
        [*faulty(module, name, fault), "--port", "0", "--ice-address", "127.0.0.1", *LIGHT],
        cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip

    assert ended.returncode == 70
    assert TRACEBACK in ended.stderr
    assert "CriticalTaskError" in ended.stderr
    assert ("RuntimeError: injected" in ended.stderr) == (fault == "raises")


def test_a_fault_while_a_connection_is_accepted_ends_the_server(tmp_path: Path):
    program = faulty("facestream.web.http.connections", "Connections.admit", "raises at once")
    with running_server(tmp_path / "server.log", *LIGHT, program=program) as running:
        address = urlsplit(running.url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as client:
            client.settimeout(DEADLINE_S)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
        running.process.wait(DEADLINE_S)

    assert running.process.returncode == 70
    assert "the task accept failed (RuntimeError)" in running.log.read_text()
