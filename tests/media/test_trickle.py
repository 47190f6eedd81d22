"""Trickled candidates: PATCH /sessions/{id} of the real server, with the session of a real peer."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from facestream.ice.candidates import MAX_CANDIDATES, MAX_FRAGMENT_BYTES
from facestream.ice.trickle import FRAGMENT_TYPE
from facestream.replay import http as replay_http
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer

CANDIDATE = "a=candidate:1 1 udp 2122260223 8.8.8.8 50000 typ host\r\n"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its URL, its secret, its peer, and a fragment with the ICE user of the peer."""

    url: str
    secret: str
    peer: ReplayPeer
    fragment: str


@pytest.fixture
async def opened(server_url: str, media_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opened]:
    secrets: list[str] = []
    post_offer = replay_http.post_offer

    async def post_and_keep_secret(*given: object, **named: object) -> object:
        answer = await post_offer(*given, **named)  # type: ignore[arg-type]
        secrets.append(answer.secret)
        return answer

    monkeypatch.setattr(replay_http, "post_offer", post_and_keep_secret)
    options = ReplayOptions(media_dir / "single_face.mp4", server_url, loop=True)
    async with ReplayPeer(options) as peer:
        await peer.receive_frames(1)
        lines = peer.link.pc.localDescription.sdp.splitlines()
        user = [line for line in lines if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))]
        fragment = "\r\n".join([*dict.fromkeys(user), "m=video 9 X 0", "a=mid:0", ""])
        yield Opened(f"{server_url}/sessions/{peer.session_id}", secrets[0], peer, fragment)


async def patch(
    opened: Opened, body: str, kind: str = FRAGMENT_TYPE, secret: str | None = None
) -> tuple[int, str]:
    headers = {"Content-Type": kind, "X-Session-Secret": opened.secret if secret is None else secret}
    async with (
        aiohttp.ClientSession() as http,
        http.patch(opened.url, data=body.encode(), headers=headers) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize("candidates", ["", CANDIDATE, CANDIDATE * (MAX_CANDIDATES + 5)])
async def test_candidates_are_accepted_and_the_session_continues(opened: Opened, candidates: str):
    status, said = await patch(opened, opened.fragment + candidates + "a=end-of-candidates\r\n")

    assert (status, said) == (204, "")
    await opened.peer.receive_frames(3)


async def test_an_ice_restart_is_rejected_and_the_session_continues(opened: Opened):
    status, said = await patch(opened, "a=ice-ufrag:other\r\na=ice-pwd:other\r\n" + CANDIDATE)

    assert (status, json.loads(said)["code"]) == (422, "ice_restart_not_supported")
    assert "send a new offer" in said
    await opened.peer.receive_frames(3)


@pytest.mark.parametrize("secret", ["", "guess"])
async def test_only_the_peer_itself_may_add_candidates(opened: Opened, secret: str):
    status, _ = await patch(opened, opened.fragment + CANDIDATE, secret=secret)

    assert status == 403


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("hello", FRAGMENT_TYPE, 400, "bad_candidates"),
        ("hello", "text/plain", 415, "unsupported_media_type"),
        ("a=" + "x" * MAX_FRAGMENT_BYTES, FRAGMENT_TYPE, 413, "candidates_too_large"),
    ],
)
async def test_an_invalid_fragment_is_rejected_with_what_is_expected(
    opened: Opened, body: str, kind: str, status: int, code: str
):
    answered, said = await patch(opened, body, kind)

    assert (answered, json.loads(said)["code"]) == (status, code)
    assert "expected" in said
