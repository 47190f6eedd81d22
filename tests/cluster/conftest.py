"""A Ray cluster of three nodes on this machine, and what a test does with it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from facestream.cluster.ray.names import RAY_ENVIRONMENT
from facestream.cluster.ray.source import RayNodes
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds

START_S = seconds(60)
END_S = seconds(30)
SECRET = "a secret of a cluster that only tests know"
SETTINGS = {
    "FACESTREAM_CLUSTER_SECRET": SECRET,
    "FACESTREAM_ANALYSIS_PROCESSES": "1",
    "FACESTREAM_ICE_ADDRESS": "127.0.0.1",
    "FACESTREAM_AUTH": "none",
}


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A running cluster."""

    host: subprocess.Popen[str]
    environment: dict[str, str]
    """For programs that use the cluster."""

    def add_node(self, **settings: str | None) -> str:
        """Start another node; returns its id."""
        return str(self._ask({"do": "add", "settings": settings})["node"])

    def kill_node(self, node: str) -> None:
        """End a raylet with SIGKILL."""
        self._ask({"do": "kill", "node": node})

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `facestream cluster ARGUMENTS`."""
        return subprocess.run(
            [sys.executable, "-m", "facestream", "cluster", *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=seconds(100), check=False,
        )  # fmt: skip

    def status(self) -> dict[str, dict[str, Any]]:
        """What `cluster status` says, by the id of the Ray node."""
        ended = self.run("status", "--json")
        assert ended.returncode == 0, ended.stderr
        return {row["id"]: row for row in json.loads(ended.stdout)}

    def wait_running(self, *nodes: str) -> dict[str, dict[str, Any]]:
        """Wait until these nodes serve; returns their rows by the id of the Ray node."""
        ends_s = time.monotonic() + START_S
        while True:
            rows = self.status()
            if all(node in rows and rows[node]["state"] == "running" for node in nodes):
                return {node: rows[node] for node in nodes}
            assert time.monotonic() < ends_s, rows

    def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        assert self.host.stdin is not None
        assert self.host.stdout is not None
        self.host.stdin.write(json.dumps(wish) + "\n")
        self.host.stdin.flush()
        answer: dict[str, Any] = json.loads(self.host.stdout.readline())
        return answer


@contextlib.contextmanager
def running_cluster(log: Path) -> Iterator[RayCluster]:
    """A cluster with a head and no other node."""
    # Sockets in it must have short names.
    folder = tempfile.mkdtemp(prefix="fs-ray-", dir="/tmp")
    environment = {
        **environment_of_the_checkout(), **RAY_ENVIRONMENT, **SETTINGS,
        "RAY_TMPDIR": folder,
        "RAY_AUTH_MODE": "disabled",
        # Otherwise Ray replaces 127.0.0.1 by the outer address of the machine.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }  # fmt: skip
    with log.open("w") as stderr:
        host = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.ray_host"],
            env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    assert host.stdin is not None
    assert host.stdout is not None
    try:
        line = host.stdout.readline()
        assert line, log.read_text()
        environment["RAY_ADDRESS"] = json.loads(line)["address"]
        yield RayCluster(host, environment)
    finally:
        host.stdin.close()
        try:
            host.wait(END_S)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()
        host.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def watching(cluster: RayCluster) -> AsyncIterator["Watched"]:
    """The source of a gateway, as long as the test runs."""
    import asyncio

    watched = Watched()

    async def watch() -> None:
        nodes = RayNodes(environment=cluster.environment)
        async with contextlib.aclosing(nodes.watch()) as changes:
            async for urls in changes:
                watched.history.append(urls)
                watched.changed.set()

    task = asyncio.create_task(watch())
    try:
        yield watched
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Watched:
    """What the source of a gateway has said."""

    def __init__(self) -> None:
        import asyncio

        self.history: list[frozenset[str]] = []
        self.changed = asyncio.Event()

    async def wait(self, holds: Callable[[frozenset[str]], bool]) -> frozenset[str]:
        """Wait for a set of addresses."""
        import asyncio

        async with asyncio.timeout(START_S):
            while not (self.history and holds(self.history[-1])):
                self.changed.clear()
                await self.changed.wait()
        return self.history[-1]


def actor_of(pid: int) -> int:
    """The process of the actor that has started a server."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def servers() -> set[int]:
    """Every server that an actor has started on this machine."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if b"--stop-at-eof\0--ready-fd" in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def descendants(pid: int) -> set[int]:
    """All processes below one."""
    found = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in path.read_text().split():
                found |= {int(child), *descendants(int(child))}
    return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def wait_gone(pids: set[int]) -> None:
    """Wait until none of these processes runs."""
    ends_s = time.monotonic() + END_S
    while left := {pid for pid in pids if is_running(pid)}:
        assert time.monotonic() < ends_s, left
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    with running_cluster(tmp_path_factory.mktemp("ray") / "ray.log") as running:
        yield running
