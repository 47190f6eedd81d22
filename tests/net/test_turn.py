"""Media through a real coturn between hosts that have no other route to each other."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facestream.ice.servers import time_limited
from tests.conftest import ROOT
from tests.net.coturn import COTURN_READY, SECRET, coturn_command, make_certificate
from tests.net.hosts import (
    PEER,
    RELAY_TO_PEER,
    RELAY_TO_SERVER,
    SERVER,
    Hosts,
    forwarder,
    running,
    three_hosts,
)
from tests.times import seconds

UDP, TCP, TLS = (
    f"turn{s}:{RELAY_TO_PEER}?transport={t}" for s, t in (("", "udp"), ("", "tcp"), ("s", "tcp"))
)
DEAD = f"turn:{RELAY_TO_PEER}:9?transport=udp"
PORTS = "50000-50007"
REPLAY_DEADLINE_S = seconds(60)


@dataclass(frozen=True, slots=True)
class Row:
    """The hosts, with coturn on the middle one, and the environment that trusts its certificate."""

    hosts: Hosts
    trusting: dict[str, str]
    logs: Path


@dataclass(frozen=True, slots=True)
class Replayed:
    """The exit code, output and counters of a headless peer."""

    code: int
    said: str
    received: int
    reports: int


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    logs = tmp_path_factory.mktemp("net")
    certificate = make_certificate(logs / "turn.pem", RELAY_TO_PEER, RELAY_TO_SERVER)
    # The server; if the server uses the relay, also the peer and the relay itself.
    allowed = (SERVER, PEER, RELAY_TO_SERVER)
    command = coturn_command(certificate, RELAY_TO_PEER, RELAY_TO_SERVER, allowed=allowed)
    with (
        three_hosts() as hosts,
        running(hosts.relay, logs / "coturn.log", *command, said=COTURN_READY),
    ):
        yield Row(hosts, {"SSL_CERT_FILE": str(certificate)}, logs)


@pytest.fixture(scope="module")
def direct_server(row: Row) -> Iterator[str]:
    """A server that offers its own address, and the relay to its page."""
    ice = [word for url in (DEAD, UDP, TCP, TLS) for word in ("--page-ice-server", url)]
    # The page must not use compatibility mode.
    yield from _server(row, 8080, *ice, "--websocket-fallback", "false")


@pytest.fixture(scope="module")
def relayed_server(row: Row) -> Iterator[str]:
    """A server that offers only its relay, the second in a list whose first is dead."""
    urls = (f"turn:{RELAY_TO_SERVER}:9", f"turn:{RELAY_TO_SERVER}?transport=tcp")
    ice = [word for url in urls for word in ("--server-ice-server", url)]
    yield from _server(row, 8081, *ice, "--server-ice-policy", "relay", "--remote-candidates", "lan")


@pytest.fixture(scope="module")
def translated_server(row: Row) -> Iterator[str]:
    """A server behind a 1:1 NAT with a few open ports."""
    script, log = str(Path(__file__).with_name("nat.py")), row.logs / "nat.log"
    with running(
        row.hosts.relay, log, sys.executable, script, RELAY_TO_PEER, SERVER, PORTS, said="translates"
    ):
        yield from _server(row, 8082, "--public-address", RELAY_TO_PEER, "--udp-ports", PORTS)


def _server(row: Row, port: int, *arguments: str) -> Iterator[str]:
    command = [
        sys.executable, "server.py", "--host", SERVER, "--port", str(port), "--auth", "none", "--tls", "off",
        "--analysis-processes", "1", *arguments,
    ]  # fmt: skip
    env = {**row.trusting, "FACESTREAM_TURN_SECRET": SECRET}
    log = row.logs / f"server{port}.log"
    listen, to = f"{RELAY_TO_PEER}:{port}", f"{SERVER}:{port}"
    with (
        running(row.hosts.server, log, *command, said="facestream serves", env=env),
        forwarder(row.hosts.relay, row.logs / f"forward{port}.log", listen, to),
    ):
        yield f"http://{listen}"


def replay(row: Row, clip: Path, url: str, *arguments: str) -> Replayed:
    """Send two seconds of a clip from the peer's host."""
    telemetry, summary = row.logs / "telemetry.jsonl", row.logs / "summary.json"
    for kept in (telemetry, summary):
        kept.unlink(missing_ok=True)
    done = subprocess.run(
        [
            "ip", "netns", "exec", row.hosts.peer, sys.executable, "-m", "facestream", "replay", str(clip),
            "--url", url, "--loop", "--duration", "2", "--telemetry", str(telemetry), "--summary", str(summary),
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, **row.trusting},
        capture_output=True,
        text=True,
        timeout=REPLAY_DEADLINE_S,
        check=False,
    )  # fmt: skip
    received = json.loads(summary.read_text())["received_frames"] if summary.exists() else 0
    reports = len(telemetry.read_text().splitlines()) if telemetry.exists() else 0
    return Replayed(done.returncode, done.stdout + done.stderr, received, reports)


