"""The whole server without free descriptors, and while its analysis processes lack memory or are stopped."""

import asyncio
import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from facestream.credentials.certificates import make_certificate, names_of_this_machine
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, RunningServer, running_server
from tests.media.strangers import open_files
from tests.media.test_server import analysis_pids, child_pids, health_of
from tests.times import seconds

RECOVERY_S = seconds(60.0)
STOPPED_BY_S = seconds(15.0)
FEW_BYTES = 1 << 20
FEW_CLIENTS = 20


def peer(url: str, media_dir: Path) -> ReplayPeer:
    return ReplayPeer(ReplayOptions(media_dir / "single_face.mp4", url, loop=True))


async def until_spare(running: RunningServer, processes: int) -> None:
    while len(analysis_pids(running)) <= processes:  # noqa: ASYNC110 - another process has no event
        await asyncio.sleep(0.1)


def kill_all(running: RunningServer, number: signal.Signals = signal.SIGKILL) -> list[int]:
    pids = analysis_pids(running)
    for pid in pids:
        os.kill(pid, number)
    return pids


def allow_no_more_files(pid: int) -> None:
    """Set the lowest limit that leaves every open descriptor valid; unused lower numbers stay free."""
    highest = max(int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir())
    limit(pid, resource.RLIMIT_NOFILE, highest)


def limit(pid: int, what: int, most: int) -> None:
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, hard))


async def test_sessions_continue_after_all_workers_are_killed_at_once(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "2") as running:
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
        async with (
            peer(running.url, media_dir) as one,
            peer(running.url, media_dir) as other,
            asyncio.timeout(RECOVERY_S),
        ):
            await until_spare(running, 2)
            await asyncio.gather(one.receive_reports(5), other.receive_reports(5))

            killed = kill_all(running)

            for each in (one, other):
                while not (await each.receive_reports(1))[0].analysed:
                    pass
                await each.receive_frames(1)
        assert not set(killed) & set(analysis_pids(running))
    assert "Traceback" not in running.log.read_text()


async def test_a_session_continues_without_analysis_until_workers_can_start_again(
    tmp_path: Path, media_dir: Path
):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        pid = running.process.pid
        async with peer(running.url, media_dir) as served, asyncio.timeout(RECOVERY_S):
            await until_spare(running, 1)
            await served.receive_reports(5)
            limit(pid, resource.RLIMIT_FSIZE, FEW_BYTES)
            kill_all(running)
            while (report := (await served.receive_reports(1))[0]).analysed:
                pass
            while "File too large" not in (status := (await health_of(running.url))["status"]):
                await served.receive_reports(10)
            await served.receive_frames(5)

            limit(pid, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)

            while not (await served.receive_reports(1))[0].analysed:
                pass
    assert report.unanalysed == "unavailable"
    assert status.startswith("no analysis process is running")
    log = running.log.read_text()
    assert log.count("cannot start: File too large") == 1
    assert "Traceback" not in log


