"""The events of a session of the real server: who may follow it, what arrives, and what a resumed session continues."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from facestream.credentials.tokens import Purpose, issue
from facestream.messages.events import LiveEvent, Marker, MarkerNote, SessionEnd, SessionStart, decode_event
from facestream.messages.http import OWNER_HEADER
from facestream.messages.telemetry import Telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.sessions.markers import MARKERS_AT_ONCE
from facestream.web.http.slow_readers import STUCK_S
from tests.guarded import Guarded, guarded_server
from tests.times import seconds

DEADLINE_S = seconds(20)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_server(tmp_path_factory.mktemp("followed"), "--auth", "token") as running:
        yield running


def options(guarded: Guarded, media_dir: Path) -> ReplayOptions:
    return ReplayOptions(media_dir / "single_face.mp4", guarded.url, loop=True, token=guarded.token)


@pytest.fixture
async def peer(guarded: Guarded, media_dir: Path) -> AsyncIterator[ReplayPeer]:
    async with ReplayPeer(options(guarded, media_dir)) as connected:
        await connected.receive_reports(3)
        yield connected


@asynccontextmanager
async def listening(
    peer: ReplayPeer, session_id: str = "", **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/sessions/{session_id or peer.session_id}/events"
    async with aiohttp.ClientSession() as http, http.get(f"{peer.url}{path}", headers=named) as response:
        yield response


async def events_in(response: aiohttp.ClientResponse) -> AsyncIterator[LiveEvent]:
    name = ""
    async for line in response.content:
        field, _, value = line.decode().strip().partition(": ")
        if field == "event":
            name = value
        elif field == "data" and (event := decode_event(name, value)):
            yield event


async def first_events(response: aiohttp.ClientResponse, count: int) -> list[LiveEvent]:
    got: list[LiveEvent] = []
    async with asyncio.timeout(DEADLINE_S):
        async for event in events_in(response):
            got.append(event)
            if len(got) == count:
                break
    return got


async def test_the_owner_gets_every_message_and_the_end(peer: ReplayPeer):
    async with listening(peer, **{OWNER_HEADER: peer.secret}) as response:
        start, *frames = await first_events(response, 20)
        reports = await peer.receive_reports(20)
        peer.send_control('{"type":"bye"}')
        async with asyncio.timeout(DEADLINE_S):
            rest = [event async for event in events_in(response)]

    assert start == SessionStart(session_id=peer.session_id)
    seqs = [frame.seq for frame in frames if isinstance(frame, Telemetry)]
    assert seqs == [*range(seqs[0], seqs[0] + 19)]
    by_seq = {report.seq: report for report in reports}
    assert [by_seq[frame.seq] for frame in frames if isinstance(frame, Telemetry) and frame.seq in by_seq]
    assert all(
        frame in by_seq.values() for frame in frames if isinstance(frame, Telemetry) and frame.seq in by_seq
    )
    assert rest[-1] == SessionEnd(ending="goodbye")


async def test_an_admin_may_follow_any_session(guarded: Guarded, peer: ReplayPeer):
    async with listening(peer, Authorization=f"Bearer {guarded.admin_token}") as response:
        start, frame = await first_events(response, 2)

    assert (type(start), type(frame)) == (SessionStart, Telemetry)


@pytest.mark.parametrize("secret", ["guess", "\u00e4"])
async def test_no_other_client_may(guarded: Guarded, peer: ReplayPeer, secret: str):
    headers = {OWNER_HEADER: secret, "Authorization": f"Bearer {guarded.token}"}
    async with listening(peer, **headers) as response:
        problem = await response.json(content_type="application/problem+json")

    assert (response.status, problem["code"]) == (403, "not_your_session")


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("", 403, "not_your_session"),
        ("of a peer", 403, "not_an_admin"),
        ("expired", 401, "token_expired"),
        ("abc", 401, "token_wrong"),
    ],
)
async def test_a_client_without_the_secret_learns_what_is_wrong_with_its_token(
    guarded: Guarded, peer: ReplayPeer, token: str, status: int, code: str
):
    tokens = {"of a peer": guarded.token, "expired": issue(guarded.key, Purpose.ADMIN, "an-admin", -1)}
    headers = {"Authorization": f"Bearer {tokens.get(token, token)}"} if token else {}
    async with listening(peer, **headers) as response:
        problem = await response.json(content_type="application/problem+json")

    assert (response.status, problem["code"]) == (status, code)


async def test_a_session_that_does_not_exist_has_no_events(peer: ReplayPeer):
    async with listening(peer, "nobody", **{OWNER_HEADER: peer.secret}) as response:
        problem = await response.json(content_type="application/problem+json")

    assert (response.status, problem["code"]) == (404, "no_such_session")


async def test_a_head_request_has_no_response_without_an_end(peer: ReplayPeer):
    async with aiohttp.ClientSession() as http, http.head(f"{peer.url}/sessions/x/events") as response:
        assert response.status == 405


async def mark(peer: ReplayPeer, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    url = f"{peer.url}/sessions/{peer.session_id}/markers"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    async with aiohttp.ClientSession() as http, http.post(url, data=content, headers=named) as response:
        return response.status, await response.json(content_type=None)


async def test_a_marker_reaches_the_peer_and_everybody_who_listens(guarded: Guarded, peer: ReplayPeer):
    owner = {OWNER_HEADER: peer.secret}
    async with listening(peer, **owner) as response:
        before = (await peer.receive_reports(1))[0]
        status, marked = await mark(peer, {"name": "cat 7", "note": "left \u201cside\u201d"}, **owner)
        _, by_admin = await mark(peer, {"name": "end"}, Authorization=f"Bearer {guarded.admin_token}")
        async with asyncio.timeout(DEADLINE_S):
            markers = []
            async for event in events_in(response):
                if isinstance(event, Marker):
                    markers.append(event)
                    if len(markers) == 2:
                        break
            while (reply := await peer.receive_reply()).type != "marker":
                pass
    after = (await peer.receive_reports(3))[-1]

    assert status == 201
    assert marked == {"id": 1, "name": "cat 7", "note": "left \u201cside\u201d", "pts": markers[0].pts}
    assert before.pts <= markers[0].pts <= after.pts
    assert markers == [Marker.model_validate(each) for each in (marked, by_admin)]
    assert (reply.name, reply.note, reply.pts) == ("cat 7", "left \u201cside\u201d", markers[0].pts)
    assert "cat 7" not in guarded.server.log.read_text()


async def test_a_marker_is_in_the_telemetry_file_of_a_replay(
    guarded: Guarded, media_dir: Path, tmp_path: Path
):
    telemetry = tmp_path / "telemetry.jsonl"
    async with ReplayPeer(replace(options(guarded, media_dir), telemetry=telemetry)) as peer:
        await peer.receive_reports(1)
        _, marked = await mark(peer, {"name": "cat 7", "note": "left"}, **{OWNER_HEADER: peer.secret})
        while (await peer.receive_reply()).type != "marker":
            pass
        await peer.receive_reports(3)

    lines = [json.loads(line) for line in telemetry.read_text().splitlines()]
    del marked["id"]  # the peer's message has none
    assert [line for line in lines if "type" in line] == [{"type": "marker", **marked}]
    assert "type" not in lines[-1]


async def test_a_marker_of_the_peer_reaches_everybody_else(peer: ReplayPeer):
    async with listening(peer, **{OWNER_HEADER: peer.secret}) as response:
        await first_events(response, 1)
        peer.send_control('{"type":"marker","name":"stimulus-start"}')
        peer.send_control('{"type":"ping","id":5}')
        async with asyncio.timeout(DEADLINE_S):
            marker = await anext(event async for event in events_in(response) if isinstance(event, Marker))
            replies = [await peer.receive_reply()]
            while replies[-1].id != 5:
                replies.append(await peer.receive_reply())

    assert marker.name == "stimulus-start"
    assert "marker" not in {reply.type for reply in replies}


async def test_a_note_that_the_peer_sends_later_names_its_marker(peer: ReplayPeer):
    async with listening(peer, **{OWNER_HEADER: peer.secret}) as response:
        await first_events(response, 1)
        peer.send_control('{"type":"marker","name":"marker","id":7}')
        peer.send_control('{"type":"marker_note","id":7,"note":"left"}')
        peer.send_control('{"type":"marker_note","id":7,"note":"right"}')
        async with asyncio.timeout(DEADLINE_S):
            markers = [event async for event in _first_two_markers(response)]
            replies = [await peer.receive_reply() for _ in range(3)]

    marker, noted = markers
    assert isinstance(marker, Marker)
    assert (marker.id, marker.note) == (1, "")
    assert noted == MarkerNote(id=1, name="marker", note="left", pts=marker.pts)
    assert [(reply.type, reply.id, reply.code) for reply in replies[-2:]] == [
        ("marker_note", 7, ""),
        ("error", 0, "no_such_marker"),
    ]


async def _first_two_markers(response: aiohttp.ClientResponse) -> AsyncIterator[LiveEvent]:
    count = 0
    async for event in events_in(response):
        if isinstance(event, Marker | MarkerNote):
            yield event
            count += 1
            if count == 2:
                return


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": ""}, 400, "bad_marker"),
        ({"name": "a\nb"}, 400, "bad_marker"),
        ({"name": "a\x1b[2Jb"}, 400, "bad_marker"),
        ({"name": "a", "note": "\x00"}, 400, "bad_marker"),
        ({"name": "x" * 101}, 400, "bad_marker"),
        ({"name": "x", "time": 3}, 400, "bad_marker"),
        (b'{"name": "\\ud800"}', 400, "bad_marker"),
        (b"[", 400, "bad_marker"),
        ({"name": "x", "note": "y" * 9000}, 413, "body_too_large"),
    ],
)
async def test_a_bad_marker_is_rejected(peer: ReplayPeer, body: object, status: int, code: str):
    got, problem = await mark(peer, body, **{OWNER_HEADER: peer.secret})

    assert (got, problem["code"]) == (status, code)


async def test_others_may_not_mark(guarded: Guarded, peer: ReplayPeer):
    got, problem = await mark(peer, {"name": "x"}, Authorization=f"Bearer {guarded.token}")

    assert (got, problem["code"]) == (403, "not_an_admin")


async def test_a_flood_of_markers_is_rejected(peer: ReplayPeer):
    got = [
        await mark(peer, {"name": "x"}, **{OWNER_HEADER: peer.secret}) for _ in range(MARKERS_AT_ONCE + 30)
    ]

    assert [status for status, _ in got[:MARKERS_AT_ONCE]] == [201] * MARKERS_AT_ONCE
    assert (429, "too_many_markers") in {(status, problem.get("code")) for status, problem in got}


async def test_the_id_and_secret_lead_to_the_session_that_continues_it(
    guarded: Guarded, media_dir: Path, peer: ReplayPeer
):
    owner = {OWNER_HEADER: peer.secret}
    async with listening(peer, **owner) as response:
        await first_events(response, 1)
        async with ReplayPeer(options(guarded, media_dir), resume=peer.resume_token) as continuing:
            await continuing.receive_reports(1)
            async with asyncio.timeout(DEADLINE_S):
                ended = [event async for event in events_in(response)][-1]
            async with listening(peer, **owner) as again:
                start, frame = await first_events(again, 2)

    assert ended == SessionEnd(ending="resumed")
    assert start == SessionStart(session_id=continuing.session_id)
    assert isinstance(frame, Telemetry)


async def test_a_listener_that_does_not_read_delays_no_frame(peer: ReplayPeer):
    address = urlsplit(str(peer.url))
    lines = (
        f"GET /sessions/{peer.session_id}/events HTTP/1.1",
        "Host: localhost",
        f"{OWNER_HEADER}: {peer.secret}",
    )
    head = "\r\n".join((*lines, "", ""))
    stuck = [socket.socket() for _ in range(8)]
    for connected in stuck:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connected.connect((address.hostname, address.port))
        connected.sendall(head.encode())
    await peer.receive_reports(5)

    reports = await peer.receive_reports(60)
    for connected in stuck:
        connected.close()

    # Generous, because other tests share the cores: who waits for a listener waits until it is disconnected.
    gaps_s = [after.pts - before.pts for before, after in itertools.pairwise(reports)]
    assert max(gaps_s) < min(seconds(3), STUCK_S / 2)
