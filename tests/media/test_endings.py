"""The server sends the reason on `control` before it ends a session; a session that is resumed ends last."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from yarl import URL

from facestream.errors import ServerUnreachableError
from facestream.messages.control import ControlReply
from facestream.messages.http import AnswerBody, OfferBody
from facestream.replay import http as replay_http
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.replay.summary import Tally
from facestream.replay.track import ReplayTrack
from tests.conftest import running_server
from tests.media.aiortc_patches.peers import numbered_frame
from tests.media.offers import read_offer
from tests.media.sockets import jpeg_of, jpegs_of, socket_peer
from tests.times import seconds

DEADLINE_S = seconds(30.0)
LIGHT = ("--analysis-processes", "0")


class SomeFrames(ReplayTrack):
    """Sends some frames and then none, without ending, like a camera with a hung driver."""

    def __init__(self, tally: Tally, count: int, width: int = 640, height: int = 480) -> None:
        super().__init__(tally)
        self._left, self._size = count, (width, height)
        self._number = 0

    async def _next_due(self) -> VideoFrame:
        if not self._left:
            await self.ended.wait()
            raise MediaStreamError
        await asyncio.sleep(1 / 30)
        self._left -= 1
        self._number += 1
        return numbered_frame(*self._size, self._number)


def looping(url: str, media_dir: Path) -> ReplayOptions:
    return ReplayOptions(media_dir / "single_face.mp4", url, loop=True)


def sending(url: str, media_dir: Path, count: int, *size: int) -> ReplayPeer:
    return ReplayPeer(looping(url, media_dir), make_track=lambda tally: SomeFrames(tally, count, *size))


async def notice_to(peer: ReplayPeer) -> ControlReply:
    while (reply := await peer.receive_reply(DEADLINE_S)).type != "notice":
        pass
    return reply


async def sessions_of(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
        return int((await answer.json())["sessions"])


async def until_sessions(url: str, wanted: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await sessions_of(url) != wanted:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory):
    """A server with short deadlines."""
    log = tmp_path_factory.mktemp("hasty") / "server.log"
    with running_server(log, *LIGHT, "--silence-deadline-s", "1.5", "--setup-deadline-s", "3") as running:
        yield running


async def test_a_peer_whose_frames_stop_gets_a_notice_of_silence(hasty, media_dir: Path):
    async with sending(hasty.url, media_dir, 30) as peer:
        notice = await notice_to(peer)

    assert notice.code == "silence"
    assert notice.detail == "nothing received for 1.5 s"


async def test_a_peer_that_accepts_only_short_messages_ends_with_its_reason_and_causes_no_traceback(
    hasty, media_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    post = replay_http.post_offer

    async def with_small_messages(url: URL, offer: OfferBody, *args: Any) -> AnswerBody:
        sdp = re.sub(r"a=max-message-size:\d+", "a=max-message-size:20", offer.sdp)
        return await post(url, offer.model_copy(update={"sdp": sdp}), *args)

    monkeypatch.setattr(replay_http, "post_offer", with_small_messages)
    async with sending(hasty.url, media_dir, 30) as peer:
        await peer.receive_frames(3, DEADLINE_S)
        for number in range(10):
            peer.send_control(f'{{"type":"ping","id":{number}}}')
        await until_sessions(hasty.url, 0)

    log = hasty.log.read_text()
    assert f"session {peer.session_id}: closed (silence: " in log
    assert "Traceback" not in log


async def test_a_peer_whose_video_ends_gets_a_notice(hasty, media_dir: Path):
    async with ReplayPeer(looping(hasty.url, media_dir)) as peer:
        await peer.receive_reports(5)
        await peer.link.transceiver.sender.stop()  # sends RTCP BYE
        notice = await notice_to(peer)

    assert notice.code == "video_ended"


async def test_a_peer_whose_frames_are_too_large_gets_the_limit(tmp_path: Path, media_dir: Path):
    settings = (*LIGHT, "--max-frame-width-px", "400", "--max-frame-height-px", "400")
    with running_server(tmp_path / "server.log", *settings) as running:
        async with sending(running.url, media_dir, 30, 640, 480) as peer:
            notice = await notice_to(peer)

    assert notice.code == "frame_too_large"
    assert "expected at most 400x400" in notice.detail


@pytest.mark.parametrize(
    ("settings", "code"), [(("--max-session-s", "1"), "time_over"), ((), "stopping")], ids=["time", "stop"]
)
async def test_a_peer_gets_a_notice_when_its_time_is_over_or_the_server_stops(
    tmp_path: Path, media_dir: Path, settings: tuple[str, ...], code: str
):
    with running_server(tmp_path / "server.log", *LIGHT, *settings) as running:
        async with ReplayPeer(looping(running.url, media_dir)) as peer:
            await peer.receive_reports(5)
            if code == "stopping":
                running.process.terminate()
            notice = await notice_to(peer)

    assert notice.code == code


async def test_pings_do_not_extend_the_time_for_the_first_frame(hasty, media_dir: Path):
    async with sending(hasty.url, media_dir, 0) as peer:
        pinging = asyncio.create_task(ping_for_ever(peer))
        try:
            notice = await notice_to(peer)
        finally:
            pinging.cancel()

    assert notice.code == "setup_timeout"
    assert notice.detail == "no frame received within 3 s"


async def ping_for_ever(peer: ReplayPeer) -> None:
    while True:
        peer.send_control('{"type":"ping","id":1}')
        await asyncio.sleep(0.2)


async def test_pings_do_not_extend_the_time_for_the_first_frame_of_a_socket(hasty):
    async with asyncio.timeout(DEADLINE_S), socket_peer(hasty.url) as peer:
        await peer.open()
        pinging = asyncio.create_task(ping_socket_for_ever(peer.socket))
        try:
            notice = await peer.reply("notice")
        finally:
            pinging.cancel()

    assert notice["code"] == "setup_timeout"


async def ping_socket_for_ever(socket: aiohttp.ClientWebSocketResponse) -> None:
    while True:
        await socket.send_json({"type": "ping", "id": 1})
        await asyncio.sleep(0.2)


async def test_pings_keep_a_peer_whose_camera_is_paused(hasty, media_dir: Path):
    async with sending(hasty.url, media_dir, 30) as peer:
        await peer.receive_reports(20)
        pinging = asyncio.create_task(ping_for_ever(peer))
        try:
            with pytest.raises(TimeoutError):
                await peer.wait_closed(3.0)
        finally:
            pinging.cancel()

    assert not peer.notices


async def test_a_socket_gets_the_reason_for_a_bad_and_for_a_large_frame(hasty):
    codes = []
    large = jpeg_of(np.full((16, 1936, 3), 128, np.uint8))
    for sent in (b"no jpeg", large):
        async with asyncio.timeout(DEADLINE_S), socket_peer(hasty.url) as peer:
            await peer.open()
            await peer.send(1, sent)
            codes.append((await peer.reply("notice"))["code"])

    assert codes == ["bad_frame", "frame_too_large"]


@pytest.fixture
async def full_server(tmp_path: Path) -> AsyncIterator[str]:
    """A server that admits one session."""
    with running_server(tmp_path / "server.log", *LIGHT, "--max-sessions", "1") as running:
        yield running.url


async def test_a_reconnect_replaces_its_own_session_on_a_full_server(full_server: str, media_dir: Path):
    async with ReplayPeer(looping(full_server, media_dir)) as before:
        last = (await before.receive_reports(20))[-1]
        async with ReplayPeer(looping(full_server, media_dir), resume=before.resume_token) as after:
            first = (await after.receive_reports(1))[0]
            notice = await notice_to(before)

    assert first.seq > last.seq
    assert notice.code == "replaced"


async def test_a_rejected_reconnect_keeps_its_resume_state(full_server: str, media_dir: Path):
    async with ReplayPeer(looping(full_server, media_dir)) as lost:
        last = (await lost.receive_reports(20))[-1]
        await lost.vanish()
    await until_sessions(full_server, 0)
    async with ReplayPeer(looping(full_server, media_dir)) as other:
        await other.receive_reports(2)
        with pytest.raises(ServerUnreachableError, match="1 of 1 sessions") as rejected:
            async with ReplayPeer(looping(full_server, media_dir), resume=lost.resume_token):
                pass
        assert rejected.value.problem_code == "server_full"
    await until_sessions(full_server, 0)

    async with ReplayPeer(looping(full_server, media_dir), resume=lost.resume_token) as back:
        first = (await back.receive_reports(1))[0]

    assert first.seq > last.seq


async def test_a_rejected_reconnect_leaves_the_running_session_alone(tmp_path: Path, media_dir: Path):
    with running_server(tmp_path / "server.log", *LIGHT, "--max-setups", "1") as running:
        async with ReplayPeer(looping(running.url, media_dir)) as peer:
            await peer.receive_reports(5)
            assert (await post_offer(running.url, read_offer("chrome")))[0] == 200  # and never connects
            status, problem = await post_offer(running.url, read_offer("chrome"), resume=peer.resume_token)
            reports = await peer.receive_reports(30)

    assert (status, problem["code"]) == (503, "server_full")
    assert "connecting" in problem["detail"]  # the same code as for max_sessions
    assert len(reports) == 30


async def test_a_reconnect_whose_offer_fails_leaves_the_running_session_alone(
    full_server: str, media_dir: Path
):
    broken = read_offer("chrome").replace("a=setup:actpass\r\n", "")
    async with ReplayPeer(looping(full_server, media_dir)) as peer:
        await peer.receive_reports(5)
        status, _ = await post_offer(full_server, broken, resume=peer.resume_token)
        reports = await peer.receive_reports(30)

    assert status == 400
    assert len(reports) == 30


async def test_simultaneous_reconnects_with_one_token_open_one_session(full_server: str, media_dir: Path):
    async with ReplayPeer(looping(full_server, media_dir)) as peer:
        await peer.receive_reports(5)
        answers = await asyncio.gather(
            *(post_offer(full_server, read_offer("chrome"), resume=peer.resume_token) for _ in range(8))
        )

    statuses = [status for status, _ in answers]
    assert statuses.count(200) == 1
    assert statuses.count(503) == 7


async def post_offer(url: str, sdp: str, **fields: str) -> tuple[int, dict[str, str]]:
    body = {"sdp": sdp, "type": "offer", **fields}
    async with aiohttp.ClientSession() as http, http.post(f"{url}/offer", json=body) as answer:
        return answer.status, json.loads(await answer.text())


async def test_a_socket_resumes_on_a_full_server_with_its_token(full_server: str, media_dir: Path):
    jpegs = jpegs_of(media_dir / "single_face.mp4", 2)
    async with asyncio.timeout(DEADLINE_S), socket_peer(full_server) as before:
        token = (await before.open())["resume"]
        await before.send(1, jpegs[0])
        first, _ = await before.next_frame()
        async with socket_peer(full_server) as after:
            opened = await after.open(resume=token)
            await after.send(2, jpegs[1])
            on, _ = await after.next_frame()
            notice = await before.reply("notice")

    assert opened["type"] == "opened"
    assert on.seq > first.seq
    assert notice["code"] == "replaced"
