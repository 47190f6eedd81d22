"""A headless peer that a server asks to move; here the next connection leads to the same server.

That server ends the old session as soon as it answers the new offer, which is the hardest case.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import av
import pytest
from yarl import URL

from facestream.errors import ServerLostError, ServerUnreachableError
from facestream.messages.control import ControlReply, NoticeCode, encode_control
from facestream.messages.http import AnswerBody, OfferBody
from facestream.replay import http
from facestream.replay.connection import ReceiveMode
from facestream.replay.load import Load
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import running_server
from tests.times import seconds

MOVE = encode_control(ControlReply(type="notice", code=NoticeCode.MOVE, detail="connect again"))
DEADLINE_S = seconds(30)


def ask(peer: ReplayPeer) -> None:
    """The server's notice, as it arrives."""
    peer.on_control(peer.link, MOVE)


async def until_moved(peer: ReplayPeer, count: int = 1) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while peer.tally.moves < count:  # noqa: ASYNC110 - the peer has no event for it
            await asyncio.sleep(0.02)


def options(url: str, media_dir: Path, **more: Any) -> ReplayOptions:
    return ReplayOptions(media_dir / "single_face.mp4", url, **more)


class Offers:
    """The offers of peers in this process; the test decides what becomes of the next ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures: list[ServerUnreachableError] = []
        self.resumes: list[str] = []
        self._post = http.post_offer
        monkeypatch.setattr(http, "post_offer", self._answer)

    async def _answer(self, url: URL, offer: OfferBody, credentials: http.Credentials) -> AnswerBody:
        self.resumes.append(offer.resume)
        if self.failures:
            raise self.failures.pop(0)
        return await self._post(url, offer, credentials)


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> Offers:
    return Offers(monkeypatch)


async def test_a_peer_goes_on_over_the_next_connection(server_url: str, media_dir: Path, tmp_path: Path):
    out, telemetry = tmp_path / "out.mp4", tmp_path / "t.jsonl"
    sent = options(server_url, media_dir, loop=True, duration_s=4.0, out=out, telemetry=telemetry)
    async with ReplayPeer(sent) as peer:
        await peer.receive_frames(20, DEADLINE_S)
        before = peer.link

        ask(peer)
        ask(peer)
        await peer.finish()

        assert peer.resumed
        assert peer.link is not before
        assert before.pc.connectionState == "closed"
    summary = peer.summary()
    assert (summary.moves, summary.faces_seen) == (1, 1)
    assert summary.away_ms_max is not None
    assert "moves     1 to another server, " in summary.as_text()
    assert [*peer.notices, *peer.unreadable, *peer.files.complaints()] == []
    reports = [json.loads(line) for line in telemetry.read_text().splitlines()]
    assert [report["seq"] for report in reports] == sorted({report["seq"] for report in reports})
    assert {face["id"] for report in reports for face in report["faces"]} == {1}
    with av.open(str(out)) as recorded:
        times_s = [float(frame.time or 0) for frame in recorded.decode(video=0)]
    # One file, on one clock: nothing of the clip is missing but what came due between the connections.
    assert times_s == sorted(set(times_s))
    assert 3 < times_s[-1] < 5


async def test_a_rejected_move_is_tried_again_after_retry_after(
    server_url: str, media_dir: Path, offers: Offers
):
    async with ReplayPeer(options(server_url, media_dir, loop=True)) as peer:
        token = peer.resume_token
        offers.failures = [
            ServerUnreachableError("full", 503, "server_full", retry_after_s=0.1),
            ServerUnreachableError("away"),
        ]
        ask(peer)
        await until_moved(peer)
        await peer.receive_frames(10, DEADLINE_S)

    assert offers.resumes == ["", token, token, token]


async def test_a_peer_that_is_rejected_for_good_stays(server_url: str, media_dir: Path, offers: Offers):
    async with ReplayPeer(options(server_url, media_dir, loop=True)) as peer:
        before = peer.session_id
        offers.failures = [ServerUnreachableError("expired", 401, "token_expired")]
        ask(peer)
        await peer.receive_frames(30, DEADLINE_S)

        assert peer.session_id == before
    assert len(offers.resumes) == 2


async def test_a_peer_may_stay_and_then_has_the_notice(server_url: str, media_dir: Path):
    async with ReplayPeer(options(server_url, media_dir, loop=True), on_move="stay") as peer:
        before = peer.session_id
        ask(peer)
        await peer.receive_frames(10, DEADLINE_S)

        assert peer.session_id == before
    assert [notice.code for notice in peer.notices] == [NoticeCode.MOVE]


async def test_a_peer_that_leaves_in_the_middle_of_a_move_leaves_nothing_open(
    server_url: str, media_dir: Path, offers: Offers
):
    async with ReplayPeer(options(server_url, media_dir, loop=True)) as peer:
        ask(peer)
        async with asyncio.timeout(DEADLINE_S):
            while len(offers.resumes) < 2:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)

    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("replay/")]


async def test_a_server_that_dies_in_the_middle_of_a_move_is_noticed(
    media_dir: Path, tmp_path: Path, offers: Offers
):
    with running_server(tmp_path / "server.log", "--analysis-processes", "0") as running:
        async with ReplayPeer(options(running.url, media_dir, loop=True)) as peer:
            offers.failures = [ServerUnreachableError("full", 503, retry_after_s=0.1)] * 100
            ask(peer)
            await peer.receive_frames(5, DEADLINE_S)
            assert running.stop() == 0

            with pytest.raises(ServerLostError, match="ended the connection: the server is stopping"):
                await peer.finish()


async def test_all_peers_of_a_load_move(server_url: str, media_dir: Path):
    load = Load(options(server_url, media_dir, loop=True, duration_s=3.0, peers=2))
    asked = set()

    def watch() -> None:
        for each in load.peers:
            if each.tally.received > 10 and each.number not in asked:
                asked.add(each.number)
                ask(each._peer)

    await load.run(watch)

    total = load.total()
    assert (total.failed, total.moves) == (0, 2)
    assert total.away_ms_max is not None
    assert total.received_frames > 60
    assert "moves     2 to another server" in total.as_text()


async def test_a_peer_that_decodes_nothing_moves_too(server_url: str, media_dir: Path):
    sent = options(server_url, media_dir, loop=True)
    async with ReplayPeer(sent, receive_mode=ReceiveMode.COUNT) as peer:
        await peer.receive_frames(10, DEADLINE_S)
        ask(peer)
        await until_moved(peer)
        await peer.receive_frames(10, DEADLINE_S)

    assert peer.summary().away_ms_max is not None
