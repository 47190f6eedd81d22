"""The container image, built and run with the commands of docs/deploy/docker.md: its contents and its behaviour."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from facestream.analysis.model_files import read_manifest
from facestream.resources import MODELS_DIR
from tests.conftest import ROOT, has_begun
from tests.image.conftest import Built
from tests.image.podman import (
    MACHINE,
    PAGE,
    Container,
    documented,
    run_words,
    running,
    wait_until_healthy,
)
from tests.net.coturn import free_ports
from tests.times import seconds

# The first test builds the image.
pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

USER = 10001
TOKEN = "a-token-of-the-image-tests"
REPLAY_DEADLINE_S = seconds(60.0)
STOP_DEADLINE_S = seconds(10.0)
# Not needed at run time, and each would need security updates.
BUILD_TOOLS = ("node", "npm", "make", "cmake", "gcc", "g++", "cc", "c++", "clang", "ld", "as", "cargo", "git")
MOST_MEMORY_MB = 1000.0
"""For all processes, with two workers and one peer."""
RecordProperty = Callable[[str, object], None]


@dataclass(frozen=True, slots=True)
class Served:
    """A running server in a container, and what its clients need."""

    container: Container
    url: str
    token_file: Path
    healthy_after_s: float


@contextmanager
def served(built: Built, folder: Path, name: str) -> Iterator[Served]:
    """Run the image as docs/deploy/docker.md does, on a free port of loopback."""
    (port,) = free_ports(1)
    token_file = folder / "tokens.txt"
    token_file.write_text(f"{TOKEN}\n")
    token_file.chmod(0o644)
    settings = {
        "FACESTREAM_PORT": str(port),
        "FACESTREAM_ICE_ADDRESS": "127.0.0.1",
        # The same on every machine and under any load.
        "FACESTREAM_ANALYSIS_PROCESSES": "2",
        "FACESTREAM_MIN_FPS": "0",
    }
    words = run_words(
        documented("docker run"),
        built.name,
        *(word for pair in settings.items() for word in ("--env", "=".join(pair))),
    )
    if not built.limits_memory:
        at = words.index("--memory")
        del words[at : at + 2]
    words = [word.replace(str(ROOT / "deploy" / "tokens.txt"), str(token_file)) for word in words]
    with running(built.podman, name, *words) as container:
        yield Served(container, f"http://127.0.0.1:{port}", token_file, wait_until_healthy(container))


@pytest.fixture(scope="module")
def server(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(built, tmp_path_factory.mktemp("image"), "facestream-test") as serving:
        yield serving


def replay_command(server: Served, clip: Path, *arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "facestream", "replay", str(clip), "--url", server.url,
        "--token-file", str(server.token_file), *arguments,
    ]  # fmt: skip


def memory_mb(container: Container) -> float:
    """Memory of all processes of the container; shared pages count once."""
    total_kb = 0
    for pid in container.pids():
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        assert found is not None
        total_kb += int(found[1])
    return total_kb / 1000


def memory_limit(container: Container) -> int:
    """The limit in bytes, from cgroup version 1 or 2."""
    groups = "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max"
    return int(container.exec("sh", "-c", f"cat {groups} 2>/dev/null").stdout)


def test_a_clip_is_analysed_within_the_memory_limit_of_the_container(
    built: Built, server: Served, media_dir: Path, tmp_path: Path, record_property: RecordProperty
):
    summary = tmp_path / "summary.json"
    command = replay_command(
        server, media_dir / "single_face.mp4", "--loop", "--duration", "6", "--summary", str(summary)
    )

    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as replay:
        most_mb = 0.0
        while replay.poll() is None:
            most_mb = max(most_mb, memory_mb(server.container))
            time.sleep(0.2)
        assert replay.stderr is not None
        assert replay.returncode == 0, replay.stderr.read() + server.container.log()

    seen = json.loads(summary.read_text())
    assert seen["received_frames"] > 30
    # More than one where the clip begins again: the face jumps there.
    assert seen["faces_seen"] >= 1
    assert 50 < most_mb < MOST_MEMORY_MB
    assert server.container.state("OOMKilled") == "false"
    if built.limits_memory:
        assert memory_limit(server.container) == 2 << 30
    record_property("memory with one peer", f"{most_mb:.0f} MB")


def test_every_process_runs_as_the_image_user_without_privileges(server: Served):
    processes = [
        dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        for pid in server.container.pids()
    ]

    # At least the server and its two workers.
    assert len(processes) >= 3
    for status in processes:
        assert status["Uid"].split() == [str(USER)] * 4
        assert status["Gid"].split() == [str(USER)] * 4
        assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
        assert status["NoNewPrivs"] == "1"


def test_only_the_folder_for_temporary_files_is_writable(server: Served):
    tried = [
        server.container.exec("touch", f"{folder}/x") for folder in ("/opt/facestream", "/opt", "/var/tmp")
    ]

    assert ["Read-only file system" in done.stderr for done in tried] == [True] * 3
    assert server.container.exec("touch", "/tmp/x").returncode == 0


def test_the_health_check_fails_where_nothing_answers(server: Served):
    check = json.loads(
        server.container.podman.get(
            "inspect", "--format", "{{json .Config.Healthcheck.Test}}", server.container.name
        )
    )
    assert check[0] == "CMD"
    (port,) = free_ports(1)

    assert server.container.exec(*check[1:]).returncode == 0
    assert server.container.exec(*check[1:], env={"FACESTREAM_PORT": str(port)}).returncode != 0


def test_a_client_outside_the_container_needs_a_token_even_on_loopback(
    server: Served, media_dir: Path, tmp_path: Path
):
    # The server cannot see which program connects: docs/decisions/0012-local-clients.md.
    (tmp_path / "wrong.txt").write_text("another-token\n")
    command = replay_command(server, media_dir / "single_face.mp4")
    command[command.index("--token-file") + 1] = str(tmp_path / "wrong.txt")

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=REPLAY_DEADLINE_S, check=False
    )

    assert done.returncode != 0
    assert "HTTP 401" in done.stderr


def test_the_documented_doctor_finds_nothing_wrong(server: Served):
    command = documented("docker exec")
    assert command[:3] == ["docker", "exec", "facestream"]

    done = server.container.exec(*(word.replace("http://127.0.0.1:8080", server.url) for word in command[3:]))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", ["/", "/js/main.js", "/vendor/c3.min.js", "/vendor/d3.min.js", "/openapi.json"]
)
def test_the_image_contains_the_page_and_its_libraries(server: Served, path: str):
    with urllib.request.urlopen(server.url + path, timeout=seconds(10)) as answer:
        assert len(answer.read()) > 1000


def test_the_image_contains_every_model(built: Built):
    """Runs without a network, so a missing model cannot be fetched."""
    done = built.podman.run("run", "--rm", "--network", "none", "--read-only", *MACHINE, built.name, "models")

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": sha256 matches (") == len(read_manifest(MODELS_DIR))


def test_the_image_contains_no_build_tool(server: Served):
    names = " -o ".join(
        f"-name {name} -o -name '*-linux-gnu-{name}' -o -name '{name}-[0-9]*'" for name in BUILD_TOOLS
    )

    done = server.container.exec("sh", "-c", f"find / -xdev -perm -100 ! -type d '(' {names} ')'")

    assert done.stdout == ""
    # The same search finds an installed program.
    assert (
        server.container.exec("sh", "-c", "find / -xdev -perm -100 ! -type d -name facestream").stdout != ""
    )


def test_the_image_has_the_documented_size(built: Built, record_property: RecordProperty):
    added_mb = built.size_mb - built.base_size_mb
    record_property(
        "image", f"{built.size_mb:.0f} MB, {added_mb:.0f} MB beyond its base, built in {built.build_s:.0f} s"
    )
    (written,) = re.findall(r"(\d+) MB beyond its base", PAGE.read_text(encoding="utf-8"))

    assert added_mb == pytest.approx(int(written), rel=0.1)


def test_it_stops_in_time_with_exit_code_0_while_a_peer_is_connected(
    built: Built, media_dir: Path, tmp_path: Path, record_property: RecordProperty
):
    telemetry = tmp_path / "telemetry.jsonl"
    with served(built, tmp_path, "facestream-stop") as server:
        command = replay_command(
            server, media_dir / "single_face.mp4", "--loop", "--duration", "60", "--telemetry", str(telemetry)
        )
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as replay:
            until = time.monotonic() + seconds(20)
            while not has_begun(telemetry):
                assert replay.poll() is None, replay.communicate()[1]
                assert time.monotonic() < until
                time.sleep(0.1)
            begin_s = time.monotonic()

            server.container.podman.get(*documented("docker stop")[1:-1], server.container.name)

            took_s = time.monotonic() - begin_s
            # The server has notified its peer, so the replay ends.
            replay.communicate(timeout=STOP_DEADLINE_S)
        assert server.container.state("ExitCode") == "0", server.container.log()
        assert took_s < STOP_DEADLINE_S
        record_property(
            "started", f"healthy after {server.healthy_after_s:.1f} s, stopped after {took_s:.1f} s"
        )
