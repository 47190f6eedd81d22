"""A virtual environment of the checkout can import facestream in any folder, without PYTHONPATH."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.times import seconds


def run(python: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds(60), check=False
    )  # fmt: skip


def test_an_environment_imports_facestream_from_the_checkout_that_it_lies_in(tmp_path: Path):
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    for folder in (checkout, elsewhere):
        folder.mkdir()
    (checkout / "facestream").symlink_to(ROOT / "facestream")
    run(sys.executable, "-m", "venv", "--without-pip", ".venv", cwd=checkout)
    python = str(checkout / ".venv" / "bin" / "python")

    made = run(python, str(ROOT / "scripts" / "make_importable.py"), cwd=elsewhere)
    used = run(
        python,
        "-c",
        "from facestream import resources; print(resources.ROOT, resources.IS_CHECKOUT)",
        cwd=elsewhere,
    )

    assert made.returncode == 0, made.stderr
    assert used.stdout == f"{checkout} True\n", used.stderr
