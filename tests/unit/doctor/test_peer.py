"""What `doctor` advises after a round trip; tests/media/test_doctor.py makes real ones."""

import json
from typing import Any

import pytest
from yarl import URL

from facestream.doctor import peer
from facestream.doctor.findings import Verdict
from facestream.errors import ClipError, FacestreamError, ServerUnreachableError
from facestream.replay.summary import Latency, Summary


def summary(sent: int, received: int) -> Summary:
    return Summary(
        sent_frames=sent, received_frames=received, analysed_frames=received, dropped_frames=0, fps_received=25.0,
        setup_ms=100.0, first_frame_ms=200.0, latency_ms=Latency(), faces_seen=1, emotions={"neutral": 1.0},
        moves=0, away_ms_max=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "token_required", "facestream token` and pass it with --token-file"),
        (401, "token_expired", "facestream token` and pass it with --token-file"),
        (503, "server_full", "try again later"),
        (503, "", "try again later"),
        (429, "rate_limited", "try again later"),
        (403, "origin_not_allowed", "the server's log"),
        (502, "", "the proxy"),
    ],
)
def test_a_rejection_is_advised_on_by_its_status_and_not_by_udp(status: int, code: str, advice: str):
    remedy = peer._remedy(ServerUnreachableError("rejected the offer", status, code))

    assert advice in remedy
    assert "UDP" not in remedy


@pytest.mark.parametrize("error", [ServerUnreachableError("no connection was established"), ClipError("x")])
def test_udp_is_the_advice_where_no_http_response_says_more(error: FacestreamError):
    assert "UDP" in peer._remedy(error)


@pytest.mark.parametrize(("received", "verdict"), [(29, Verdict.WARNING), (30, Verdict.OK), (60, Verdict.OK)])
def test_a_warning_says_that_fewer_than_half_of_the_frames_were_received(received: int, verdict: Verdict):
    found = peer._media_finding(summary(60, received))

    assert found.verdict is verdict
    assert f"60 frames sent, {received} received" in found.found


async def _finding_of(check: Any, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `check` finds at a server that answers with this."""

    async def get(*_: Any) -> tuple[int, bytes]:
        return 200, json.dumps(said).encode()

    monkeypatch.setattr(peer, "_get", get)
    return await check(URL("http://127.0.0.1:8080"), None)


async def test_a_gateway_is_called_one_with_its_nodes(monkeypatch: pytest.MonkeyPatch):
    said = {"status": "ok", "sessions": 4, "nodes": 3, "nodes_serving": 2}

    found = await _finding_of(peer._reached, said, monkeypatch)

    assert found.found == "facestream, a gateway, nodes: 3 (2 can be asked), 4 sessions"


@pytest.mark.parametrize(
    ("impaired", "verdict"),
    [
        (["nodes: 1 of 2 suspect (connection refused)"], Verdict.WARNING),
        (["measuring the event loop"], Verdict.OK),
    ],
)
async def test_a_gateway_with_a_node_that_fails_gets_a_warning(
    impaired: list[str], verdict: Verdict, monkeypatch: pytest.MonkeyPatch
):
    said = {"ready": True, "missing": [], "impaired": impaired}

    found = await _finding_of(peer._ready, said, monkeypatch)

    assert found.verdict is verdict
    assert (impaired[0] in found.found) is (verdict is Verdict.WARNING)
