"""Make the virtual environments of other projects, each once, in build/rivals.

The requirements of each are complete and pinned, so pip resolves nothing. A library without a version there is one that
facestream uses too, and has the version of requirements.txt. Only wheels are installed: nothing is built.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import ROOT, say

FOLDER = ROOT / "build" / "rivals"
BASELINES = ROOT / "benchmarks" / "baselines"
DEADLINE_S = 900.0
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$")


class EnvironmentMissingError(RuntimeError):
    """An environment cannot be made."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that `ready` makes."""

    name: str
    """Its requirements are `baselines/NAME.txt`."""

    @property
    def folder(self) -> Path:
        """Where it is."""
        return FOLDER / self.name

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def requirements(self) -> list[str]:
        """Its libraries, each with a version."""
        own = (BASELINES / f"{self.name}.txt").read_text(encoding="utf-8")
        return pinned(own, (ROOT / "requirements.txt").read_text(encoding="utf-8"))


def pinned(requirements: str, facestream: str) -> list[str]:
    """The requirements; a name without a version gets that of facestream's. Raises ValueError if it has none."""
    versions = {_normal(pin[1]): pin[2] for line in facestream.splitlines() if (pin := _PIN.match(line))}
    complete = []
    for line in requirements.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not _PIN.match(line):
            if _normal(line) not in versions:
                raise ValueError(
                    f"{line!r} has no version, here or in requirements.txt; expected NAME==VERSION"
                )
            line = f"{line}=={versions[_normal(line)]}"
        complete.append(line)
    return complete


def ready(environment: Environment) -> str:
    """The interpreter of this environment; makes it if it is missing or of other versions.

    Raises EnvironmentMissingError.
    """
    requirements = environment.requirements()
    made_of = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()
    stamp = environment.folder / "made-of"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == made_of:
        return environment.python
    began_s = time.monotonic()
    say(f"{environment.name}: making {environment.folder} ({len(requirements)} packages from PyPI; minutes)")
    shutil.rmtree(environment.folder, ignore_errors=True)
    pip = [environment.python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    try:
        _run([sys.executable, "-m", "venv", str(environment.folder)])
        _run([*pip, "install", "--no-deps", "--only-binary", ":all:", *requirements])
        _run([*pip, "check"])
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        ended = (
            f"exit code {error.returncode}"
            if isinstance(error, subprocess.CalledProcessError)
            else "too slow"
        )
        raise EnvironmentMissingError(
            f"{environment.name}: pip failed ({ended}; its own error is above); expected that PyPI can be reached, and "
            f"wheels for Python {sys.version_info.major}.{sys.version_info.minor}: the versions are those for 3.11"
        ) from error
    stamp.write_text(made_of, encoding="ascii")
    say(f"{environment.name}: made in {time.monotonic() - began_s:.0f} s")
    return environment.python


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=DEADLINE_S, stdout=sys.stderr)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
