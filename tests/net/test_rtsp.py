"""`facestream analyze` of a camera: GStreamer's RTSP server, with a password, over TCP and UDP."""

import contextlib
import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment_of_the_checkout
from tests.net.hosts import started
from tests.times import seconds

pytestmark = pytest.mark.net

CAMERA = Path(__file__).parent / "rtsp_camera.py"
SYSTEM_PYTHON = "/usr/bin/python3"
PASSWORD = "ge%40heim"
"""As it is written in an address; the camera has an `@` there."""


@contextlib.contextmanager
def camera(folder: Path, clip: Path, transport: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The address of a camera without its path, and its process."""
    log = folder / "camera.log"
    command = (SYSTEM_PYTHON, str(CAMERA), str(clip), transport, "anna", PASSWORD.replace("%40", "@"))
    with started(log, *command, said="port ") as process:
        port = log.read_text().split("port ")[1].split()[0]
        yield f"rtsp://anna:{PASSWORD}@127.0.0.1:{port}", process


def command(address: str, seconds_of_video: float, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "facestream", "analyze", address, "--duration", str(seconds_of_video), "--out", str(out),
    ]  # fmt: skip


def analyze(address: str, seconds_of_video: float, out: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(address, seconds_of_video, out),
        capture_output=True, text=True, check=False, timeout=seconds(90), cwd=ROOT, env=environment_of_the_checkout(),
    )  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def everything_written(out: Path) -> str:
    return "".join(f"{path} {path.read_text()}" for path in out.rglob("*") if path.is_file())


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_becomes_a_table(tmp_path: Path, media_dir: Path, transport: str):
    out = tmp_path / "out"
    with camera(tmp_path, media_dir / "single_face.mp4", transport) as (address, _):
        run = analyze(f"{address}/clip?key=geheim", 2, out)

    assert run.returncode == 0, run
    (source,) = rows(out / "sources.csv")
    table = rows(out / source["folder"] / "faces.csv")
    assert source["status"] == "done"
    assert 55 <= len(table) <= 61  # 2 s of 30 frames per second; UDP may lose some
    assert {row["face_id"] for row in table} == {"1"}
    assert table[0]["time_s"] == "0.000"
    assert float(table[-1]["time_s"]) == pytest.approx(2, abs=0.1)
    assert json.loads((out / source["folder"] / "session.json").read_text())["source"] == source["input"]
    assert "heim" not in everything_written(out) + run.stdout + run.stderr


@pytest.mark.parametrize(
    ("path", "reason"), [("/nothing", "404"), ("/silent", "nothing came within 10 s"), ("/clip", "401")]
)
def test_a_camera_that_cannot_be_read_fails_with_its_reason(
    tmp_path: Path, media_dir: Path, path: str, reason: str
):
    out = tmp_path / "out"
    with camera(tmp_path, media_dir / "single_face.mp4", "tcp") as (address, _):
        if reason == "401":
            address = address.replace(PASSWORD, "ungeheim")
        run = analyze(f"{address}{path}?key=geheim", 2, out)

    assert run.returncode == 1, run
    (source,) = rows(out / "sources.csv")
    assert source["status"] == "failed"
    assert reason in source["problem"]
    assert "heim" not in everything_written(out) + run.stdout + run.stderr


def test_a_camera_that_dies_leaves_an_incomplete_table(tmp_path: Path, media_dir: Path):
    out = tmp_path / "out"
    with camera(tmp_path, media_dir / "single_face.mp4", "tcp") as (address, process):
        run = subprocess.Popen(
            command(f"{address}/endless", 600, out), cwd=ROOT, env=environment_of_the_checkout()
        )
        with run:
            wait_for_frames(out, run)
            process.kill()
            assert run.wait(seconds(60)) == 1

    (source,) = rows(out / "sources.csv")
    assert source["status"] == "incomplete"
    assert "of the 600 s that were asked for" in source["problem"] or "ended early" in source["problem"]
    assert len(rows(out / source["folder"] / "faces.csv")) == int(source["frames"]) >= 5


def wait_for_frames(out: Path, run: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + seconds(60)
    while not any(path.read_bytes().count(b"\n") > 10 for path in out.glob(".facestream/*/faces.csv")):
        assert run.poll() is None
        assert time.monotonic() < until_s
        time.sleep(0.05)
