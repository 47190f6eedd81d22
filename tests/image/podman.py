"""Runs podman with its own store below build/, and the commands of docs/deploy/docker.md with it."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from tests.conftest import ROOT
from tests.times import seconds

FOLDER = ROOT / "build" / "image"
PAGE = ROOT / "docs" / "deploy" / "docker.md"
COMMAND_DEADLINE_S = seconds(60.0)
HEALTHY_DEADLINE_S = seconds(60.0)
# By default podman raises the limits of its containers, which is forbidden if the tests run in a container.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
# Not every machine has journald. Like Docker, add no tmpfs to a read-only root.
MACHINE = (*LIMITS, "--log-driver", "k8s-file", "--read-only-tmpfs=false")


def documented(start: str) -> list[str]:
    """The words of the only command on the page with this start; `$PWD` is the repository."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [line for line in lines if line.startswith(start)]
    assert len(found) == 1, f"{PAGE.name}: {len(found)} commands start with {start!r}, expected one"
    return shlex.split(found[0].replace("$PWD", str(ROOT)), comments=True)


@dataclass(frozen=True, slots=True)
class Podman:
    """A store of images and containers of its own."""

    store: Path
    driver: Literal["overlay", "vfs"]
    """How the store keeps its layers. overlay is fast; vfs copies each layer and works on every file system."""

    def words(self, *command: str) -> list[str]:
        """The command line of a podman command."""
        return [
            "podman", "--root", str(self.store / "root"), "--runroot", str(self.store / "run"),
            # Debian's crun does not run inside another container, and not every machine has systemd.
            "--storage-driver", self.driver, "--runtime", "runc", "--cgroup-manager", "cgroupfs", *command,
        ]  # fmt: skip

    def run(self, *command: str, deadline_s: float = COMMAND_DEADLINE_S) -> subprocess.CompletedProcess[str]:
        """Run a podman command to its end, whatever its exit code."""
        return subprocess.run(
            self.words(*command), cwd=ROOT, capture_output=True, text=True, timeout=deadline_s, check=False
        )

    def get(self, *command: str, deadline_s: float = COMMAND_DEADLINE_S) -> str:
        """The output of a command; fails the test unless it exits with 0."""
        done = self.run(*command, deadline_s=deadline_s)
        if done.returncode != 0:
            pytest.fail(f"podman {shlex.join(command)} exited with {done.returncode}: {done.stderr[-4000:]}")
        return done.stdout.strip()

    def clear(self) -> None:
        """Remove every container and image, and the store itself."""
        if self.store.exists():
            self.run("rm", "--all", "--force", "--time", "1")
            shutil.rmtree(self.store)


@dataclass(frozen=True, slots=True)
class Container:
    """A running container."""

    podman: Podman
    name: str

    def exec(self, *command: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as the image's user."""
        settings = [word for pair in (env or {}).items() for word in ("--env", "=".join(pair))]
        return self.podman.run("exec", *settings, self.name, *command)

    def state(self, field: str) -> str:
        """One field of the container's state, as podman writes it."""
        return self.podman.get("inspect", "--format", f"{{{{.State.{field}}}}}", self.name)

    def pids(self) -> list[int]:
        """The processes inside, by their pids on this machine."""
        first = int(self.state("Pid"))
        return [first, *_descendants(first)]

    def log(self) -> str:
        """The output of the program so far."""
        done = self.podman.run("logs", self.name)
        return done.stdout + done.stderr


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        # A process may end meanwhile.
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                yield child
                yield from _descendants(child)


@contextlib.contextmanager
def running(podman: Podman, name: str, *command: str) -> Iterator[Container]:
    """Run `podman run` with these words; removes the container at the end."""
    podman.get("run", "--detach", "--name", name, *MACHINE, *command)
    try:
        yield Container(podman, name)
    finally:
        podman.run("rm", "--force", "--time", "1", name)


def wait_until_healthy(container: Container) -> float:
    """Run the image's own health check until it passes; returns the seconds that took."""
    begin_s = time.monotonic()
    while (done := container.podman.run("healthcheck", "run", container.name)).returncode != 0:
        if container.state("Status") != "running" or time.monotonic() - begin_s > HEALTHY_DEADLINE_S:
            pytest.fail(f"not healthy ({done.stdout}{done.stderr}): {container.log()}")
        time.sleep(0.2)
    return time.monotonic() - begin_s


def leave_out(sentence: str) -> NoReturn:
    """Skip the test, or fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def require_containers() -> None:
    """If this machine cannot run containers, skip the test, or fail it in CI."""
    missing = [name for name in ("podman", "runc", "debootstrap", "ip") if shutil.which(name) is None]
    if os.geteuid() != 0:
        missing.append("root")
    if missing:
        leave_out(
            f"no containers here: {', '.join(missing)} missing; run `make image-programs` and the tests as root"
        )
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        leave_out(f"this machine makes no namespaces ({tried.stderr.strip()}); containers need them")


def run_words(command: Sequence[str], image: str, *settings: str) -> list[str]:
    """The words of a documented `docker run` as `running` expects them, with `settings` before the image."""
    assert command[:5] == ["docker", "run", "--detach", "--name", "facestream"]
    assert command[-1] == image, f"{PAGE.name}: the command ends in {command[-1]!r}, expected {image!r}"
    return [*command[5:-1], *settings, image]
