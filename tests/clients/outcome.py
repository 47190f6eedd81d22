"""The result that a third-party client reports, and the server's log of its session."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.net.hosts import Neighbours
from tests.times import seconds

RUN_DEADLINE_S = seconds(100)
LOG_DEADLINE_S = seconds(10.0)
NODE_DIR = Path(__file__).with_name("node")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The JSON that a peer prints last; tests/clients/peers/seen.py describes the fields."""

    client: str
    wants_channels: bool
    status: int
    detail: str
    session_id: str
    sections: list[str]
    codec: str
    states: list[str]
    frames: int
    spread: float | None
    telemetry: int
    faces: int
    pong: bool
    goodbye: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two hosts in one network: the server runs on one, clients run on the other."""

    hosts: Neighbours
    url: str
    authority: Path
    """The certificate to trust."""
    log: Path
    """The server's log file."""

    def run(self, *command: str) -> Outcome:
        """Run a peer on its host until it exits; returns its result."""
        *lines, last = ["", *self.output_of(*command).splitlines()]
        try:
            return Outcome(**json.loads(last))
        except (ValueError, TypeError):
            pytest.fail(f"{command} printed no result: {lines} {last}")

    def output_of(self, *command: str) -> str:
        """Run a program on the peer's host; returns its stdout."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.hosts.peer, *command],
            cwd=ROOT,
            env={
                **os.environ,
                "SERVER": self.url,
                "SSL_CERT_FILE": str(self.authority),
                "NODE_EXTRA_CA_CERTS": str(self.authority),
            },
            capture_output=True,
            text=True,
            timeout=RUN_DEADLINE_S,
            check=False,
        )
        if done.returncode:
            pytest.fail(
                f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}{self.log_tail()}"
            )
        return done.stdout

    def ending_of(self, session_id: str) -> str:
        """Wait for the end of the session whose id begins like this; returns the code in the server's log."""
        deadline_s = time.monotonic() + LOG_DEADLINE_S
        closed = re.compile(rf"session {re.escape(session_id)}\S*: closed \((\w+): .*\) after")
        while time.monotonic() < deadline_s:
            if found := closed.search(self.log.read_text()):
                return found[1]
            time.sleep(0.05)
        pytest.fail(f"session {session_id} did not end: {self.log_tail()}")

    def log_tail(self) -> str:
        return self.log.read_text()[-4000:]


def node(name: str, *arguments: str) -> list[str]:
    """The command for a peer in tests/clients/node."""
    if not (NODE_DIR / "node_modules").is_dir():
        pytest.fail("the test clients are missing; run `make test-clients`")
    return ["node", str(NODE_DIR / name), *arguments]


def complaints(log: str) -> list[str]:
    """The lines of a server's log that report an error."""
    return [line for line in log.splitlines() if re.search(r"\b(ERROR|CRITICAL|Traceback)\b", line)]
