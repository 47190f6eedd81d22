"""Nodes of a cluster: a node is drained, and the state of its sessions goes to another one."""

import asyncio
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream.live.follow import follow_events
from facestream.messages.cluster import MOVED_HEADER, NodeInfo
from facestream.messages.events import SessionStart
from facestream.messages.telemetry import Telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.session_ids import new_id
from tests.conftest import RunningServer, running_server
from tests.media.gateways import SECRET, Gateway
from tests.media.sockets import socket_peer
from tests.times import seconds

ONE_PROCESS = ("--analysis-processes", "1", "--cluster-secret", SECRET)
NO_PROCESS = ("--analysis-processes", "0", "--cluster-secret", SECRET)


def options(node: RunningServer, clip: Path) -> ReplayOptions:
    return ReplayOptions(clip, url=node.url, loop=True)


UNREADABLE = (b"{", b"[]", b'{"deadline_s": -1}', b'{"deadline_s": 1e9}', b'{"deadline_s": NaN}', b"\xff")


async def test_a_drain_that_cannot_be_read_drains_nothing(tmp_path: Path):
    with running_server(tmp_path / "node.log", *NO_PROCESS) as node:
        gateway = Gateway(node.url)

        answers = [await gateway.ask("POST", "/node/drain", body) for body in UNREADABLE]

        assert [(answer.status, answer.json["code"]) for answer in answers] == [(400, "bad_request")] * 6
        assert "deadline_s" in answers[0].json["detail"]
        assert not NodeInfo.model_validate_json((await gateway.ask("GET", "/node")).body).draining


async def test_peers_of_both_kinds_are_asked_to_move_and_are_served_until_the_deadline(
    tmp_path: Path, media_dir: Path
):
    clip = media_dir / "single_face.mp4"
    with running_server(tmp_path / "node.log", *NO_PROCESS) as node:
        gateway = Gateway(node.url)
        async with (
            asyncio.timeout(seconds(60)),
            ReplayPeer(options(node, clip), on_move="stay") as peer,
            socket_peer(node.url) as other,
        ):
            await peer.receive_reports(5)
            await other.open()

            drained = await gateway.ask("POST", "/node/drain", b'{"deadline_s": 60}')
            asked = (await other.reply("notice"))["code"]
            while not peer.notices:
                await peer.receive_reports(1)
            reports = await peer.receive_reports(10)

            async with aiohttp.ClientSession() as http, http.get(f"{node.url}/readyz") as answer:
                ready = await answer.json()
            sooner = await gateway.ask("POST", "/node/drain", b'{"deadline_s": 0.1}')
            end = (await other.reply("notice"))["code"]
            info = NodeInfo.model_validate_json((await gateway.ask("GET", "/node")).body)

        assert drained.status == sooner.status == 202
        assert (asked, end) == ("move", "stopping")
        assert peer.notices[0].code == "move"
        assert len(reports) == 10, "it is served after it was asked"
        assert not ready["ready"]
        assert "drained" in ready["missing"][0]
        assert (info.draining, info.places) == (True, 0)
        assert node.process.poll() is None, "the process goes on"


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, RunningServer]]:
    folder = tmp_path_factory.mktemp("nodes")
    with (
        running_server(folder / "a.log", *ONE_PROCESS, "--node-id", "a") as first,
        running_server(folder / "b.log", *ONE_PROCESS, "--node-id", "b") as second,
    ):
        yield first, second


async def with_a_face(peer: ReplayPeer) -> Telemetry:
    """The next message with a face."""
    while True:
        (report,) = await peer.receive_reports(1)
        if report.faces:
            return report


async def hand_over(token: str, first: Gateway, second: Gateway) -> None:
    state = await first.ask("GET", f"/node/states/{token}")
    assert state.status == 200, state.body
    kept = await second.ask("PUT", f"/node/states/{token}", state.body)
    assert kept.status == 204, kept.body


async def note_moved(token: str, session_id: str, first: Gateway) -> None:
    body = json.dumps({"session_id": session_id}).encode()
    answer = await first.ask("POST", f"/node/states/{token}/moved", body)
    assert answer.status == 204, answer.body


async def test_a_session_goes_on_at_another_node(
    two_nodes: tuple[RunningServer, RunningServer], media_dir: Path
):
    clip = media_dir / "single_face.mp4"
    a, b = two_nodes
    first, second = Gateway(a.url), Gateway(b.url)
    async with asyncio.timeout(seconds(120)):
        async with ReplayPeer(options(a, clip), first_face_id=7) as peer:
            before = await with_a_face(peer)
            await peer.receive_reports(20)
            token, old_id, old_secret = peer.resume_token, peer.session_id, peer.secret

            await hand_over(token, first, second)
            (meanwhile,) = (await peer.receive_reports(5))[-1:]
            async with ReplayPeer(options(b, clip), resume=token) as moved:
                await note_moved(token, moved.session_id, first)
                (during,) = await peer.receive_reports(1)
                after = await with_a_face(moved)
                await peer.wait_closed()
                old = await first.pass_on("GET", f"/sessions/{old_id}/events", is_local=True)
                gone = await first.ask("GET", f"/node/states/{token}")
                followed = follow_events(b.url, old_id, secret=old_secret)
                start = await anext(followed)
                await followed.aclose()
                new_id_ = moved.session_id

    assert before.faces[0].id == 7
    assert after.faces[0].id == 7, "the face keeps its number"
    assert meanwhile.seq > before.seq + 20, "it is served while its state is elsewhere already"
    assert during.analysed, "and while the peer connects there"
    assert before.seq + 20 < after.seq, "its counters go on"
    assert (old.status, old.json["code"]) == (404, "no_such_session")
    assert old.headers[MOVED_HEADER] == new_id_
    assert gone.status == 404
    assert start == SessionStart(session_id=new_id_), "who follows it finds it with the old id and secret"
    assert f"session {old_id}: closed (moved: " in a.log.read_text()


