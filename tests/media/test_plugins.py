"""A server with your own analysis: its values in the telemetry, and what a wrong, failing or hanging one costs."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from facestream.messages.telemetry import Telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, running_server
from tests.times import seconds

FAULTY = """
def on_faces(frame_luma, report):
    raise RuntimeError("no smile")

def hangs(frame_luma, report):
    import time
    time.sleep(3600)

def dies(frame_luma, report):
    import os
    os._exit(7)

def odd(gray, tracks, time_s):
    from facestream import FrameReport
    return FrameReport(faces=("no face",)), tracks
"""


@pytest.fixture
def clip(media_dir: Path) -> Path:
    """Neutral, then happy."""
    return media_dir / "single_face.mp4"


def with_own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


async def test_smiles_are_counted_in_the_telemetry(clip: Path, tmp_path: Path):
    with running_server(tmp_path / "server.log", "--analyzer", "examples.count_smiles:on_faces") as running:
        async with ReplayPeer(ReplayOptions(clip, running.url, loop=True)) as peer:
            reports: list[Telemetry] = []
            while not any(report.extra.get("smiles") for report in reports):
                reports += await peer.receive_reports(10, seconds(30))

    analysed = [report for report in reports if report.analysed]
    assert all(report.extra["smiles"] in {0, 1} and not report.extra_fault for report in analysed)
    assert all(0 < float(str(report.extra["brightness"])) < 1 for report in analysed)


async def test_a_failing_plugin_costs_only_its_values_and_is_counted_and_logged_once(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with_own_module(tmp_path, monkeypatch)
    log = tmp_path / "server.log"
    with running_server(log, "--analyzer", "faulty:on_faces") as running:
        async with ReplayPeer(ReplayOptions(clip, running.url, loop=True)) as peer:
            reports = await peer.receive_reports(10)
            with urllib.request.urlopen(f"{running.url}/metrics", timeout=seconds(10)) as answer:  # noqa: ASYNC210
                metrics = answer.read().decode()

    assert any(report.faces for report in reports)
    assert all(report.analysed and not report.extra for report in reports)
    assert all(report.extra_fault == "RuntimeError" for report in reports)
    count = next(line for line in metrics.splitlines() if line.startswith("facestream_plugin_faults_total"))
    assert float(count.split()[1]) >= 5
    assert log.read_text().count("RuntimeError: no smile") == 1


@pytest.mark.parametrize(
    ("name", "kind"), [("hangs", "LeftOut"), ("dies", "WorkerLost"), ("odd", "TypeError")]
)
async def test_a_plugin_that_hangs_dies_or_makes_up_faces_costs_only_its_values(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
):
    with_own_module(tmp_path, monkeypatch)
    with running_server(tmp_path / "server.log", "--analyzer", f"faulty:{name}") as running:
        async with ReplayPeer(ReplayOptions(clip, running.url, loop=True)) as peer:
            reports: list[Telemetry] = []
            while not any(report.extra_fault == kind and report.faces for report in reports):
                reports += await peer.receive_reports(1, seconds(40))
            assert peer.states[-1] == "connected"

    lost = [report for report in reports if not report.analysed]
    assert len(lost) <= (1 if name == "dies" else 0)


@pytest.mark.parametrize("name", ["smiles", "no_such_module:name", "json:__all__"])
def test_a_wrong_name_stops_the_start(name: str):
    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "serve", "--port", "0", "--analyzer", name],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr.startswith("facestream: analyzer: ")
    assert "Traceback" not in ended.stderr
