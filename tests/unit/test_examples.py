"""The examples: each is short, is in the list, and runs in a fresh folder as its own first line says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facestream.analysis.photos import read_bgr
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds

EXAMPLES = ROOT / "examples"
PROGRAMS = sorted(path for path in EXAMPLES.rglob("*") if path.suffix in {".py", ".js", ".html"})


def run(tmp_path: Path, *command: object) -> str:
    for path in EXAMPLES.glob("*.py"):
        shutil.copy(path, tmp_path)
    environment = environment_of_the_checkout()
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    ended = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=seconds(100), check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_an_example_is_short(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 30


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_in_the_list_and_names_its_command(path: Path):
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    row = next(line for line in listed.splitlines() if f"({path.name})" in line)
    command = path.stem if "--analyzer" in row else f"python {path.name}"

    assert command in row
    assert command in path.read_text(encoding="utf-8").splitlines()[0]


def test_a_photograph_is_analysed(tmp_path: Path, media_dir: Path):
    lines = run(tmp_path, "analyze_image.py", media_dir / "multi_face.jpg").splitlines()

    assert len(lines) == 5
    assert lines[0].startswith("face 1: happy, happy ")
    assert lines[0].endswith("degrees")


def test_a_clip_becomes_a_dataframe(tmp_path: Path, media_dir: Path):
    head, name, face = run(tmp_path, "clip_to_dataframe.py", media_dir / "single_face.mp4").splitlines()

    assert head.split() == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    assert name.split() == ["face"]
    assert float(face.split()[4]) > 0.5


def test_a_clip_without_faces_becomes_an_empty_dataframe(tmp_path: Path, media_dir: Path):
    assert "Empty DataFrame" in run(tmp_path, "clip_to_dataframe.py", media_dir / "no_face.mp4")


@pytest.mark.parametrize("name", ["count_smiles", "draw_overlay"])
def test_a_plugin_works_on_a_photograph(tmp_path: Path, media_dir: Path, name: str):
    photo, plugin = media_dir / "multi_face.jpg", ("--analyzer", f"{name}:on_faces")

    run(tmp_path, "-m", "facestream", "analyze", photo, "--out", "out", "--video", *plugin)

    header = (tmp_path / "out" / "multi_face" / "faces.csv").read_text(encoding="utf-8").splitlines()[0]
    assert ("extra_smiles" in header) is (name == "count_smiles")
    assert read_bgr(tmp_path / "out" / "multi_face" / "annotated.jpg").shape == (667, 1000, 3)