def relaying(url: str, ttl_s: int = 600, secret: str = SECRET) -> list[str]:
    """Options for a peer that uses only this relay."""
    credentials = time_limited(secret, "peer", ttl_s)
    return [
        "--ice-server", url, "--ice-username", credentials.username, "--ice-credential", credentials.password,
        "--ice-policy", "relay",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def clip(media_dir: Path) -> Path:
    return media_dir / "single_face.mp4"


def test_without_a_relay_no_connection_is_established(row: Row, direct_server: str, clip: Path):
    replayed = replay(row, clip, direct_server, "--ice-server", f"stun:{RELAY_TO_PEER}")

    assert replayed.code == 2
    assert "no connection was established" in replayed.said


@pytest.mark.parametrize("url", [UDP, TCP, TLS], ids=["udp", "tcp", "tls"])
def test_media_and_telemetry_pass_a_relay(row: Row, direct_server: str, clip: Path, url: str):
    replayed = replay(row, clip, direct_server, *relaying(url))

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10
    assert replayed.reports > 10


def test_the_servers_from_get_config_suffice_and_a_dead_one_is_skipped(
    row: Row, direct_server: str, clip: Path
):
    replayed = replay(row, clip, direct_server, "--ice-policy", "relay")

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10


@pytest.mark.parametrize(
    "options", [relaying(UDP, ttl_s=-60), relaying(UDP, secret="south")], ids=["expired", "wrong"]
)
def test_an_invalid_credential_is_reported_with_the_reason(
    row: Row, direct_server: str, clip: Path, options: list[str]
):
    replayed = replay(row, clip, direct_server, *options)

    assert replayed.code == 2
    assert "rejects the credentials" in replayed.said


def test_an_unreachable_server_is_reached_through_its_own_relay(row: Row, relayed_server: str, clip: Path):
    replayed = replay(row, clip, relayed_server)

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10
    assert replayed.reports > 10


def test_both_ends_may_use_a_relay(row: Row, relayed_server: str, clip: Path):
    replayed = replay(row, clip, relayed_server, *relaying(UDP))

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10


def test_a_relay_may_be_behind_a_tcp_tunnel(row: Row, direct_server: str, clip: Path):
    tunnel = f"{RELAY_TO_PEER}:9000"
    with forwarder(row.hosts.relay, row.logs / "tunnel.log", tunnel, f"{RELAY_TO_SERVER}:3478"):
        replayed = replay(row, clip, direct_server, *relaying(f"turn:{tunnel}?transport=tcp"))

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10


def test_behind_a_nat_the_public_address_and_open_ports_suffice(row: Row, translated_server: str, clip: Path):
    replayed = replay(row, clip, translated_server)

    assert replayed.code == 0, replayed.said
    assert replayed.received > 10
