"""Three hosts in a row, peer - relay - server, as network namespaces: no packet gets from end to end.

The relay forwards nothing. Each end has one route to the relay's far address, where it meets what is relayed.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PEER, SERVER = "10.77.1.2", "10.77.2.2"
RELAY_TO_PEER, RELAY_TO_SERVER = "10.77.1.1", "10.77.2.1"
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names of the namespaces."""

    peer: str
    relay: str
    server: str


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@contextlib.contextmanager
def three_hosts() -> Iterator[Hosts]:
    hosts = Hosts(*(f"fs{os.getpid()}{name}" for name in ("p", "r", "s")))
    names = (hosts.peer, hosts.relay, hosts.server)
    try:
        try:
            for name in names:
                ip("netns", "add", name)
            _connect(hosts.peer, PEER, hosts.relay, RELAY_TO_PEER, f"via {RELAY_TO_PEER}", RELAY_TO_SERVER)
            _connect(
                hosts.server, SERVER, hosts.relay, RELAY_TO_SERVER, f"via {RELAY_TO_SERVER}", RELAY_TO_PEER
            )
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            sentence = (
                f"this machine makes no network namespaces ({said.decode().strip()}); be root, with iproute2"
            )
            # CI leaves no test out.
            (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
        for name in names:
            ip("-n", name, "link", "set", "lo", "up")
        subprocess.run(
            ["ip", "netns", "exec", hosts.relay, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"],
            check=True,
        )
        yield hosts
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _connect(end: str, address: str, relay: str, near: str, via: str, far: str) -> None:
    """A cable between an end and the relay."""
    inside = f"to{end[-1]}"
    ip("link", "add", "eth0", "netns", end, "type", "veth", "peer", "name", inside, "netns", relay)
    for name, link, own in ((end, "eth0", address), (relay, inside, near)):
        ip("-n", name, "address", "add", f"{own}/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")
    ip("-n", end, "route", "add", f"{far}/32", *via.split())


def running(
    host: str, log: Path, *command: str, said: str, env: dict[str, str] | None = None
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """A program on one host, from when it has said that it is ready."""
    return started(log, "ip", "netns", "exec", host, *command, said=said, env=env)


@contextlib.contextmanager
def started(
    log: Path, *command: str, said: str, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program on this machine, from when it has said that it is ready."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
    try:
        deadline_s = time.monotonic() + START_DEADLINE_S
        while said not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline_s:
                pytest.fail(f"{command} did not start (exit code {process.poll()}): {log.read_text()}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def forwarder(host: str, log: Path, listen: str, to: str) -> contextlib.AbstractContextManager[object]:
    """What a reverse proxy or a TCP tunnel does: bytes from one port to another, and no UDP."""
    script = str(Path(__file__).with_name("forward.py"))
    return running(host, log, sys.executable, script, listen, to, said="forwards")
