"""The wheel, installed outside the checkout; the browser fixtures are those of tests/browser."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facestream.analysis.model_files import checked_path
from facestream.resources import MODELS_DIR
from tests.browser.conftest import browsers, camera_file, open_page
from tests.conftest import ROOT, RunningServer, running_server
from tests.times import seconds
from tests.wheel import build_wheel

__all__ = ["browsers", "camera_file", "open_page"]

INSTALL_DEADLINE_S = seconds(400)
COMMAND_DEADLINE_S = seconds(120)


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment with the wheel in it, and the environment variables of its user."""

    folder: Path
    environment: dict[str, str]

    @property
    def program(self) -> Path:
        return self.folder / "venv" / "bin" / "facestream"

    def run(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the wheel, with some environment variables changed."""
        return subprocess.run(
            [self.program, *arguments], cwd=self.folder, env={**self.environment, **changed},
            capture_output=True, text=True, timeout=COMMAND_DEADLINE_S, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as `make wheel` builds it."""
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a new virtual environment, whose programs are the only ones in PATH."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=COMMAND_DEADLINE_S)
    python = str(folder / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    pip += ["--constraint", str(ROOT / "requirements.txt"), str(wheel)]
    subprocess.run(pip, check=True, timeout=INSTALL_DEADLINE_S)
    environment = {
        "PATH": str(folder / "venv" / "bin"),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PIP_NO_INDEX": "1",
    }
    # Copied as `facestream models` would fetch it, to save a download of 100 MB.
    (folder / "cache" / "facestream").mkdir(parents=True)
    shutil.copy(checked_path(MODELS_DIR, "landmarks"), folder / "cache" / "facestream")
    return Installed(folder, environment)


@pytest.fixture(scope="session")
def installed_server(installed: Installed) -> Iterator[RunningServer]:
    """`facestream serve` of the wheel."""
    with running_server(
        installed.folder / "server.log",
        program=(str(installed.program), "serve"),
        folder=installed.folder,
        environment=installed.environment,
    ) as running:
        yield running
