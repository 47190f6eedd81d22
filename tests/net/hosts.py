"""Hosts as network namespaces: peer - relay - server in a row, a peer and a server on one link, or a hub and machines.

The relay forwards no IP packets. Each end has one route to the far address of the relay, so both ends can use what runs
on the relay.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.times import seconds

PEER, SERVER = "10.77.1.2", "10.77.2.2"
RELAY_TO_PEER, RELAY_TO_SERVER = "10.77.1.1", "10.77.2.1"
NEAR_PEER, NEAR_SERVER = "10.77.3.2", "10.77.3.1"
START_DEADLINE_S = seconds(60.0)
STOP_DEADLINE_S = seconds(20.0)

_made = itertools.count()


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names of the namespaces."""

    peer: str
    relay: str
    server: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The names of two namespaces with a direct link: a peer and a server in one network."""

    peer: str
    server: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with one cable to the hub."""

    name: str
    """Of its namespace."""
    address: str
    near: str
    """The address of the hub in the network of this machine."""
    hub: str
    cable: str
    """The end of its cable at the hub."""

    def cut_off(self) -> None:
        """Pull the cable: nothing reaches the machine, and no connection is closed."""
        ip("-n", self.hub, "link", "set", self.cable, "down")

    def plug_in(self) -> None:
        ip("-n", self.hub, "link", "set", self.cable, "up")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=seconds(20))


@contextlib.contextmanager
def three_hosts() -> Iterator[Hosts]:
    with _namespaces("p", "r", "s") as names:
        hosts = Hosts(*names)
        _connect(hosts.peer, PEER, hosts.relay, RELAY_TO_PEER)
        _connect(hosts.server, SERVER, hosts.relay, RELAY_TO_SERVER)
        for end, near, far in (
            (hosts.peer, RELAY_TO_PEER, RELAY_TO_SERVER),
            (hosts.server, RELAY_TO_SERVER, RELAY_TO_PEER),
        ):
            ip("-n", end, "route", "add", f"{far}/32", "via", near)
        subprocess.run(
            ["ip", "netns", "exec", hosts.relay, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"],
            check=True,
        )
        yield hosts


@contextlib.contextmanager
def two_hosts() -> Iterator[Neighbours]:
    """A peer and a server that reach only each other; the server is the default gateway of the peer."""
    with _namespaces("n", "m") as names:
        hosts = Neighbours(*names)
        _connect(hosts.peer, NEAR_PEER, hosts.server, NEAR_SERVER)
        # Firefox offers no address without a default route.
        ip("-n", hosts.peer, "route", "add", "default", "via", NEAR_SERVER)
        yield hosts


@contextlib.contextmanager
def machines(count: int) -> Iterator[tuple[str, list[Machine]]]:
    """A hub, and machines in networks of their own that reach the hub only; the hub forwards nothing."""
    letters = "abcdefgh"[:count]
    with _namespaces("h", *letters) as (hub, *names):
        found = []
        for number, (letter, name) in enumerate(zip(letters, names, strict=True), 11):
            machine = Machine(name, f"10.77.{number}.2", f"10.77.{number}.1", hub, f"to{letter}")
            _connect(name, machine.address, hub, machine.near)
            found.append(machine)
        yield hub, found


@contextlib.contextmanager
def _namespaces(*letters: str) -> Iterator[tuple[str, ...]]:
    """New namespaces with loopback up; if the machine cannot create them, skips the test, or fails it in CI."""
    # Fixtures of two folders may exist at the same time.
    number = next(_made)
    names = tuple(f"fs{os.getpid()}-{number}{letter}" for letter in letters)
    try:
        try:
            for name in names:
                ip("netns", "add", name)
            # Some machines can create namespaces but no veth pairs.
            trial = f"link add trial netns {names[0]} type veth peer name trial netns {names[-1]}"
            ip(*trial.split())
            ip("-n", names[0], "link", "delete", "trial")
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            sentence = (
                f"this machine makes no network namespaces ({said.decode().strip()}); be root, with iproute2"
            )
            # CI skips no test.
            (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
        for name in names:
            ip("-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        # Without iproute2 there is nothing to remove.
        with contextlib.suppress(FileNotFoundError):
            for name in names:
                _end_what_runs_on(name)
                subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _end_what_runs_on(host: str) -> None:
    """Kill what still runs there: a browser whose driver hit its deadline would outlive the namespace."""
    done = subprocess.run(["ip", "netns", "pids", host], check=False, capture_output=True, text=True)
    for pid in done.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _connect(end: str, address: str, other: str, near: str) -> None:
    """Link two hosts, with an address at each end."""
    inside = f"to{end[-1]}"
    ip("link", "add", "eth0", "netns", end, "type", "veth", "peer", "name", inside, "netns", other)
    for name, link, own in ((end, "eth0", address), (other, inside, near)):
        ip("-n", name, "address", "add", f"{own}/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")


def running(
    host: str, log: Path, *command: str, said: str, env: dict[str, str] | None = None
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a program on one host; yields when its output contains `said`."""
    return started(log, "ip", "netns", "exec", host, *command, said=said, env=env)


@contextlib.contextmanager
def started(
    log: Path, *command: str, said: str, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on this machine; yields when its output contains `said`."""
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
    """Forward one TCP port to another, as a reverse proxy or a tunnel does; no UDP."""
    script = str(Path(__file__).with_name("forward.py"))
    return running(host, log, sys.executable, script, listen, to, said="forwards")
