"""Runs of `facestream analyze --out` with your own analysis: its values, its faults, and what they cost."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facestream.analysis.photos import read_bgr
from tests.conftest import environment_of_the_checkout
from tests.times import seconds

OWN = """
import os

def late(frame_luma, report):
    late.frames += 1
    if late.frames == 3:
        raise ValueError("no third frame")
    return {"frames": late.frames} if late.frames > 2 else {}
late.frames = 0

def more(frame_luma, report):
    late.frames += 1
    return {"always": 1} if late.frames < 5 else {"always": 1, "sometimes": 2}

def many(frame_luma, report):
    late.frames += 1
    return {f"a{late.frames - 1}_{number}": number for number in range(32)}

def broken(frame_luma, report):
    raise KeyError("smile")

def draws(frame_luma, report):
    return {"draw": [{"box": [0, 0, 900, 600], "colour": "#ff0000"}], "drawn": True}

def dies(frame_luma, report):
    os._exit(7)

class Own:
    def __init__(self, built_in):
        self.built_in = built_in

    def analyze(self, gray, tracks, time_s):
        report, tracks = self.built_in.analyze(gray, tracks, time_s)
        return type(report)(report.faces, extra={"found": len(report.faces)}), tracks
"""


def analyze(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    (folder / "own.py").write_text(OWN)
    paths = os.pathsep.join([str(folder), environment_of_the_checkout().get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "facestream", "analyze", *map(str, arguments), "--out", folder / "out"],
        capture_output=True, text=True, timeout=seconds(120), check=False, cwd=folder,
        env=environment_of_the_checkout() | {"PYTHONPATH": paths},
    )  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_values_that_begin_late_are_columns_and_a_fault_is_reported(tmp_path: Path, media_dir: Path):
    run = analyze(
        tmp_path,
        media_dir / "single_face.mp4",
        "--end",
        "0.2",
        "--analyzer",
        "own:late",
        "--format",
        "csv,jsonl",
    )

    out = tmp_path / "out" / "single_face"
    numbers = [row["extra_frames"] for row in rows(out / "faces.csv")]
    assert run.returncode == 1
    assert "your own analysis failed in 1 of 6 frames, without its values: ValueError: no third" in run.stderr
    assert run.stderr.count("Traceback") == 1
    assert numbers == ["", "", "", "4", "5", "6"]
    assert json.loads((out / "session.json").read_text())["totals"]["frames_extra_failed"] == {
        "ValueError": 1
    }
    messages = [json.loads(line) for line in (out / "frames.jsonl").read_text().splitlines()]
    assert [message.get("extra_fault") for message in messages] == [
        None,
        None,
        "ValueError",
        None,
        None,
        None,
    ]


def test_a_name_that_appears_late_is_a_column(tmp_path: Path, media_dir: Path):
    run = analyze(tmp_path, media_dir / "single_face.mp4", "--end", "0.2", "--analyzer", "own:more")

    table = rows(tmp_path / "out" / "single_face" / "faces.csv")
    assert run.returncode == 0, run.stderr
    assert [row["extra_sometimes"] for row in table] == ["", "", "", "", "2", "2"]
    assert {row["extra_always"] for row in table} == {"1"}


def test_names_beyond_the_limit_are_reported(tmp_path: Path, media_dir: Path):
    run = analyze(tmp_path, media_dir / "single_face.mp4", "--end", "0.2", "--analyzer", "own:many")

    assert run.returncode == 1
    problem = rows(tmp_path / "out" / "sources.csv")[0]["problem"]
    assert "has more than 64 names of values, so the tables lack a2_0, a2_1, " in problem


@pytest.mark.parametrize(("name", "code", "found"), [("broken", 1, None), ("Own", 0, "5")])
def test_a_photograph_has_values_and_faults_too(
    tmp_path: Path, media_dir: Path, name: str, code: int, found: str | None
):
    run = analyze(tmp_path, media_dir / "multi_face.jpg", "--analyzer", f"own:{name}")

    faces = rows(tmp_path / "out" / "multi_face" / "faces.csv")
    assert run.returncode == code
    assert len(faces) == 5
    assert faces[0].get("extra_found") == found
    assert ("failed in its only frame, without its values: KeyError: 'smile'" in run.stderr) is bool(code)


def test_a_drawing_is_on_the_annotated_photograph_and_in_no_table(tmp_path: Path, media_dir: Path):
    run = analyze(tmp_path, media_dir / "multi_face.jpg", "--video", "--analyzer", "own:draws")

    out = tmp_path / "out" / "multi_face"
    blue, green, red = read_bgr(out / "annotated.jpg")[600, 450].astype(int)
    assert run.returncode == 0, run.stderr
    assert red > 2 * max(blue, green)
    assert [name for name in rows(out / "faces.csv")[0] if name.startswith("extra")] == ["extra_drawn"]


def test_a_plugin_that_ends_its_process_is_named(tmp_path: Path, media_dir: Path):
    run = analyze(tmp_path, media_dir / "single_face.mp4", "--analyzer", "own:dies")

    assert run.returncode == 1
    assert "ended (exit code 7)" in run.stderr
    assert "if your own analysis own:dies is the cause" in run.stderr
