"""A cluster on three machines with addresses of their own: media go straight to them, and one may be cut off."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, STEADY
from tests.net.hosts import Machine, machines, running
from tests.times import seconds

GATEWAY_PORT, NODE_PORT = 8080, 8081
SOON_S = seconds(30)
REPLAY_DEADLINE_S = seconds(90)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The host of the gateway and of the peers, and the machines with a node each."""

    hub: str
    nodes: list[Machine]
    logs: Path

    def on_hub(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.hub, *command]

    def fetch(self, path: str) -> str:
        """What the gateway answers."""
        done = subprocess.run(
            self.on_hub("curl", "-s", "-m", "5", f"http://127.0.0.1:{GATEWAY_PORT}{path}"),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def serving(self) -> int:
        return int(json.loads(self.fetch("/healthz") or "{}").get("nodes_serving", 0))

    def sessions(self) -> dict[str, int]:
        """The number of sessions with video by node."""
        prefix = 'facestream_sessions{kind="webrtc",node="'
        lines = (line for line in self.fetch("/metrics").splitlines() if line.startswith(prefix))
        return {line.split('"')[3]: int(float(line.split()[-1])) for line in lines}

    @contextlib.contextmanager
    def replay(self, name: str, *options: str) -> Iterator["Replay"]:
        """A headless peer, or several, on the hub."""
        summary = self.logs / f"{name}.json"
        log = (self.logs / f"{name}.log").open("w")
        command = self.on_hub(
            sys.executable, "-m", "facestream", "replay", str(ROOT / "build/media/single_face.mp4"),
            "--url", f"http://{self.nodes[0].near}:{GATEWAY_PORT}", "--loop", "--summary", str(summary), *options,
        )  # fmt: skip
        with log, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT) as process:
            try:
                yield Replay(process, summary, Path(log.name))
            finally:
                if process.poll() is None:
                    process.kill()


@dataclass(frozen=True, slots=True)
class Replay:
    """A running headless peer."""

    process: subprocess.Popen[bytes]
    summary: Path
    log: Path

    def finish(self) -> dict[str, Any]:
        """Its summary; what it has said is in the error if it has none."""
        self.process.wait(REPLAY_DEADLINE_S)
        assert self.summary.exists(), self.log.read_text()
        found: dict[str, Any] = json.loads(self.summary.read_text())
        return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    logs = tmp_path_factory.mktemp("cluster")
    secret = logs / "secret"
    secret.write_text("a secret that only these tests have, and nobody else\n")
    shared = ("--cluster-secret-file", str(secret), "--auth", "none", "--tls", "off")
    with contextlib.ExitStack() as stack:
        hub, nodes = stack.enter_context(machines(3))
        for number, machine in enumerate(nodes, 1):
            node = (
                sys.executable, "server.py", "--host", machine.address, "--port", str(NODE_PORT), *shared, *STEADY,
                "--node-id", f"n{number}", "--analysis-processes", "1",
            )  # fmt: skip
            log = logs / f"n{number}.log"
            stack.enter_context(running(machine.name, log, *node, said="facestream serves"))
        named = [word for each in nodes for word in ("--nodes", f"http://{each.address}:{NODE_PORT}")]
        gateway = (
            sys.executable, "-m", "facestream", "gateway", "--host", "0.0.0.0", "--port", str(GATEWAY_PORT),
            *shared, *named,
        )  # fmt: skip
        stack.enter_context(running(hub, logs / "gateway.log", *gateway, said="facestream serves"))
        yield Cluster(hub, nodes, logs)


def wait_until_serving(cluster: Cluster, count: int) -> None:
    deadline_s = time.monotonic() + SOON_S
    while cluster.serving() != count:
        assert time.monotonic() < deadline_s, cluster.fetch("/readyz")
        time.sleep(0.2)


def wait_for_sessions(cluster: Cluster, expected: dict[str, int]) -> None:
    deadline_s = time.monotonic() + SOON_S
    while (found := cluster.sessions()) != expected:
        assert time.monotonic() < deadline_s, found
        time.sleep(0.2)


def test_peers_spread_over_the_machines_and_media_go_to_each(cluster: Cluster):
    wait_until_serving(cluster, 3)

    with cluster.replay("spread", "--peers", "3", "--duration", "8") as replay:
        wait_for_sessions(cluster, {"n1": 1, "n2": 1, "n3": 1})
        total = replay.finish()["total"]

    assert total["failed"] == 0, total["failures"]
    assert total["received_frames"] > 0


def test_a_peer_that_names_the_gateway_by_loopback_learns_what_to_name(cluster: Cluster):
    wait_until_serving(cluster, 3)

    with cluster.replay("loopback", "--duration", "3", "--url", f"http://127.0.0.1:{GATEWAY_PORT}") as replay:
        assert replay.process.wait(REPLAY_DEADLINE_S) != 0

    assert "its media are on another machine" in replay.log.read_text()


def test_a_machine_that_is_cut_off_touches_its_own_peers_only(cluster: Cluster):
    wait_until_serving(cluster, 3)
    wait_for_sessions(cluster, {"n1": 0, "n2": 0, "n3": 0})
    lost = cluster.nodes[0]
    with cluster.replay("cut", "--peers", "3", "--duration", "25") as replay:
        wait_for_sessions(cluster, {"n1": 1, "n2": 1, "n3": 1})

        lost.cut_off()
        try:
            # At once: the gateway may still believe in that node.
            with cluster.replay("new", "--duration", "3") as new:
                assert new.finish()["received_frames"] > 0
            wait_until_serving(cluster, 2)
            total = replay.finish()["total"]
        finally:
            lost.plug_in()

    assert total["failed"] == 1, total["failures"]
    wait_until_serving(cluster, 3)


def test_a_machine_that_comes_back_gets_peers_again(cluster: Cluster):
    wait_until_serving(cluster, 3)
    wait_for_sessions(cluster, {"n1": 0, "n2": 0, "n3": 0})

    with cluster.replay("back", "--peers", "3", "--duration", "6") as replay:
        wait_for_sessions(cluster, {"n1": 1, "n2": 1, "n3": 1})

        assert replay.finish()["total"]["failed"] == 0
