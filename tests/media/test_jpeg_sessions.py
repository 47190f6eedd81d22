"""The compatibility mode against the real server: JPEG up, annotated JPEG and telemetry down, over one WebSocket."""

import asyncio
import contextlib
import itertools
import json
import signal
import socket
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from facestream.credentials.tokens import MAX_TOKEN_CHARS
from facestream.messages.http import OWNER_HEADER
from facestream.messages.telemetry import landmarks_of
from tests.conftest import running_server
from tests.media.sockets import SocketPeer, as_image, jpeg_of, jpegs_of, socket_peer
from tests.media.test_server import health_of
from tests.times import seconds

FRAME_MS = 33


@pytest.fixture(scope="module")
def jpegs(media_dir: Path) -> list[bytes]:
    return jpegs_of(media_dir / "single_face.mp4", 30)


async def send_in_step(peer: SocketPeer, jpegs: list[bytes]) -> None:
    """Send each frame after the one before has returned, as the page does."""
    for number, jpeg in enumerate(jpegs):
        await peer.send(number * FRAME_MS, jpeg)
        await peer.next_frame()


async def test_a_clip_comes_back_annotated_with_its_telemetry(server_url: str, jpegs: list[bytes]):
    async with socket_peer(server_url) as peer:
        await peer.open()
        await send_in_step(peer, jpegs[:15])

        await peer.send(1000, jpegs[15])
        report, frame = await peer.next_frame()

    assert [face.id for face in report.faces] == [1]
    assert report.pts == frame.time_ms / 1000 == 1.0
    left, top, width, _ = report.faces[0].box
    edge = np.s_[max(0, top - 3) : top + 4, left + width // 4 : left + 3 * width // 4]
    sent, back = (as_image(jpeg)[edge].astype(int) for jpeg in (jpegs[15], frame.jpeg))
    assert abs(sent - back).max() > 60, "no box is drawn"


async def test_the_frame_keeps_its_colours_where_nothing_is_drawn(server_url: str, jpegs: list[bytes]):
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.socket.send_json({"type": "layers", "layers": []})
        await peer.reply("layers")

        await peer.send(0, jpegs[0])
        _, frame = await peer.next_frame()

    difference = as_image(jpegs[0]).astype(int) - as_image(frame.jpeg)
    assert abs(difference.mean(axis=(0, 1))).max() < 3
    assert abs(difference).mean() < 4


@pytest.mark.parametrize("mode", ["picture", "blur", "landmarks"])
async def test_a_mirrored_frame_is_the_mirror_image_of_the_annotated_frame_and_its_telemetry_is_the_same(
    server_url: str, jpegs: list[bytes], mode: str
):
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.socket.send_json({"type": "layers", "layers": ["box", "points"]})
        await peer.socket.send_json({"type": "view", "view": mode})
        await peer.reply("view")
        # The same frame again and again: the steadied landmarks do not move any more.
        await send_in_step(peer, [jpegs[15]] * 15)
        await peer.send(1000, jpegs[15])
        report, frame = await peer.next_frame()

        await peer.socket.send_json({"type": "mirror", "mirror": True})
        assert (await peer.reply("mirror"))["mirror"] is True
        await peer.send(1033, jpegs[15])
        report_mirrored, frame_mirrored = await peer.next_frame()

    annotated, mirrored = as_image(frame.jpeg).astype(int), as_image(frame_mirrored.jpeg).astype(int)
    assert abs(annotated - mirrored[:, ::-1]).mean() < 2
    assert abs(annotated - mirrored).mean() > 2
    (face,), (face_mirrored,) = report.faces, report_mirrored.faces
    assert face_mirrored.box == face.box
    assert face_mirrored.pose_deg == pytest.approx(face.pose_deg, abs=1)


async def test_the_label_is_drawn_in_the_language_that_the_peer_chooses(server_url: str, jpegs: list[bytes]):
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.socket.send_json({"type": "layers", "layers": ["label"]})
        await peer.reply("layers")
        await send_in_step(peer, [jpegs[15]] * 15)
        frames = []
        for time_ms, language in ((1000, "en"), (1033, "de"), (1066, "en")):
            await peer.socket.send_json({"type": "language", "language": language})
            assert (await peer.reply("language"))["language"] == language
            await peer.send(time_ms, jpegs[15])
            frames.append(as_image((await peer.next_frame())[1].jpeg).astype(int))

    english, german, again = frames
    assert abs(english - again).max() < 60
    # Letters are black on a bright ground.
    assert (abs(english - german).max(axis=2) > 100).sum() > 20


async def test_landmarks_are_in_the_telemetry_every_half_second_on_request(
    server_url: str, jpegs: list[bytes]
):
    frames = jpegs[:20]
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.socket.send_json({"type": "landmarks", "every_s": 0.5})
        assert (await peer.reply("landmarks"))["every_s"] == 0.5
        reports = []
        for number, jpeg in enumerate(frames):
            await peer.send(100 * number, jpeg)
            reports.append((await peer.next_frame())[0])

    seen = [(report.pts, face) for report in reports for face in report.faces if face.landmarks]
    times_s = [pts for pts, _ in seen]
    assert len(times_s) >= 3
    assert np.diff(times_s) == pytest.approx(0.5)
    for _, face in seen:
        points = landmarks_of(face)
        assert points is not None
        eyes, chin = points[36:48].mean(axis=0), points[8]
        left, top, width, height = face.box
        assert left < eyes[0] < left + width
        assert top < eyes[1] < chin[1] < top + 1.25 * height


async def test_hello_and_control_replies_are_those_of_the_data_channel(server_url: str):
    async with socket_peer(server_url) as peer:
        opened = await peer.open()
        hello = await peer.reply()

        await peer.socket.send_json({"type": "ping", "id": 7})
        await peer.socket.send_json({"type": "sudo"})

        assert (await peer.reply("pong"))["id"] == 7
        assert (await peer.reply("error"))["code"] == "not_a_control_message"
    assert opened["type"] == "opened"
    assert (hello["type"], hello["session_id"]) == ("hello", opened["session_id"])


async def test_a_slow_reader_gets_the_newest_frames_and_skips_old_ones(server_url: str, jpegs: list[bytes]):
    """The server keeps one frame; all others in transit are in the client's own buffers."""
    sent = 300
    async with socket_peer(server_url) as peer:
        # By default the reader's kernel would buffer megabytes.
        peer.socket.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        await peer.open()
        await send_in_step(peer, jpegs[:3])
        for number in range(3, sent):
            # Send the last one late enough that the limit of the frame rate does not drop it.
            await asyncio.sleep(0.01 if number < sent - 1 else 0.2)
            await peer.send(number * FRAME_MS, jpegs[number % len(jpegs)])

        back = [await peer.next_frame()]
        while back[-1][1].time_ms < (sent - 1) * FRAME_MS:
            back.append(await peer.next_frame())

    times_ms = [frame.time_ms for _, frame in back]
    longest_jump = max(later - earlier for earlier, later in itertools.pairwise(times_ms)) / FRAME_MS
    assert longest_jump > 50, "old frames were not skipped"
    assert len(back) < 100
    assert all(round(report.pts * 1000) == frame.time_ms for report, frame in back)


@pytest.mark.parametrize(
    ("jpeg", "code", "said"),
    [
        (b"garbage", "bad_frame", "not a JPEG"),
        (
            jpeg_of(np.zeros((64, 4000, 3), np.uint8)),
            "frame_too_large",
            "frame of 4000x64; expected at most 1920x1920",
        ),
        (
            jpeg_of(np.random.default_rng(1).integers(0, 255, (1300, 1300, 3), np.uint8)),
            "frame_too_large",
            "at most 1048576",
        ),
        (jpeg_of(np.zeros((64, 64, 3), np.uint8))[:-300], "bad_frame", "complete header"),
    ],
    ids=["garbage", "too large", "too many bytes", "cut off"],
)
async def test_a_frame_that_is_not_accepted_ends_the_session_with_a_notice(
    server_url: str, jpeg: bytes, code: str, said: str
):
    async with socket_peer(server_url) as peer:
        await peer.open()

        await peer.send(0, jpeg)

        notice = await peer.reply("notice")
        assert notice["code"] == code
        assert said in notice["detail"]
        assert await peer.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_message_far_over_the_limit_is_not_read(server_url: str):
    async with socket_peer(server_url) as peer:
        await peer.open()

        with contextlib.suppress(ConnectionError):
            await peer.socket.send_bytes(bytes(3 * 1024 * 1024))

        assert await peer.wait_closed() in {
            aiohttp.WSCloseCode.MESSAGE_TOO_BIG,
            aiohttp.WSCloseCode.ABNORMAL_CLOSURE,
        }


@pytest.mark.parametrize("first", ['{"type": "bye"}', "{", b"\x01\x00"])
async def test_a_socket_without_a_valid_first_message_is_rejected(server_url: str, first: str | bytes):
    async with socket_peer(server_url) as peer:
        await (peer.socket.send_str(first) if isinstance(first, str) else peer.socket.send_bytes(first))

        refused = await peer.reply()

        assert (refused["type"], refused["status"], refused["code"]) == ("refused", 400, "bad_opening")
        assert '{"type": "open"}' in refused["detail"]
        assert await peer.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY


async def test_plain_http_is_rejected(server_url: str):
    async with aiohttp.ClientSession() as http, http.get(f"{server_url}/pictures") as answer:
        assert answer.status == 400
        assert (await answer.json(content_type=None))["code"] == "not_a_websocket"


async def test_both_kinds_of_session_count_towards_the_same_limit(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--max-sessions", "1") as running:
        async with socket_peer(running.url) as first, socket_peer(running.url) as second:
            await first.open()

            refused = await second.open()

            assert (await health_of(running.url))["sessions"] == 1
            assert (refused["status"], refused["retry_after_s"]) == (503, 10)
            assert refused["code"] == "server_full"
            assert "1 of 1 sessions" in refused["detail"]


async def test_a_peer_that_closes_or_says_bye_ends_its_session(server_url: str, jpegs: list[bytes]):
    before = (await health_of(server_url))["sessions"]
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.send(0, jpegs[0])
        await peer.next_frame()
    async with socket_peer(server_url) as peer:
        await peer.open()
        await peer.socket.send_json({"type": "bye"})
        await peer.wait_closed()

    async with asyncio.timeout(seconds(5)):
        while (await health_of(server_url))["sessions"] > before:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)


async def test_a_lost_peer_resumes_with_its_face_id_and_its_counters(server_url: str, jpegs: list[bytes]):
    async with socket_peer(server_url) as lost:
        resume = (await lost.open())["resume"]
        await send_in_step(lost, jpegs[:10])

    async with socket_peer(server_url) as back:
        opened = await back.open(resume=resume)
        await back.send(0, jpegs[10])
        report, _ = await back.next_frame()

    assert opened["resumed"]
    assert report.seq == 10
    assert [face.id for face in report.faces] == [1]


async def test_a_new_session_numbers_its_faces_from_the_wanted_id(server_url: str, jpegs: list[bytes]):
    async with socket_peer(server_url) as peer:
        opened = await peer.open(resume="unknown", first_face_id=8)
        await send_in_step(peer, jpegs[:9])
        await peer.send(1000, jpegs[9])
        report, _ = await peer.next_frame()

    assert not opened["resumed"]
    assert [face.id for face in report.faces] == [8]


async def test_stopping_the_server_tells_the_peer_why(tmp_path: Path, jpegs: list[bytes]):
    with running_server(tmp_path / "server.log") as running:
        async with socket_peer(running.url) as peer:
            await peer.open()
            await send_in_step(peer, jpegs[:3])

            running.process.send_signal(signal.SIGTERM)

            assert (await peer.reply("notice"))["code"] == "stopping"
            assert await peer.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY
        assert running.process.wait(seconds(15)) == 0
        assert "Traceback" not in running.log.read_text()


async def test_a_peer_that_reads_nothing_does_not_delay_the_stop(tmp_path: Path, jpegs: list[bytes]):
    with running_server(tmp_path / "server.log") as running:
        async with socket_peer(running.url) as peer:
            peer.socket.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            await peer.open()
            for number in range(120):
                await peer.send(number * FRAME_MS, jpegs[number % len(jpegs)])
                await asyncio.sleep(0.01)

            running.process.send_signal(signal.SIGTERM)

            assert await asyncio.to_thread(running.process.wait, 10) == 0
        assert "closed (server_stopping: " in running.log.read_text()
        assert "Traceback" not in running.log.read_text()


async def test_a_silent_peer_is_ended(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--setup-deadline-s", "1") as running:
        async with socket_peer(running.url) as mute, socket_peer(running.url) as idle:
            await idle.open()

            assert await idle.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY
            assert await mute.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY


async def test_deleting_the_session_closes_the_socket(server_url: str):
    async with socket_peer(server_url) as peer:
        opened = await peer.open()
        async with (
            aiohttp.ClientSession() as http,
            http.delete(
                f"{server_url}/sessions/{opened['session_id']}",
                headers={"X-Session-Secret": opened["secret"]},
            ) as answer,
        ):
            assert answer.status == 204

        assert await peer.wait_closed() == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_server_with_compatibility_mode_off_says_so(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--websocket-fallback", "false") as running:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{running.url}/pictures") as answer:
                assert answer.status == 404
            async with http.get(f"{running.url}/config") as answer:
                assert (await answer.json())["websocket"] is False


async def test_a_server_that_requires_a_token_requires_it_on_the_socket_too(tmp_path: Path):
    token = "a-token-of-enough-characters-for-a-test"
    tokens = tmp_path / "tokens"
    tokens.write_text(token)
    with running_server(tmp_path / "server.log", "--auth", "token", "--tokens-file", str(tokens)) as running:
        refusals = []
        for wrong in ("guess", "x" * (MAX_TOKEN_CHARS + 1)):
            async with socket_peer(running.url) as stranger:
                refusals.append(await stranger.open(token=wrong))
        async with socket_peer(running.url) as guest:
            opened = await guest.open(token=token)

    for refused in refusals:
        assert (refused["type"], refused["status"], refused["code"]) == ("refused", 401, "token_wrong")
    assert opened["type"] == "opened"


async def test_a_page_of_another_origin_cannot_open_the_socket(server_url: str):
    async with aiohttp.ClientSession(headers={"Origin": "https://elsewhere.example"}) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{server_url}/pictures")

    assert refused.value.status == 403


async def test_a_marker_of_a_program_reaches_the_peer_and_listeners(server_url: str, media_dir: Path):
    (jpeg,) = jpegs_of(media_dir / "single_face.mp4", 1)
    async with socket_peer(server_url) as peer, aiohttp.ClientSession() as http:
        opened = await peer.open()
        owner = {OWNER_HEADER: opened["secret"]}
        path = f"{server_url}/sessions/{opened['session_id']}"
        await peer.send(0, jpeg)
        await peer.next_frame()
        async with http.get(f"{path}/events", headers=owner) as events:
            async with http.post(f"{path}/markers", json={"name": "cat 7"}, headers=owner) as marked:
                expected = await marked.json()
            reply = await peer.reply("marker")
            async for line in events.content:
                if line.startswith(b"data:") and b"cat 7" in line:
                    heard = json.loads(line.removeprefix(b"data:"))
                    break

    assert reply["name"] == "cat 7"
    assert heard == expected == {"id": 1, "name": "cat 7", "note": "", "pts": 0}
