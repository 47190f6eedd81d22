"""Whole runs of `facestream analyze --out`, as a person starts them."""

import contextlib
import csv
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import av
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import FrameReport, GrayImage
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.offline.options import OfflineOptions
from facestream.offline.pipeline import analyze_source
from facestream.offline.sources import Source, SourceKind
from tests.conftest import environment_of_the_checkout
from tests.times import seconds

SHORT, LONG = "single_face.mp4", "WolfgangLanger_Pexels.mp4"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "facestream", "analyze", *map(str, arguments)]


def analyze(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds(120),
        env=environment_of_the_checkout(),
        check=False,
    )


@contextmanager
def running(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment_of_the_checkout(),
        # pytest in the background of a shell ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        with process:
            yield process
    finally:
        process.kill()


def wait_until_exists(path: Path, process: "subprocess.Popen[str]") -> None:
    until_s = time.monotonic() + seconds(60)
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until_s
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """The analysis processes of a command."""
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-f", "spawn_main"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def videos(tmp_path: Path, media_dir: Path) -> Path:
    folder = tmp_path / "videos"
    (folder / "more").mkdir(parents=True)
    shutil.copy(media_dir / SHORT, folder / "10:30\n\U0001f600.mp4")
    shutil.copy(media_dir / SHORT, folder / "clip.mp4")
    shutil.copy(media_dir / SHORT, folder / "more" / "clip.mp4")
    shutil.copy(media_dir / "multi_face.jpg", folder / "group.jpg")
    (folder / "broken.mp4").write_bytes(b"not a video" * 100)
    (folder / "empty.mov").touch()
    (folder / "notes.txt").write_text("left out")
    return folder


def test_a_folder_with_broken_files_becomes_tables_and_the_next_run_skips_what_is_done(
    videos: Path, tmp_path: Path
):
    out = tmp_path / "out"
    first = analyze(videos, "--out", out, "--combine", "--every", "3")
    second = analyze(videos, "--out", out, "--combine", "--every", "3")

    assert [first.returncode, second.returncode] == [1, 1]
    assert "broken.mp4" in first.stderr
    assert "empty.mov" in first.stderr
    assert "Traceback" not in first.stderr
    assert "4 skipped" in second.stdout
    sources = {Path(row["input"]).name: row for row in rows(out / "sources.csv")}
    assert {name: row["status"] for name, row in sources.items()} == {
        "10:30\n\U0001f600.mp4": "done",
        "clip.mp4": "done",
        "group.jpg": "done",
        "broken.mp4": "failed",
        "empty.mov": "failed",
    }
    folders = sorted(path.name for path in out.iterdir() if path.is_dir())
    assert folders == [".facestream", "10_30_\U0001f600", "clip", "clip.mp4", "group"]
    # 72 frames, each third.
    assert len(rows(out / "clip" / "faces.csv")) == 24
    assert [path.name for path in sorted((out / "clip").iterdir())] == [
        "codebook.csv",
        "faces.csv",
        "session.json",
        "source.json",
    ]
    columns = {row["column"] for row in rows(out / "clip" / "codebook.csv")}
    assert columns == set(rows(out / "clip" / "faces.csv")[0])
    combined = rows(out / "faces.csv")
    assert len(combined) == sum(len(rows(out / name / "faces.csv")) for name in folders[1:])
    assert {Path(row["input"]).name for row in combined} == {
        "10:30\n\U0001f600.mp4",
        "clip.mp4",
        "group.jpg",
    }


def test_one_process_and_two_give_identical_tables(videos: Path, tmp_path: Path):
    for count in (1, 2):
        analyze(videos, "--out", tmp_path / str(count), "--processes", count, "--combine", "--end", "1")

    one, two = ((tmp_path / str(count) / "faces.csv").read_bytes() for count in (1, 2))
    assert one == two
    assert one.count(b"\n") > 2 * 29


def test_after_a_kill_the_children_end_and_the_next_run_analyses_the_rest(tmp_path: Path, media_dir: Path):
    out = tmp_path / "out"
    # Small first, so that it is whole when the large one is under way.
    analyze(media_dir / SHORT, "--out", out, "--processes", "1")
    arguments = (media_dir / SHORT, media_dir / LONG, "--out", out, "--processes", "1")
    with running(*arguments) as process:
        wait_until_exists(out / ".facestream" / "WolfgangLanger_Pexels.partial", process)
        children = children_of(process.pid)
        process.kill()
        process.wait()

        assert children
        until_s = time.monotonic() + seconds(10)
        while not all(map(ended, children)):
            assert time.monotonic() < until_s
            time.sleep(0.02)

    assert not (out / "WolfgangLanger_Pexels").exists()
    finished = analyze(*arguments)
    assert finished.returncode == 0
    assert "1 skipped" in finished.stdout
    assert len(rows(out / "WolfgangLanger_Pexels" / "faces.csv")) == 472
    assert [path.name for path in (out / ".facestream").iterdir()] == ["lock"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_the_run_in_order(tmp_path: Path, media_dir: Path, number: signal.Signals, code: int):
    out = tmp_path / "out"
    with running(media_dir / LONG, "--out", out, "--processes", "1") as process:
        wait_until_exists(out / ".facestream" / "WolfgangLanger_Pexels.partial", process)
        children = children_of(process.pid)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=seconds(20))

    assert process.returncode == code
    assert "run the same command again" in stderr
    assert "Traceback" not in stderr
    assert all(map(ended, children))
    assert rows(out / "sources.csv")[0]["status"] == "not_reached"
    assert sorted(path.name for path in out.rglob("*")) == [".facestream", "lock", "sources.csv"]


def test_a_run_without_results_names_no_tables_and_an_old_joined_table_is_said_to_be_old(
    tmp_path: Path, media_dir: Path
):
    out, gone = tmp_path / "out", tmp_path / "videos" / "gone.mp4"
    gone.parent.mkdir()
    gone.symlink_to("nowhere.mp4")
    first = analyze(media_dir / "multi_face.jpg", "--out", out, "--combine")

    failed = analyze(gone.parent, "--out", out)

    assert "an earlier run" not in first.stderr
    assert failed.returncode == 1
    assert "the tables" not in failed.stdout
    assert "1 of 1 sources has a problem" in failed.stderr
    assert "no such file" in failed.stderr
    assert f"{out / 'faces.csv'} is of an earlier run" in failed.stderr
    assert (out / "faces.csv").read_text().startswith("input,frame")


def test_a_process_that_dies_fails_its_file_and_the_others_go_on(tmp_path: Path, media_dir: Path):
    out = tmp_path / "out"
    sources = media_dir / LONG, media_dir / SHORT
    with running(*sources, "--out", out, "--processes", "1") as process:
        wait_until_exists(out / ".facestream" / "WolfgangLanger_Pexels.partial", process)
        (child,) = children_of(process.pid)
        os.kill(child, signal.SIGKILL)
        _, stderr = process.communicate(timeout=seconds(60))

    assert process.returncode == 1
    assert "SIGKILL" in stderr
    assert [row["status"] for row in rows(out / "sources.csv")] == ["failed", "done"]


class WatchedAnalyzer:
    """An analyzer that keeps the degradation levels of its reports."""

    def __init__(self, analyzer: Analyzer, budget_ms: float) -> None:
        self._analyzer = analyzer.with_options(budget_ms=budget_ms)
        self.levels = set[int]()

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        report, tracks = self._analyzer.analyze(gray, tracks, time_s)
        self.levels.add(report.degradation)
        return report, tracks


def test_the_results_do_not_depend_on_the_speed_of_the_machine(
    analyzer: Analyzer, media_dir: Path, tmp_path: Path
):
    # On a machine of this kind, every frame exceeds its budget.
    options = OfflineOptions(analysis=AnalysisOptions(budget_ms=0.001))
    live = WatchedAnalyzer(analyzer, options.analysis.budget_ms)
    offline = WatchedAnalyzer(analyzer, options.exact_analysis.budget_ms)
    clip = str(media_dir / SHORT)

    for watched in (live, offline):
        analyze_source(
            Source(SourceKind.FILE, clip, clip),
            tmp_path,
            options,
            cast(Analyzer, watched),
            lambda _step: None,
            threading.Event(),
        )

    assert max(live.levels) > 0
    assert offline.levels == {0}


def test_the_report_of_a_video_has_its_settings_and_images_only_if_asked(tmp_path: Path, media_dir: Path):
    clip = media_dir / LONG
    asked = ("--format", "csv,html", "--language", "de", "--images", "--every", "3")
    run = analyze(clip, "--out", tmp_path / "out", *asked, "--video")

    assert run.returncode == 0, run.stderr
    report = (tmp_path / "out" / clip.stem / "report.html").read_text(encoding="utf-8")
    assert "Gesicht 1" in report
    assert clip.name in report
    assert "<dt>every</dt><dd><bdi>3</bdi></dd>" in report
    assert report.count("data:image/jpeg;base64,") >= 2


@contextmanager
def endless_stream(clip: Path) -> Iterator[str]:
    """The address of a camera: MPEG-TS over HTTP without an end, as fast as it is read."""

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError), av.open(self.wfile, "w", format="mpegts") as sent:
                stream = sent.add_stream("mpeg2video", rate=30)
                with av.open(str(clip)) as source:
                    frames = [frame.reformat(format="yuv420p") for frame in source.decode(video=0)]
                stream.width, stream.height = frames[0].width, frames[0].height
                stream.pix_fmt = "yuv420p"
                for number in itertools.count():
                    frame = frames[number % len(frames)]
                    frame.pts, frame.time_base = number, Fraction(1, 30)
                    sent.mux(stream.encode(frame))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://anna:secret@127.0.0.1:{server.server_port}/live.ts?key=secret"
        finally:
            server.shutdown()
            thread.join()


