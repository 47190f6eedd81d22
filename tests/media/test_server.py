"""The whole server as a user starts it: how it rejects bad input, and how it stops."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import ROOT, RunningServer, running_server
from tests.times import seconds


async def post_offer(url: str, body: bytes, kind: str = "application/json") -> tuple[int, dict[str, object]]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/offer", data=body, headers={"Content-Type": kind}) as answer,
    ):
        assert answer.content_type == "application/problem+json"
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("body", "kind", "status", "code", "said"),
    [
        (b"{", "application/json", 400, "bad_offer", "expected JSON"),
        (b'{"type": "offer"}', "application/json", 400, "bad_offer", "sdp"),
        (b'{"sdp": "hello", "type": "offer"}', "application/json", 400, "bad_offer", "sdp"),
        (b'{"sdp": "v=0", "type": "rollback"}', "application/json", 400, "bad_offer", "type"),
        (b" " * 70_000, "application/json", 413, "offer_too_large", "65536 bytes"),
        (b"{}", "text/plain", 415, "unsupported_media_type", "expected application/json"),
    ],
)
async def test_a_bad_offer_is_rejected_with_a_problem_and_the_server_continues(
    server_url: str, body: bytes, kind: str, status: int, code: str, said: str
):
    answered, problem = await post_offer(server_url, body, kind)

    assert (answered, problem["code"]) == (status, code)
    assert said in str(problem["detail"])
    assert await health(server_url) == "ok"


async def health(url: str) -> str:
    return str((await health_of(url))["status"])


async def health_of(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
        return dict(await answer.json())


@pytest.mark.parametrize("path", ["/nothing", "/vendor/jquery.js", "/js/../../server.py", "/js/nothing.js"])
async def test_unknown_paths_are_not_found(server_url: str, path: str):
    async with aiohttp.ClientSession() as http, http.get(server_url + path) as answer:
        assert answer.status == 404


async def test_an_unknown_session_cannot_be_deleted(server_url: str):
    async with aiohttp.ClientSession() as http, http.delete(f"{server_url}/sessions/guess") as answer:
        assert answer.status == 404


async def test_the_page_allows_no_script_of_another_origin(server_url: str):
    async with aiohttp.ClientSession() as http, http.get(server_url) as answer:
        policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")


async def test_only_pages_of_the_same_origin_may_frame_the_page(server_url: str):
    async with aiohttp.ClientSession() as http, http.get(server_url) as answer:
        directives = answer.headers["Content-Security-Policy"].split("; ")

    assert "frame-ancestors 'self'" in directives
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_with_exit_code_0_and_no_child(tmp_path: Path, number: signal.Signals):
    with running_server(tmp_path / "server.log") as running:
        children = child_pids(running.process.pid)

        running.process.send_signal(number)

        assert running.process.wait(seconds(15)) == 0
    assert children
    assert not left_of(children)
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("written", [b"", b"some text\n"], ids=["nothing", "text"])
def test_with_that_option_the_end_of_standard_input_stops_the_server(tmp_path: Path, written: bytes):
    reading, writing = os.pipe()
    with running_server(tmp_path / "server.log", "--stop-at-eof", stdin=reading) as running:
        os.close(reading)
        os.write(writing, written)
        still_runs = running.process.poll() is None
        children = child_pids(running.process.pid)

        os.close(writing)

        assert running.process.wait(seconds(20)) == 0
    assert still_runs
    assert not left_of(children)


def test_a_standard_input_that_is_no_pipe_is_reported_in_one_sentence():
    ended = run_server("--stop-at-eof")

    assert ended.returncode == 2
    assert "expected a pipe" in ended.stderr
    assert "Traceback" not in ended.stderr


def left_of(pids: list[int]) -> list[int]:
    """Those that still run after a while: multiprocessing's own resource tracker ends a moment after its parent."""
    deadline_s = time.monotonic() + seconds(10)
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return left


def child_pids(pid: int) -> list[int]:
    """The children of all threads, because the pool starts its workers from a thread of its own."""
    return [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]


def run_server(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "server.py", *arguments],
        cwd=ROOT, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=seconds(60), check=False,
    )  # fmt: skip


def test_a_port_in_use_is_reported_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ended = run_server("--port", str(port))

    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("--port", "99999"), {}, "port: got '99999'"),
        (("--ice-address", "here"), {}, "ice_address"),
        ((), {"FACESTREAM_PORT": "many"}, "port: got 'many'"),
        (("--host", "no such host"), {}, "host: got 'no such host'"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(
    arguments: tuple[str, ...], settings: dict[str, str], said: str
):
    ended = run_server(*arguments, **settings)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_killed_worker_is_replaced_and_the_server_continues(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        killed = min(analysis_pids(running))  # the spare one was started later
        os.kill(killed, signal.SIGKILL)

        # Another process has no event to wait for; the test's own deadline bounds this.
        while (await health_of(running.url))["restarts"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

        assert await health(running.url) == "ok"
        assert killed not in analysis_pids(running)


def analysis_pids(running: RunningServer) -> list[int]:
    """The workers: all children except multiprocessing's resource tracker."""
    pids = child_pids(running.process.pid)
    return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
