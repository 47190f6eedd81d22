"""The server and the relay of compose.yaml in containers on one host, with a peer on another host."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.image.conftest import Built
from tests.image.podman import Podman, running, wait_until_healthy
from tests.net.hosts import NEAR_SERVER, Neighbours, forwarder, two_hosts
from tests.times import seconds

# The first test of tests/image builds the image.
pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
ENV = {"PUBLIC_ADDRESS": NEAR_SERVER, "TURN_SECRET": "north", "DOMAIN": "faces.example.org"}
TOKEN = "a-token-of-the-image-tests"
# Handled elsewhere (images, network, command) or irrelevant in a test (restart).
LEFT_OUT = {"build", "image", "restart", "network_mode", "command"}
REPLAY_DEADLINE_S = seconds(60.0)


@dataclass(frozen=True, slots=True)
class Composed:
    """Two hosts: the composed services run on one, their clients on the other."""

    hosts: Neighbours
    url: str
    token_file: Path


def filled(value: str) -> str:
    """Substitute variables as compose does with deploy/.env."""
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: ENV[found[1]], value)


def options(service: dict[str, Any], host: str, secrets: Path) -> list[str]:
    """The keys of a composed service as options of `podman run`, in the network namespace `host`."""
    words = ["--network", f"ns:/run/netns/{host}"]
    for key, value in service.items():
        match key:
            case "read_only":
                words += [f"--read-only={str(value).lower()}"]
            case "stop_grace_period":
                words += ["--stop-timeout", value.removesuffix("s")]
            case "tmpfs" | "cap_drop" | "security_opt":
                option = key.replace("_", "-")
                words += [word for each in value for word in (f"--{option}", each)]
            case "environment":
                words += [
                    word for pair in value.items() for word in ("--env", f"{pair[0]}={filled(pair[1])}")
                ]
            case "secrets":
                words += [
                    word
                    for name in value
                    for word in ("--volume", f"{secrets / name}:/run/secrets/{name}:ro")
                ]
            case _:
                assert key in LEFT_OUT, f"compose.yaml: this test does not know {key!r}"
    return words


@pytest.fixture(scope="module")
def composed(
    built: Built, podman: Podman, coturn_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Composed]:
    folder = tmp_path_factory.mktemp("compose")
    token_file = folder / "tokens"
    token_file.write_text(f"{TOKEN}\n")
    token_file.chmod(0o644)
    services = COMPOSE["services"]
    with two_hosts() as hosts:
        # The image named in compose.yaml runs turnserver as `nobody`.
        coturn = [
            *options(services["coturn"], hosts.server, folder), "--user", "nobody", coturn_image,
            "turnserver", *map(filled, services["coturn"]["command"]),
        ]  # fmt: skip
        server = [*options(services["facestream"], hosts.server, folder), built.name]
        with (
            running(podman, "coturn", *coturn) as relay,
            running(podman, "facestream", *server) as facestream,
            # Replaces Caddy, which also connects from loopback.
            forwarder(hosts.server, folder / "forward.log", f"{NEAR_SERVER}:8080", "127.0.0.1:8080"),
        ):
            wait_until_healthy(facestream)
            yield Composed(hosts, f"http://{NEAR_SERVER}:8080", token_file)
            assert relay.state("Status") == "running", relay.log()


def replay(composed: Composed, clip: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            "ip", "netns", "exec", composed.hosts.peer, sys.executable, "-m", "facestream", "replay", str(clip),
            "--url", composed.url, *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=REPLAY_DEADLINE_S,
        check=False,
    )  # fmt: skip


def test_a_peer_with_a_token_gets_its_video_through_the_relay(
    composed: Composed, media_dir: Path, tmp_path: Path
):
    summary = tmp_path / "summary.json"

    done = replay(
        composed,
        media_dir / "single_face.mp4",
        "--token-file",
        str(composed.token_file),
        "--ice-policy",
        "relay",
        "--summary",
        str(summary),
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(summary.read_text())["received_frames"] > 10


def test_a_peer_without_a_token_is_rejected(composed: Composed, media_dir: Path):
    done = replay(composed, media_dir / "single_face.mp4")

    assert done.returncode != 0
    assert "HTTP 401" in done.stderr
