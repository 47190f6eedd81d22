"""The headless peer with the real server: its files, messages and exit codes."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web
from av import VideoFrame

from facestream.errors import ClipError, ConfigError, ServerUnreachableError
from facestream.messages.telemetry import decode_telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer, replay_clip
from tests.conftest import ROOT, running_server
from tests.times import seconds
from tests.unit.clips.making import cut, levels, noise, write_video


@pytest.fixture
def clip(media_dir: Path) -> Path:
    """640x360, 30 FPS, 72 frames; neutral, then happy."""
    return media_dir / "single_face.mp4"


def run_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facestream", "replay", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(90), check=False,
    )  # fmt: skip


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_a_clip_returns_as_annotated_video_telemetry_and_summary(
    server_url: str, clip: Path, tmp_path: Path, codec: str
):
    out, telemetry, summary = tmp_path / "out.mp4", tmp_path / "t.jsonl", tmp_path / "s.json"

    ended = run_command(
        clip,
        "--url",
        server_url,
        "--codec",
        codec,
        "--out",
        out,
        "--telemetry",
        telemetry,
        "--summary",
        summary,
    )

    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    result = json.loads(summary.read_text())
    reports = [decode_telemetry(line) for line in telemetry.read_text().splitlines()]
    assert result["analysed_frames"] == sum(report.analysed for report in reports)
    assert result["sent_frames"] > 10
    assert result["latency_ms"]["p50"] > 0
    assert result["faces_seen"] >= 1
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == result["received_frames"]
    assert (frames[0].width, frames[0].height) == (640, 360)
    assert frames[-1].time == pytest.approx(72 / 30, abs=0.5)


async def test_a_peer_is_connected_once_and_leaves(server_url: str, clip: Path):
    async with ReplayPeer(ReplayOptions(clip, server_url, loop=True)) as peer:
        reports = await peer.receive_reports(5)
        await peer.receive_frames(5)

    assert [report.seq for report in reports] == sorted(report.seq for report in reports)
    assert peer.states == ["connecting", "connected", "closed"]


async def test_hello_contains_the_session_id(server_url: str, clip: Path):
    async with ReplayPeer(ReplayOptions(clip, server_url)) as peer:
        hello = await peer.receive_reply()

    assert (hello.type, hello.session_id) == ("hello", peer.session_id)


async def test_a_duration_ends_a_looping_clip(server_url: str, clip: Path):
    summary = await replay_clip(ReplayOptions(clip, server_url, loop=True, duration_s=3.0))

    assert 72 < summary.sent_frames <= 90


async def test_frames_return_within_a_second(server_url: str, clip: Path):
    summary = await replay_clip(ReplayOptions(clip, server_url))

    assert summary.latency_ms.p95 is not None
    assert summary.latency_ms.p95 < 1000
    assert summary.received_frames >= 0.8 * summary.sent_frames


def test_a_clip_that_is_cut_off_is_sent_and_named(server_url: str, tmp_path: Path):
    path = cut(write_video(tmp_path / "12:30.mkv", noise(30, (160, 120)), fps=30), 0.6)

    done = run_command(path, "--url", server_url)

    assert done.returncode == 1
    assert re.search(r"12:30\.mkv: the file is cut off: \d+ of about 30 frames could be read", done.stderr)
    assert "Traceback" not in done.stderr


async def test_a_larger_clip_than_a_server_accepts_is_scaled_down(server_url: str, tmp_path: Path):
    path = write_video(tmp_path / "large.mp4", levels(3, (2048, 64)))

    summary = await replay_clip(ReplayOptions(path, server_url, loop=True, duration_s=2.0))

    assert summary.received_frames > 0


@pytest.mark.parametrize("size_wh", [(96, 48), (321, 241)])
async def test_small_and_odd_images_are_sent(server_url: str, tmp_path: Path, size_wh: tuple[int, int]):
    image = write_image(tmp_path / "image.png", size_wh)

    summary = await replay_clip(ReplayOptions(image, server_url, duration_s=1.0))

    assert summary.received_frames > 0
    assert (summary.latency_ms.max is None) == (size_wh == (96, 48))


def write_image(path: Path, size_wh: tuple[int, int]) -> Path:
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = *size_wh, "rgb24"
        pixels = np.full((size_wh[1], size_wh[0], 3), 120, np.uint8)
        container.mux(stream.encode(VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_frame_that_is_too_large_ends_the_replay_with_the_reason(clip: Path, tmp_path: Path):
    with running_server(tmp_path / "server.log", "--max-frame-width-px", "320") as running:
        ended = run_command(clip, "--url", running.url)

    assert ended.returncode == 2
    assert "frame of 640x360; expected at most 320x" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_replay_and_the_summary_is_written(
    server_url: str, clip: Path, tmp_path: Path, number: signal.Signals
):
    summary, telemetry = tmp_path / "summary.json", tmp_path / "telemetry.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "facestream", "replay", str(clip), "--loop", "--url", server_url,
         "--summary", str(summary), "--telemetry", str(telemetry), "--out", str(tmp_path / "out.mp4")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: len(list(tmp_path.glob(".*.part"))) == 2)

    process.send_signal(number)
    printed, complained = process.communicate(timeout=seconds(20))

    assert process.returncode == 0
    assert "Traceback" not in complained
    assert json.loads(summary.read_text())["analysed_frames"] > 0
    assert "latency" in printed
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert next(container.decode(video=0)).width == 640


def wait_for(reached: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_a_stopping_server_ends_the_replay_with_the_reason_and_a_summary(clip: Path, tmp_path: Path):
    summary = tmp_path / "summary.json"
    with running_server(tmp_path / "server.log") as running:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "replay", str(clip), "--loop", "--url", running.url,
             "--summary", str(summary), "--telemetry", str(tmp_path / "t.jsonl")],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_for(lambda: list(tmp_path.glob(".t.jsonl.*.part")) != [])

        running.stop()
        _, complained = process.communicate(timeout=seconds(30))

    assert process.returncode == 1
    assert "ended the connection: the server is stopping" in complained
    assert "Traceback" not in complained
    assert json.loads(summary.read_text())["sent_frames"] > 0


def test_the_telemetry_until_the_server_was_lost_is_kept_beside_the_old_file(clip: Path, tmp_path: Path):
    telemetry = tmp_path / "t.jsonl"
    telemetry.write_text("old")
    with running_server(tmp_path / "server.log") as running:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "replay", str(clip), "--url", running.url,
             "--telemetry", str(telemetry), "--duration", "1.5"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_for(lambda: list(tmp_path.glob(".t.jsonl.*.part")) != [])

        running.process.kill()
        _, complained = process.communicate(timeout=seconds(30))

    assert process.returncode == 1
    assert "sent frames have returned" in complained
    assert telemetry.read_text() == "old"
    assert decode_telemetry((tmp_path / "t.incomplete.jsonl").read_text().splitlines()[0]).analysed


def test_telemetry_goes_through_a_pipe_and_a_recording_too(server_url: str, clip: Path, tmp_path: Path):
    telemetry, out = tmp_path / "pipe", tmp_path / "pipe.mp4"
    os.mkfifo(telemetry)
    os.mkfifo(out)
    with (tmp_path / "lines").open("wb") as lines, (tmp_path / "video").open("wb") as video:
        readers = [
            subprocess.Popen(["cat", telemetry], stdout=lines),
            subprocess.Popen(["cat", out], stdout=video),
        ]

        try:
            ended = run_command(clip, "--url", server_url, "--telemetry", telemetry, "--out", out)
        finally:
            codes = [reader.wait(seconds(10)) for reader in readers]

    assert codes == [0, 0]
    assert ended.returncode == 0, ended.stderr
    assert decode_telemetry((tmp_path / "lines").read_text().splitlines()[0]).v == 1
    with av.open(str(tmp_path / "video"), format="mp4") as container:
        assert next(container.decode(video=0)).width == 640
    assert telemetry.is_fifo()
    assert out.is_fifo()


def test_a_replay_is_judged_and_compared(server_url: str, clip: Path, tmp_path: Path):
    telemetry, junit, summary = (tmp_path / name for name in ("t.jsonl", "verdict.xml", "s.json"))
    first = run_command(clip, "--url", server_url, "--telemetry", telemetry, "--max-p95-ms", "100000")

    ended = run_command(
        clip, "--url", server_url, "--compare", telemetry, "--junit", junit, "--summary", summary,
        "--min-faces-percent", "50", "--expect-label", "sad:90%", "--duration", "1.5",
    )  # fmt: skip

    assert first.returncode == 0
    assert "passed: all 2" in first.stdout
    assert ended.returncode == 1
    verdict = {check["name"]: check["passed"] for check in json.loads(summary.read_text())["verdict"]}
    assert verdict == {"replay": True, "frames with a face": True, "label sad": False}
    assert 'failures="1"' in junit.read_text()
    assert json.loads(summary.read_text())["compare"]["box_overlap"] > 0.5
    assert "same label" in ended.stdout


def test_a_server_that_cannot_be_reached_is_in_the_verdict(clip: Path, tmp_path: Path):
    ended = run_command(
        clip, "--url", "http://127.0.0.1:9", "--junit", tmp_path / "verdict.xml", "--min-fps", "1"
    )

    assert ended.returncode == 2
    assert "cannot be reached" in (tmp_path / "verdict.xml").read_text()


def test_a_load_is_judged_by_its_slowest_peer(server_url: str, clip: Path):
    ended = run_command(clip, "--url", server_url, "--peers", "2", "--duration", "1", "--min-fps", "1000")

    assert ended.returncode == 1
    assert "FAILED: 1 of 2" in ended.stdout


@pytest.mark.parametrize("option", ["--out", "--telemetry", "--summary"])
def test_a_clip_is_never_replaced_by_a_result(clip: Path, tmp_path: Path, option: str):
    (tmp_path / "link.mp4").symlink_to(clip)
    before = clip.read_bytes()

    ended = run_command(clip, option, tmp_path / "link.mp4")

    assert ended.returncode == 2
    assert f"{option}: {tmp_path}/link.mp4 is an input of this command" in ended.stderr
    assert clip.read_bytes() == before


async def test_a_killed_server_is_noticed(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("facestream.replay.peer.SILENCE_DEADLINE_S", 1.0)
    with running_server(tmp_path / "server.log") as running:
        async with ReplayPeer(ReplayOptions(clip, running.url, loop=True)) as peer:
            await peer.receive_frames(3)
            os.kill(running.process.pid, signal.SIGSTOP)
            try:
                with pytest.raises(ServerUnreachableError, match="has stopped sending"):
                    await asyncio.wait_for(peer.finish(), seconds(10))
            finally:
                os.kill(running.process.pid, signal.SIGKILL)


def write_text(path: Path) -> Path:
    path.write_text("no clip")
    return path


def test_an_unreadable_clip_is_reported_in_one_sentence(tmp_path: Path):
    ended = run_command(write_text(tmp_path / "clip.mp4"))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"facestream: {tmp_path}/clip.mp4: ")
    assert ended.stderr.count("\n") == 1


def test_an_unreachable_server_is_reported_in_one_sentence(clip: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    ended = run_command(clip, "--url", f"http://127.0.0.1:{port}")

    assert ended.returncode == 2
    assert f"http://127.0.0.1:{port} cannot be reached" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("--duration", "0"), ("--duration", "long"), ("--codec", "av1"), ("--peers", "0")]
)
def test_an_invalid_argument_is_rejected(clip: Path, arguments: tuple[str, str]):
    ended = run_command(clip, *arguments)

    assert ended.returncode == 2
    assert arguments[1] in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "nonsense", ""]
)
def test_an_invalid_address_is_rejected(clip: Path, url: str):
    with pytest.raises(ServerUnreachableError, match="not the address of a server"):
        ReplayPeer(ReplayOptions(clip, url))


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("out", "out.gif", "expected a name that ends in"),
        ("out", "missing/out.mp4", "cannot be written"),
        ("telemetry", "missing/t.jsonl", "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written_is_reported_before_the_replay(
    clip: Path, tmp_path: Path, option: str, name: str, message: str
):
    options = {option: tmp_path / name}

    with pytest.raises(ConfigError, match=message):
        ReplayPeer(ReplayOptions(clip, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "kind", "body", "message"),
    [
        (200, "text/html", "<p>It works!</p>", "not answer like a facestream server"),
        (
            200,
            "application/json",
            '{"sdp": "v=0", "type": "answer", "session_id": "x"}',
            "invalid answer",
        ),
        (404, "text/html", "<p>Not found</p>", "HTTP 404"),
        (302, "text/html", "", "HTTP 302"),
        (
            503,
            "application/problem+json",
            '{"title": "Full", "detail": "16 of 16 sessions"}',
            "16 of 16 sessions",
        ),
        (200, "text/html", "x" * 1_000_000, "not answer like a facestream server"),
    ],
)
async def test_a_server_that_is_not_facestream_is_recognised(
    clip: Path, status: int, kind: str, body: str, message: str
):
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, content_type=kind, text=body, headers={"Location": "/elsewhere"})

    async with fake_server(answer) as url:
        with pytest.raises(ServerUnreachableError, match=message):
            await replay_clip(ReplayOptions(clip, url))


async def test_a_server_that_never_answers_times_out(clip: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("facestream.replay.http.OFFER_DEADLINE_S", 0.3)

    over = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with fake_server(silent) as url:
        with pytest.raises(ServerUnreachableError, match="did not answer the offer"):
            await replay_clip(ReplayOptions(clip, url))
        over.set()  # the fake one waits for its handlers when it stops


@contextlib.asynccontextmanager
async def fake_server(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/offer", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_clip_that_is_deleted_while_it_loops_ends_the_replay(
    server_url: str, clip: Path, tmp_path: Path
):
    copy = Path(shutil.copy(clip, tmp_path))
    async with ReplayPeer(ReplayOptions(copy, server_url, loop=True)) as peer:
        await peer.receive_frames(1)
        await asyncio.to_thread(copy.unlink)

        with pytest.raises(ClipError, match="no such file"):
            await asyncio.wait_for(peer.finish(), seconds(20))


async def test_a_peer_that_vanishes_sends_no_goodbye_and_leaves_nothing_open(clip: Path, tmp_path: Path):
    deadlines = ("--silence-deadline-s", "1")
    with running_server(tmp_path / "server.log", *deadlines) as running:
        async with ReplayPeer(ReplayOptions(clip, running.url, loop=True)) as peer:
            await peer.receive_frames(1)

            await peer.vanish()

        await asyncio.to_thread(
            wait_for, lambda: "closed (silence: nothing received for 1 s)" in running.log.read_text()
        )
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_a_progress_bar_is_shown_on_a_terminal_only(server_url: str, clip: Path):
    reading, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "replay", str(clip), "--url", server_url, "--duration", "1"],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=terminal,
        )  # fmt: skip
        assert process.wait(seconds(30)) == 0
        shown = os.read(reading, 10_000).decode()
    finally:
        os.close(reading)
        os.close(terminal)

    # A busy machine skips a frame, and the bar ends before 100 %.
    assert re.search(r"sent: +(9\d|100)%.* (2[789]|30)/30 ", shown)
    assert "%" not in run_command(clip, "--url", server_url, "--duration", "1").stderr


async def test_the_code_of_a_rejection_can_be_read_from_the_error(clip: Path):
    async def reject(_request: web.Request) -> web.Response:
        body = {
            "title": "Full",
            "detail": "16 of 16 sessions",
            "code": "server_full",
            "of_a_later_release": 1,
        }
        return web.json_response(
            body, status=503, headers={"Retry-After": "7"}, content_type="application/problem+json"
        )

    async with fake_server(reject) as url:
        with pytest.raises(ServerUnreachableError) as rejected:
            await replay_clip(ReplayOptions(clip, url))

    assert (rejected.value.status, rejected.value.problem_code) == (503, "server_full")
    assert rejected.value.retry_after_s == 7