def test_an_address_is_analysed_for_its_duration_and_each_recording_is_kept(tmp_path: Path, media_dir: Path):
    with endless_stream(media_dir / SHORT) as address:
        runs = [analyze(address, "--duration", "1", "--out", tmp_path / "out") for _ in range(2)]

    assert [run.returncode for run in runs] == [0, 0], runs
    tables = sorted((tmp_path / "out").glob("127*/faces.csv"))
    assert len(tables) == 2
    assert all(25 <= len(rows(table)) <= 31 for table in tables)
    written = [path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any("secret" in text for text in [*written, *(run.stdout + run.stderr for run in runs)])


def test_what_a_camera_has_sent_until_ctrl_c_is_kept(tmp_path: Path, media_dir: Path):
    out = tmp_path / "out"
    with (
        endless_stream(media_dir / SHORT) as address,
        running(address, "--duration", "1000", "--out", out) as process,
    ):
        wait_until_exists(
            out / ".facestream" / f"127.0.0.1_{urlsplit(address).port}_live.ts.partial", process
        )
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=seconds(30))

    assert process.returncode == 130
    assert "1 of 1 analysed" in stdout
    (table,) = out.glob("127*/faces.csv")
    assert rows(table)


def test_values_of_your_own_analysis_are_columns_and_its_faults_are_reported(
    tmp_path: Path, media_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "own.py").write_text(
        "def count(frame_luma, report):\n    return {'faces': len(report.faces)}\n"
        "def bad(frame_luma, report):\n    return {'bad': 1 / (len(report.faces) - 1)}\n"
    )
    monkeypatch.chdir(tmp_path)
    clip = media_dir / "single_face.mp4"

    good = analyze(clip, "--out", tmp_path / "good", "--every", "8", "--analyzer", "own:count")
    bad = analyze(clip, "--out", tmp_path / "bad", "--every", "8", "--analyzer", "own:bad")

    assert (good.returncode, bad.returncode) == (0, 1)
    table = (tmp_path / "good" / "single_face" / "faces.csv").read_text().splitlines()
    assert table[0].endswith(",extra_faces")
    assert table[-1].endswith(",1")
    assert (
        "your own analysis failed in 9 of 9 frames, without its values: ZeroDivisionError"
        in bad.stderr + bad.stdout
    )
