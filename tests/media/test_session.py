"""Real peer connections against the real server, driven by the headless peer."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path

import aiohttp
import av
import pytest

from facestream.errors import ServerUnreachableError
from facestream.messages.telemetry import Telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer, replay_clip
from tests.conftest import RunningServer, running_server
from tests.media.test_server import analysis_pids, health, health_of
from tests.times import seconds

RECOVERY_S = seconds(40.0)


def options(url: str, clip: Path, **given: object) -> ReplayOptions:
    return ReplayOptions(clip=clip, url=url, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_a_clip_comes_back_annotated_frame_by_frame(
    server_url: str, media_dir: Path, codec: str, tmp_path: Path
):
    out = tmp_path / "annotated.mp4"

    summary = await replay_clip(options(server_url, media_dir / "single_face.mp4", codec=codec, out=out))

    # Generous, because other tests share the cores; benchmarks/ has the real limits.
    assert summary.analysed_frames / summary.sent_frames >= 0.5
    assert summary.received_frames / summary.sent_frames >= 0.5
    assert summary.faces_seen == 1
    assert 0 < (summary.latency_ms.p95 or 0) < 2000
    with av.open(str(out)) as clip:
        assert sum(1 for _ in clip.decode(video=0)) >= 0.5 * summary.sent_frames


@pytest.mark.parametrize(("offered", "chosen"), [(None, "H264"), ("h264", "H264"), ("vp8", "VP8")])
async def test_the_cheaper_codec_is_chosen_where_the_peer_offers_it(
    server_url: str, media_dir: Path, offered: str | None, chosen: str
):
    async with ReplayPeer(options(server_url, media_dir / "single_face.mp4", codec=offered)) as peer:
        answer = peer.link.pc.remoteDescription.sdp

    payload_type = re.search(r"^m=video \d+ \S+ (\d+)", answer, re.MULTILINE)
    assert payload_type is not None
    assert f"a=rtpmap:{payload_type[1]} {chosen}/90000" in answer


async def test_the_face_is_neutral_then_happy(server_url: str, media_dir: Path):
    reports = await all_reports(server_url, media_dir / "single_face.mp4")

    labels = [(report.pts, report.faces[0].label) for report in reports if report.faces]
    early = [label for pts, label in labels if pts < 0.5]
    late = [label for pts, label in labels if pts > 1.2]
    assert early.count("neutral") > 0.7 * len(early) > 0
    assert late.count("happy") > 0.9 * len(late) > 0


async def test_a_session_with_the_face_mesh_follows_the_same_face(media_dir: Path, tmp_path: Path):
    with running_server(
        tmp_path / "server.log", "--landmarks", "mesh", "--analysis-processes", "1"
    ) as running:
        reports = await all_reports(running.url, media_dir / "single_face.mp4")

    faces = [face for report in reports for face in report.faces]
    assert {face.id for face in faces} == {1}
    assert (faces[0].label, faces[-1].label) == ("neutral", "happy")


async def test_reports_arrive_in_the_order_of_their_frames(server_url: str, media_dir: Path):
    reports = await all_reports(server_url, media_dir / "single_face.mp4")

    sequence = [report.seq for report in reports]
    times = [report.pts for report in reports]
    assert sequence == sorted(set(sequence))
    assert times == sorted(times)
    assert {face.id for report in reports for face in report.faces} == {1}


async def test_frames_without_a_face_are_reported_as_such(server_url: str, media_dir: Path):
    reports = await all_reports(server_url, media_dir / "no_face.mp4", duration_s=2.0)

    assert reports
    assert all(report.analysed and report.faces == () for report in reports)


async def all_reports(url: str, clip: Path, **given: object) -> list[Telemetry]:
    async with ReplayPeer(options(url, clip, **given)) as peer:
        await peer.finish()
        return await peer.receive_reports(peer.tally.reports)


async def test_several_peers_are_served_at_once_independently(server_url: str, media_dir: Path):
    clip = media_dir / "single_face.mp4"

    summaries = await asyncio.gather(*(replay_clip(options(server_url, clip)) for _ in range(3)))

    assert all(summary.analysed_frames > 10 for summary in summaries)
    assert all(summary.faces_seen == 1 for summary in summaries)


async def test_deleting_the_session_ends_the_connection(server_url: str, media_dir: Path):
    async with ReplayPeer(options(server_url, media_dir / "single_face.mp4", loop=True)) as peer:
        await peer.receive_frames(3)
        async with (
            aiohttp.ClientSession() as http,
            http.delete(
                f"{server_url}/sessions/{peer.session_id}", headers={"X-Session-Secret": peer.secret}
            ) as answer,
        ):
            assert answer.status == 204

        await peer.wait_closed()


@pytest.mark.parametrize(
    ("sent", "type_", "code"),
    [
        ('{"type": "ping", "id": 7}', "pong", ""),
        ('{"type": "layers", "layers": []}', "layers", ""),
        ('{"type": "mirror", "mirror": true}', "mirror", ""),
        ('{"type": "language", "language": "de"}', "language", ""),
        ('{"type": "language", "language": "tlh"}', "error", "not_a_control_message"),
        ('{"type": "landmarks", "every_s": 0.5}', "landmarks", ""),
        ('{"type": "landmarks", "every_s": 0.01}', "error", "not_a_control_message"),
        ("{", "error", "not_a_control_message"),
        ('{"type": "sudo"}', "error", "not_a_control_message"),
        ('{"type": "face_name", "face": 1, "name": "Ada"}', "error", "not_recorded"),
        ('{"type": "neutral", "face": 1, "emotions": null}', "error", "not_recorded"),
        ('{"type": "layers", "layers": ["beard"]}', "error", "not_a_control_message"),
        ("x" * 5000, "error", "message_too_long"),
        (b"\xff\x00", "error", "not_a_control_message"),
    ],
)
async def test_every_control_message_is_answered(
    server_url: str, media_dir: Path, sent: str | bytes, type_: str, code: str
):
    async with ReplayPeer(options(server_url, media_dir / "single_face.mp4", loop=True)) as peer:
        assert (await peer.receive_reply()).type == "hello"

        peer.send_control(sent)
        reply = await peer.receive_reply()

        assert (reply.type, reply.code) == (type_, code)
        await peer.receive_frames(1)


async def test_a_killed_worker_costs_frames_but_no_session(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        clip = media_dir / "single_face.mp4"
        async with ReplayPeer(options(running.url, clip, loop=True)) as peer, asyncio.timeout(RECOVERY_S):
            before = (await peer.receive_reports(40))[-1]
            killed = min(analysis_pids(running))  # the spare one was started later

            os.kill(killed, signal.SIGKILL)

            # Its frame returns without annotations and says so; another worker analyses the next ones.
            while (await health_of(running.url))["restarts"] == 0:
                await peer.receive_reports(1)
            while not (after := (await peer.receive_reports(1))[0]).analysed:
                pass
            assert killed not in analysis_pids(running)
            # The state of the stream was not in the worker.
            assert [face.id for face in after.faces] == [face.id for face in before.faces] == [1]
            assert after.faces[0].blinks >= before.faces[0].blinks
        assert await health(running.url) == "ok"


async def test_a_lost_peer_resumes_with_its_face_id_and_its_counters(server_url: str, media_dir: Path):
    clip = media_dir / "single_face.mp4"
    async with ReplayPeer(options(server_url, clip, loop=True)) as lost:
        before = (await lost.receive_reports(20))[-1]
        token = lost.resume_token
        await lost.vanish()

    async with ReplayPeer(options(server_url, clip, loop=True), resume=token) as back:
        after = await back.receive_reports(10)

    assert after[0].seq > before.seq
    assert {face.id for report in after for face in report.faces} == {1}


async def test_a_resumed_session_keeps_mirror_language_and_landmarks(server_url: str, media_dir: Path):
    clip = media_dir / "single_face.mp4"
    async with ReplayPeer(options(server_url, clip, loop=True)) as lost:
        await lost.receive_reply()
        lost.send_control('{"type": "mirror", "mirror": true}')
        lost.send_control('{"type": "language", "language": "de"}')
        lost.send_control('{"type": "landmarks", "every_s": 0.1}')
        while (await lost.receive_reply()).type != "landmarks":
            pass
        token = lost.resume_token
        await lost.vanish()

    async with ReplayPeer(options(server_url, clip, loop=True), resume=token) as back:
        hello = await back.receive_reply()
        reports = await back.receive_reports(10)

    assert (hello.type, hello.mirror, hello.language, hello.landmarks_every_s) == ("hello", True, "de", 0.1)
    assert hello.languages == ("en", "de")
    assert any(face.landmarks for report in reports for face in report.faces)


async def test_an_unknown_resume_token_opens_a_new_session(server_url: str, media_dir: Path):
    clip = media_dir / "single_face.mp4"
    async with ReplayPeer(options(server_url, clip, loop=True), resume="guess") as peer:
        reports = await peer.receive_reports(3)

    assert reports[0].seq == 0


async def test_a_session_that_is_not_resumed_numbers_its_faces_on(server_url: str, media_dir: Path):
    clip = media_dir / "single_face.mp4"
    async with ReplayPeer(options(server_url, clip, loop=True), resume="guess", first_face_id=8) as peer:
        reports = await peer.receive_reports(10)
        token = peer.resume_token
        await peer.vanish()
    async with ReplayPeer(options(server_url, clip, loop=True), resume=token, first_face_id=50) as back:
        resumed = await back.receive_reports(10)

    assert reports[0].seq == 0
    assert min(face.id for report in reports for face in report.faces) == 8
    assert max(face.id for report in resumed for face in report.faces) < 50


@pytest.mark.parametrize("mode", ["landmarks", "blur"])
async def test_a_hidden_frame_is_not_returned(server_url: str, media_dir: Path, mode: str, tmp_path: Path):
    """Away from the face the returned frame is black, or has no detail."""
    out = tmp_path / "returned.mp4"
    async with ReplayPeer(options(server_url, media_dir / "single_face.mp4", loop=True, out=out)) as peer:
        await peer.receive_reply()
        peer.send_control(json.dumps({"type": "layers", "layers": []}))
        peer.send_control(json.dumps({"type": "view", "view": mode}))
        while (await peer.receive_reply()).type != "view":
            pass
        # Frames in transit when the mode was chosen may still arrive unhidden.
        await peer.receive_frames(10)
        seen = peer.tally.received
        await peer.receive_frames(20)

    with av.open(str(out)) as clip:
        details = [detail(frame) for frame in clip.decode(video=0)][seen:]
    assert len(details) >= 15
    assert max(details) < 0.6


async def test_a_mirrored_frame_returns_over_webrtc(server_url: str, media_dir: Path, tmp_path: Path):
    source, out = media_dir / "single_face.mp4", tmp_path / "returned.mp4"
    async with ReplayPeer(options(server_url, source, loop=True, out=out)) as peer:
        await peer.receive_reply()
        peer.send_control(json.dumps({"type": "layers", "layers": []}))
        peer.send_control(json.dumps({"type": "mirror", "mirror": True}))
        while (await peer.receive_reply()).type != "mirror":
            pass
        # Frames in transit when the request was sent may still arrive as they were sent.
        await peer.receive_frames(10)
        seen = peer.tally.received
        await peer.receive_frames(10)

    with av.open(str(source)) as clip:
        sent = next(clip.decode(video=0)).to_ndarray(format="gray").astype(int)
    with av.open(str(out)) as clip:
        returned = [frame.to_ndarray(format="gray") for frame in clip.decode(video=0)][seen:]
    assert all(abs(sent[:, ::-1] - frame).mean() < 0.5 * abs(sent - frame).mean() for frame in returned)


def detail(frame: av.VideoFrame) -> float:
    """Mean difference of neighbours in the upper left of the luma plane, away from face and stamp."""
    corner = frame.to_ndarray(format="gray")[:80, :150].astype(int)
    return float(abs(corner[:, 1:] - corner[:, :-1]).mean())


async def test_stopping_the_server_tells_the_peers_why(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log") as running:
        async with ReplayPeer(options(running.url, media_dir / "single_face.mp4", loop=True)) as peer:
            await peer.receive_frames(3)

            running.process.send_signal(signal.SIGTERM)

            await peer.wait_closed()
            assert any(notice.code == "stopping" for notice in peer.notices)
        assert running.process.wait(seconds(15)) == 0


async def test_one_peer_more_than_allowed_is_rejected(tmp_path: Path, media_dir: Path):
    with running_server(
        tmp_path / "server.log", "--max-sessions", "1", "--analysis-processes", "1"
    ) as running:
        clip = media_dir / "single_face.mp4"
        async with ReplayPeer(options(running.url, clip, loop=True)) as peer:
            await peer.receive_frames(1)

            with pytest.raises(ServerUnreachableError, match="1 of 1 sessions") as rejected:
                await replay_clip(options(running.url, clip))
            assert rejected.value.problem_code == "server_full"

            await peer.receive_frames(1)


async def test_a_frame_too_large_ends_its_session_with_a_notice(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--max-frame-width-px", "320") as running:
        async with ReplayPeer(options(running.url, media_dir / "single_face.mp4", loop=True)) as peer:
            await peer.wait_closed()

            assert any("expected at most 320x" in notice.detail for notice in peer.notices)


async def test_without_analysis_processes_frames_return_unanalysed(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "0") as running:
        reports = await all_reports(running.url, media_dir / "single_face.mp4")

    assert reports
    assert not any(report.analysed for report in reports)


async def test_sessions_leave_no_descriptor_and_no_thread(server: RunningServer, media_dir: Path):
    async def open_and_leave() -> None:
        async with ReplayPeer(options(server.url, media_dir / "single_face.mp4", loop=True)) as peer:
            await peer.receive_frames(1)

    await open_and_leave()
    await no_session(server.url)
    before = footprint(server.process.pid)

    for _ in range(5):
        await open_and_leave()
    await no_session(server.url)

    after = footprint(server.process.pid)
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 4  # the executor of the encoder may still start one of its threads


async def no_session(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(seconds(15)):
        while True:
            async with http.get(f"{url}/healthz") as answer:
                if (await answer.json())["sessions"] == 0:
                    return
            await asyncio.sleep(0.1)


def footprint(pid: int) -> tuple[int, int]:
    """Open descriptors and threads."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), len(list(Path(f"/proc/{pid}/task").iterdir()))


async def test_telemetry_fits_one_packet(server_url: str, media_dir: Path):
    async with ReplayPeer(options(server_url, media_dir / "multi_face.jpg", duration_s=3.0)) as peer:
        await peer.finish()
        reports = await peer.receive_reports(peer.tally.reports)

    widest = max(reports, key=lambda report: len(report.faces))
    assert len(widest.faces) >= 2
    two_faces = widest.model_copy(update={"faces": widest.faces[:2]})
    assert len(json.dumps(two_faces.model_dump(), separators=(",", ":"))) < 1200