async def test_who_follows_a_session_that_moves_gets_the_ending_moved_even_if_the_peer_leaves_at_once(
    two_nodes: tuple[RunningServer, RunningServer], media_dir: Path
):
    a, _ = two_nodes
    gateway = Gateway(a.url)
    endings: list[str] = []
    async with asyncio.timeout(seconds(60)):
        async with ReplayPeer(options(a, media_dir / "no_face.mp4")) as peer:
            await peer.receive_reports(3)

            async def follow() -> None:
                url = f"{a.url}/sessions/{peer.session_id}/events"
                async with (
                    aiohttp.ClientSession() as http,
                    http.get(url, headers={"X-Session-Secret": peer.secret}) as events,
                ):
                    text = await events.text()
                endings.append(json.loads(text.rpartition("data: ")[2])["ending"])

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follow())
                await peer.receive_reports(3)
                await note_moved(peer.resume_token, new_id("b"), gateway)
                peer.send_control('{"type": "bye"}')
                await peer.wait_closed()

    assert endings == ["moved"]


async def test_the_state_of_a_session_that_has_ended_moves_once(
    two_nodes: tuple[RunningServer, RunningServer], media_dir: Path
):
    a, b = two_nodes
    first, second = Gateway(a.url), Gateway(b.url)
    clip = media_dir / "single_face.mp4"
    async with asyncio.timeout(seconds(60)):
        async with ReplayPeer(options(a, clip), first_face_id=3) as peer:
            before = await with_a_face(peer)
            token = peer.resume_token
        await hand_over(token, first, second)
        async with ReplayPeer(options(b, clip), resume=token) as moved:
            await note_moved(token, moved.session_id, first)
            after = await with_a_face(moved)

    again = await first.ask("GET", f"/node/states/{token}")
    assert (before.faces[0].id, after.faces[0].id) == (3, 3)
    assert (again.status, again.json["code"]) == (404, "no_state")


HOSTILE = [
    b"",
    b"{",
    b"null",
    b"[" * 200_000,
    pickle.dumps(print),
    b'{"format": "0-0"}',
    b'{"format": 7}',
]


async def test_bytes_that_are_no_state_are_rejected_and_leave_nothing(
    two_nodes: tuple[RunningServer, RunningServer],
):
    _, b = two_nodes
    gateway, token = Gateway(b.url), new_id("a")

    answers = [await gateway.ask("PUT", f"/node/states/{token}", content) for content in HOSTILE]
    kept = await gateway.ask("GET", f"/node/states/{token}")

    codes = [(answer.status, answer.json["code"]) for answer in answers]
    assert codes == [(400, "bad_state")] * 5 + [(409, "other_state_format"), (400, "bad_state")]
    assert kept.status == 404
    assert "Traceback" not in b.log.read_text()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"session_id": "x\\r\\nSet-Cookie: a"}', b'{"session_id": 1}']
)
async def test_a_new_id_that_is_none_is_rejected(two_nodes: tuple[RunningServer, RunningServer], body: bytes):
    a, _ = two_nodes

    answer = await Gateway(a.url).ask("POST", f"/node/states/{new_id('a')}/moved", body)

    assert (answer.status, answer.json["code"]) == (400, "bad_state")


@pytest.mark.parametrize(
    "token", ["", "a", "a.short", f"b.{22 * 'x'}", f"a.{22 * 'x'}", "%2e%2e", "a" * 5000]
)
async def test_a_token_that_the_node_does_not_know_has_no_state(
    two_nodes: tuple[RunningServer, RunningServer], token: str
):
    a, _ = two_nodes
    gateway = Gateway(a.url)

    answers = [
        await gateway.ask("GET", f"/node/states/{token}"),
        await gateway.ask(
            "POST", f"/node/states/{token}/moved", b'{"session_id": "%s"}' % new_id("b").encode()
        ),
    ]

    assert {answer.status for answer in answers} <= {404, 405}
    assert "Traceback" not in a.log.read_text()


async def test_where_a_session_moved_is_shown_to_gateways_only(
    two_nodes: tuple[RunningServer, RunningServer], media_dir: Path
):
    a, _ = two_nodes
    gateway = Gateway(a.url)
    async with asyncio.timeout(seconds(60)):
        async with ReplayPeer(options(a, media_dir / "no_face.mp4")) as peer:
            await peer.receive_reports(3)
            old_id = peer.session_id
            await note_moved(peer.resume_token, new_id("b"), gateway)
            stranger = await Gateway(a.url, "x" * 40).pass_on("GET", f"/sessions/{old_id}/events")
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{a.url}/sessions/{old_id}/events") as answer,
            ):
                plain = answer.headers

    assert MOVED_HEADER not in stranger.headers
    assert MOVED_HEADER not in plain
