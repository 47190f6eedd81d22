"""A session that cannot be started leaves nothing behind; a shortage of ports is logged once."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.errors import NoPortError
from facestream.ice.candidates import CandidatePolicy
from facestream.ice.servers import CredentialSource
from facestream.session_ids import node_of
from facestream.sessions.admission import DrainingError
from facestream.sessions.jpeg import JpegSession
from facestream.sessions.registry import SessionRegistry, Wishes
from facestream.sessions.resume import ResumeStates
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import Offer, parse_offer
from facestream.workers.pool import AnalysisPool
from tests.media.offers import read_offer


class SilentSocket:
    """A peer that sends nothing."""

    async def receive(self) -> str | bytes:
        await asyncio.Event().wait()
        raise ConnectionError

    async def send(self, message: str | bytes) -> None:
        pass

    async def close(self, reason: str) -> None:
        pass


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[SessionRegistry]:
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    made = SessionRegistry(Config(), pool, CredentialSource())
    yield made
    await made.close()


@pytest.fixture
def offer() -> Offer:
    body = json.dumps({"sdp": read_offer("chrome"), "type": "offer"}).encode()
    return parse_offer(body, CandidatePolicy(), Config().max_media_sections)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the WebRTC sessions that were closed."""
    ids: list[str] = []
    close = WebRtcSession.close

    async def note(session: WebRtcSession) -> None:
        await close(session)
        ids.append(session.id)

    monkeypatch.setattr(WebRtcSession, "close", note)
    return ids


async def answers(_session: WebRtcSession, _offer: Offer) -> str:
    return "v=0"


async def lacks_a_port(_session: WebRtcSession, _offer: Offer) -> str:
    raise NoPortError("no free media port")


def fails(*_args: object) -> None:
    raise RuntimeError("injected")


async def test_ids_and_resume_tokens_name_the_node_and_secrets_do_not(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    of_node = SessionRegistry(Config(), pool, CredentialSource(), node="n7")

    session = of_node.open_jpeg(SilentSocket(), Wishes())

    assert node_of(session.id) == node_of(session.resume_token) == "n7"
    assert node_of(session.secret) == ""
    assert "." not in session.secret, "a secret says nothing"
    await of_node.close()


async def test_an_offer_that_is_being_accepted_when_the_server_stops_is_rejected(
    registry: SessionRegistry, offer: Offer, closed: list[str], monkeypatch: pytest.MonkeyPatch
):
    async def stops_meanwhile(_session: WebRtcSession, _offer: Offer) -> str:
        await registry.close()
        return "v=0"

    monkeypatch.setattr(WebRtcSession, "accept", stops_meanwhile)

    with pytest.raises(DrainingError):
        await registry.open(offer)

    assert (len(registry), len(closed)) == (0, 1)
    assert registry.measures.opened["webrtc"] == 0


async def test_a_socket_that_opens_while_the_server_stops_is_rejected(registry: SessionRegistry):
    await registry.close()

    with pytest.raises(DrainingError):
        registry.open_jpeg(SilentSocket(), Wishes())

    assert len(registry) == 0


async def test_a_fault_at_the_start_of_a_session_closes_it(
    registry: SessionRegistry, offer: Offer, closed: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(WebRtcSession, "accept", answers)
    monkeypatch.setattr(ResumeStates, "take", fails)

    with pytest.raises(RuntimeError, match="injected"):
        await registry.open(offer)

    assert (len(registry), len(closed)) == (0, 1)


async def test_a_fault_at_the_start_of_a_jpeg_session_removes_it(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ResumeStates, "take", fails)

    with pytest.raises(RuntimeError, match="injected"):
        registry.open_jpeg(SilentSocket(), Wishes())

    assert len(registry) == 0


async def test_a_jpeg_session_is_removed_at_a_fault_of_its_own(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(JpegSession, "resume", fails)
    monkeypatch.setattr(ResumeStates, "take", lambda *_args: SimpleNamespace(state=object(), lineage=()))

    with pytest.raises(RuntimeError, match="injected"):
        registry.open_jpeg(SilentSocket(), Wishes())

    assert len(registry) == 0


async def test_a_shortage_of_ports_is_logged_once_until_an_offer_is_answered(
    registry: SessionRegistry,
    offer: Offer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    logged = []
    for accept in (lacks_a_port, lacks_a_port, answers, lacks_a_port):
        monkeypatch.setattr(WebRtcSession, "accept", accept)
        if accept is answers:
            monkeypatch.setattr(SessionRegistry, "_start", lambda *_args: None)
            await (await registry.open(offer))[0].close()
        else:
            with pytest.raises(NoPortError):
                await registry.open(offer)
        logged.append(caplog.text.count("no UDP port"))

    assert logged == [1, 1, 1, 2]
