"""Measure a peer while hostile clients hold 1,100 idle sockets and 200 slow bodies, and both workers are killed.

The server may open 1,024 files. The baseline is the same peer before the attack, in the same run.
"""

import argparse
import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import measured, servers
from benchmarks.calm import wait_for_calm
from benchmarks.clips import face_clip
from benchmarks.measured import say
from benchmarks.peers import PeerGroup, sending

FILES = 1024
IDLE, SLOW = 1100, 200
PART_OF_AN_OFFER = (
    b"POST /offer HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
)
HEALTH_EVERY_S = 0.25
STOP_DEADLINE_S = 15.0


@contextlib.contextmanager
def connections(url: str, count: int, sent: bytes) -> Iterator[None]:
    """Open this many sockets that send this text and nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    host, port = urlsplit(url).hostname, urlsplit(url).port
    assert host is not None
    assert port is not None
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            one = opened.enter_context(socket.create_connection((host, port), timeout=5))
            if sent:
                one.sendall(sent)
        yield


def children(pid: int) -> list[int]:
    """The worker processes."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == pid:
                    found.append(int(folder.name))
    return found


async def slowest_health_ms(url: str, seconds: float) -> float:
    """The longest time of GET /healthz."""
    slowest = 0.0
    until_s = time.monotonic() + seconds
    while (asked_s := time.monotonic()) < until_s:
        await asyncio.to_thread(ask, f"{url}/healthz")
        slowest = max(slowest, time.monotonic() - asked_s)
        await asyncio.sleep(HEALTH_EVERY_S)
    return round(1000 * slowest, 1)


def ask(url: str) -> None:
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()


def size_of(log: Path) -> int:
    return log.stat().st_size


async def window(group: PeerGroup, log: Path, seconds: float) -> dict[str, object]:
    """Measure the peer, a health check and the growth of the log."""
    first, size = group.look(), size_of(log)
    slowest_ms = await slowest_health_ms(group.server.url, seconds)
    seen = group.between(first, group.look())
    return {
        "fps_received": seen.fps_received[0],
        "fps_analysed": seen.fps_analysed[0],
        "slowest_healthz_ms": slowest_ms,
        "log_bytes_per_s": round((size_of(log) - size) / seen.seconds, 1),
    }


async def measure(options: argparse.Namespace) -> dict[str, object]:
    seconds = 5.0 if options.quick else 15.0
    if not options.hurry:
        await wait_for_calm()
    with servers.running((*servers.OURS, "--auth", "none"), files=FILES) as server:
        async with sending(server, face_clip()) as group:
            await asyncio.sleep(3.0)
            say("the peer alone")
            figures: dict[str, object] = {"alone": await window(group, server.log, seconds)}
            say("hostile clients connect, workers are killed")
            with (
                connections(server.url, IDLE, b""),
                connections(server.url, SLOW, PART_OF_AN_OFFER),
            ):
                for worker in children(server.pid):
                    os.kill(worker, signal.SIGKILL)
                figures["with_strangers"] = await window(group, server.log, seconds)
                stopped_s = time.monotonic()
                os.kill(server.pid, signal.SIGTERM)
                while not has_ended(server.pid) and time.monotonic() - stopped_s < STOP_DEADLINE_S:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                figures["stopped_after_s"] = round(time.monotonic() - stopped_s, 2)
    return figures


def has_ended(pid: int) -> bool:
    """Whether the process has ended, even if its parent has not waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def main() -> None:
    """Measure once."""
    options = measured.parser(__doc__ or "").parse_args()
    measured.run("hostile_clients", options, measure(options))


if __name__ == "__main__":
    main()