async def test_a_session_continues_after_its_worker_is_stopped(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        async with peer(running.url, media_dir) as served, asyncio.timeout(RECOVERY_S):
            await until_spare(running, 1)
            await served.receive_reports(5)
            stopped = min(analysis_pids(running))

            os.kill(stopped, signal.SIGSTOP)

            while (await health_of(running.url))["restarts"] == 0:
                await served.receive_reports(1)
            while not (await served.receive_reports(1))[0].analysed:
                pass
            assert stopped not in analysis_pids(running)


def without_files(running: RunningServer) -> None:
    allow_no_more_files(running.process.pid)
    kill_all(running)


def without_memory(running: RunningServer) -> None:
    limit(running.process.pid, resource.RLIMIT_AS, FEW_BYTES)
    kill_all(running)


def with_stopped_processes(running: RunningServer) -> None:
    kill_all(running, signal.SIGSTOP)


@pytest.mark.parametrize("trouble", [without_files, without_memory, with_stopped_processes])
def test_a_signal_ends_the_server_in_time_despite_any_shortage(
    tmp_path: Path, trouble: Callable[[RunningServer], None]
):
    with running_server(tmp_path / "server.log", "--analysis-processes", "2") as running:
        children = child_pids(running.process.pid)
        trouble(running)
        time.sleep(0.4)
        children += child_pids(running.process.pid)

        running.process.send_signal(signal.SIGTERM)

        running.process.wait(STOPPED_BY_S)
    assert children
    until_gone(children)


def until_gone(pids: list[int]) -> None:
    deadline_s = time.monotonic() + seconds(10)
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline_s, left
        time.sleep(0.05)


def test_a_signal_ends_a_server_that_is_still_starting(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "server.py", "--port", "0", "--analysis-processes", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline_s = time.monotonic() + RECOVERY_S
        while not (pids := spawned(process.pid)) and time.monotonic() < deadline_s:
            time.sleep(0.005)

        process.send_signal(signal.SIGTERM)

        said, complaints = process.communicate(timeout=STOPPED_BY_S)
    assert pids
    assert (process.returncode, said) == (0, "")
    assert "Traceback" not in complaints
    until_gone(pids)


def spawned(pid: int) -> list[int]:
    found = []
    for child in child_pids(pid):
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue
    return found


def until_logged(running: RunningServer, said: str) -> None:
    deadline_s = time.monotonic() + seconds(10)
    while said not in running.log.read_text():
        assert time.monotonic() < deadline_s, running.log.read_text()
        time.sleep(0.05)


@contextlib.contextmanager
def without_free_descriptors(running: RunningServer) -> Iterator[http.client.HTTPConnection]:
    """An open connection to a server that cannot open anything else."""
    pid, address = running.process.pid, urlsplit(running.url)
    where = (address.hostname or "", address.port or 0)
    with contextlib.ExitStack() as clients:
        connection = http.client.HTTPConnection(*where, timeout=seconds(10))
        clients.callback(connection.close)
        connection.connect()
        before = open_files(running)
        # They take the numbers that are free below the highest.
        for _ in range(FEW_CLIENTS):
            clients.enter_context(socket.create_connection(where))
        deadline_s = time.monotonic() + seconds(10)
        while open_files(running) < before + FEW_CLIENTS:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        allow_no_more_files(pid)
        yield connection


@pytest.mark.parametrize("path", ["/", "/js/main.js", "/vendor/d3.min.js"])
def test_without_a_free_descriptor_a_page_file_is_rejected_for_now(tmp_path: Path, path: str):
    with (
        running_server(tmp_path / "server.log", "--analysis-processes", "0") as running,
        without_free_descriptors(running) as connection,
    ):
        connection.request("GET", path)
        response = connection.getresponse()
        problem = json.loads(response.read())

    assert (response.status, problem["code"]) == (503, "machine_shortage")
    assert response.headers["Retry-After"]
    assert "Traceback" not in running.log.read_text()


def test_without_a_free_descriptor_openapi_and_unknown_files_are_answered_as_usual(tmp_path: Path):
    statuses = {}
    with (
        running_server(tmp_path / "server.log", "--analysis-processes", "0") as running,
        without_free_descriptors(running) as connection,
    ):
        for path in ("/openapi.json", "/js/nothing.js"):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            statuses[path] = response.status

    assert statuses == {"/openapi.json": 200, "/js/nothing.js": 404}


def test_without_a_free_descriptor_tokens_and_certificate_stay_and_each_is_reported_once(tmp_path: Path):
    make_certificate(tmp_path / "certs", names_of_this_machine([]))
    (tmp_path / "tokens").write_text("a-token-of-nobody-but-us")
    tls = ("--tls", "auto", "--certs-dir", str(tmp_path / "certs"))
    settings = (*tls, "--tokens-file", str(tmp_path / "tokens"))
    with running_server(tmp_path / "server.log", "--analysis-processes", "0", *settings) as running:
        with without_free_descriptors(running):
            running.process.send_signal(signal.SIGHUP)

            until_logged(running, "certificate not reloaded")

        log = running.log.read_text()
    assert log.count("tokens_file is not reloaded") == 1
    assert len(log.splitlines()) == 2


def test_a_start_without_memory_for_frames_is_reported_in_one_sentence():
    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (FEW_BYTES, FEW_BYTES))

    ended = subprocess.run(
        [sys.executable, "server.py", "--port", "0"],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=False, preexec_fn=little_memory,
    )  # fmt: skip

    assert ended.returncode == 71
    assert ended.stderr.startswith("facestream: an analysis process cannot start: File too large; raise")
    assert len(ended.stderr.splitlines()) == 1


def test_the_doctor_checks_the_memory_for_frames():
    program = f"""
import resource
from facestream.config import Config
from facestream.doctor import machine
config = Config(analysis_processes=1)
print(machine._frame_memory(config).as_text())
resource.setrlimit(resource.RLIMIT_FSIZE, ({FEW_BYTES}, {FEW_BYTES}))
print(machine._frame_memory(config).as_text())
"""
    lines = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds(60),
        check=True,
    ).stdout.splitlines()

    assert lines[0].startswith("ok       frame memory: 2 x 7.4 MB")
    assert lines[1].startswith("error    frame memory: 2 x 7.4 MB")
    assert lines[2].strip().startswith("-> raise the limit")
