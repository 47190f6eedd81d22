"""Builds the wheel as `make wheel` does, for the tests that install it and for the image."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.times import seconds

DEADLINE_S = seconds(60)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout into a new or existing folder; replaces an older wheel."""
    for old in folder.glob("*.whl"):
        old.unlink()
    pip_wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip_wheel, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=DEADLINE_S)
    (built,) = folder.glob("*.whl")
    return built
