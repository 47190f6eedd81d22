"""Candidates of an offer and later ones count towards the same limit; replies that cannot be sent are dropped."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCIceCandidate, RTCPeerConnection, VideoStreamTrack
from aiortc.exceptions import InvalidStateError

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.candidates import CandidatePolicy
from facestream.media.threads import MediaThreads
from facestream.metrics import Measures
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import parse_offer
from facestream.workers.pool import AnalysisPool

MAX_CANDIDATES = 20
REJECTED = "a=candidate:1 1 udp 2122260223 192.168.0.{} 50000 typ host"
ADMITTED = "a=candidate:1 1 udp 2122260223 8.8.8.{} 50000 typ host"


@pytest.fixture(autouse=True)
def _offer_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
async def offer_lines() -> AsyncIterator[list[str]]:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTrack(VideoStreamTrack())
    await pc.setLocalDescription(await pc.createOffer())
    yield [line for line in pc.localDescription.sdp.splitlines() if "candidate" not in line]
    await pc.close()


@pytest.mark.parametrize("line", [ADMITTED, REJECTED])
async def test_every_candidate_of_an_offer_counts_towards_the_limit(
    offer_lines: list[str], line: str, monkeypatch: pytest.MonkeyPatch
):
    offered = [line.format(number) for number in range(15)]
    body = json.dumps({"sdp": "\r\n".join([*offer_lines, *offered, ""]), "type": "offer"}).encode()
    user = [line for line in offer_lines if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))]
    later = [ADMITTED.format(100 + number) for number in range(10)]
    policy = CandidatePolicy(most=MAX_CANDIDATES)
    added: list[RTCIceCandidate] = []

    async def add(_pc: RTCPeerConnection, candidate: RTCIceCandidate) -> None:
        added.append(candidate)

    with MediaThreads(1, "test") as drawing:
        pool = AnalysisPool(Path(), AnalysisOptions(), 0, 1)
        session = WebRtcSession(Config(), pool, drawing, Measures())
        try:
            await session.accept(parse_offer(body, policy, Config().max_media_sections))
            monkeypatch.setattr(RTCPeerConnection, "addIceCandidate", add)
            await session.trickle("\r\n".join([*user, *later, ""]).encode(), policy)
        finally:
            await session.close()

    assert len(added) == MAX_CANDIDATES - len(offered)


class ClosedChannel:
    """A data channel that accepts no message."""

    label = "control"
    readyState = "open"  # noqa: N815 - the name is RTCDataChannel's
    bufferedAmount = 0  # noqa: N815

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tried = 0

    def on(self, event: str, handler: object) -> None:
        pass

    def send(self, message: str) -> None:
        self.tried += 1
        raise self.error


@pytest.mark.parametrize("error", [ValueError("too long"), ConnectionError(), InvalidStateError()])
async def test_a_reply_that_the_channel_does_not_accept_is_dropped(error: Exception):
    channel = ClosedChannel(error)
    with MediaThreads(1, "test") as drawing:
        pool = AnalysisPool(Path(), AnalysisOptions(), 0, 1)
        session = WebRtcSession(Config(), pool, drawing, Measures())
        try:
            session._on_datachannel(channel)  # type: ignore[arg-type]  # the part of a channel that is used
        finally:
            await session.close()

    assert channel.tried == 1
