"""Many headless peers with the real server: each is counted, and a failing one does not affect the others."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, has_begun, running_server
from tests.media.test_replay import run_command, wait_for
from tests.times import seconds


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_two_peers_get_a_summary_each_and_a_total(
    server_url: str, media_dir: Path, tmp_path: Path, codec: str
):
    summary = tmp_path / "summary.json"

    ended = run_command(
        media_dir / "single_face.mp4", "--url", server_url, "--peers", "2", "--codec", codec,
        "--loop", "--duration", "3", "--summary", summary, "--telemetry", tmp_path / "t.jsonl",
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    report = json.loads(summary.read_text())
    first, second = report["peers"]
    assert (first["sent_frames"], second["sent_frames"]) == (90, 90)
    assert min(first["received_frames"], second["received_frames"]) > 10
    assert min(first["faces_seen"], second["faces_seen"]) >= 1
    assert first["latency_ms"]["p50"] > 0
    assert second["latency_ms"]["p50"] is None
    assert report["total"]["analysed_frames"] == first["analysed_frames"] + second["analysed_frames"]
    assert report["total"]["fps_analysed_min"] == min(first["fps_analysed"], second["fps_analysed"])
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == first["analysed_frames"]


def test_a_rejected_peer_is_reported_and_the_other_continues(media_dir: Path, tmp_path: Path):
    summary = tmp_path / "summary.json"
    with running_server(tmp_path / "server.log", "--max-sessions", "1") as running:
        ended = run_command(
            media_dir / "single_face.mp4", "--url", running.url, "--peers", "2", "--summary", summary
        )

    assert ended.returncode == 1
    report = json.loads(summary.read_text())
    failures = [peer["failure"] for peer in report["peers"]]
    assert sum(failure is None for failure in failures) == 1
    assert "1 of 1 sessions" in next(failure for failure in failures if failure)
    assert report["total"]["failed"] == 1
    assert report["total"]["analysed_frames"] > 0


def test_a_load_without_a_server_ends_with_the_reason(media_dir: Path):
    ended = run_command(media_dir / "single_face.mp4", "--url", "http://127.0.0.1:9", "--peers", "3")

    assert ended.returncode == 1
    assert "3 x http://127.0.0.1:9 cannot be reached" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_ctrl_c_ends_every_peer_and_the_summary_is_written(server_url: str, media_dir: Path, tmp_path: Path):
    summary, telemetry = tmp_path / "summary.json", tmp_path / "telemetry.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "facestream", "replay", str(media_dir / "single_face.mp4"), "--url", server_url,
         "--peers", "2", "--loop", "--summary", str(summary), "--telemetry", str(telemetry)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: has_begun(telemetry))

    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=seconds(20))

    assert process.returncode == 0
    assert "Traceback" not in complained
    assert json.loads(summary.read_text())["total"]["sent_frames"] > 0
