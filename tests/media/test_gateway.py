"""Clients of a cluster, through one gateway and through another, with real nodes behind both."""

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from facestream.ice.trickle import FRAGMENT_TYPE
from facestream.messages.cluster import CLIENT_HEADER, GATEWAY_HEADER, LOCAL
from facestream.messages.http import OWNER_HEADER
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.session_ids import node_of
from tests.media.clusters import (
    DEADLINE_S,
    RunningCluster,
    fetch_json,
    running_cluster,
    running_gateway,
    wait_for_text,
)
from tests.media.sockets import SocketPeer, jpegs_of, socket_peer
from tests.times import seconds

FAR = "203.0.113.9"
MANY = 8
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), gateways=2) as running:
        yield running


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """Two nodes with one place each, that analyse nothing."""
    options = "--max-sessions", "1", "--new-sessions-per-minute", "6"
    with running_cluster(tmp_path_factory.mktemp("small"), workers=0, node_options=options) as running:
        yield running


def peer_of(url: str, media_dir: Path) -> ReplayPeer:
    return ReplayPeer(ReplayOptions(media_dir / "single_face.mp4", url, loop=True))


async def test_two_peers_are_served_by_two_nodes(cluster: RunningCluster, media_dir: Path):
    async with peer_of(cluster.url, media_dir) as first, peer_of(cluster.url, media_dir) as second:
        await first.receive_reports(5)
        await second.receive_reports(5)

        assert {node_of(first.session_id), node_of(second.session_id)} == {"n1", "n2"}


async def test_a_gateway_that_has_not_opened_a_session_passes_its_requests_on(
    cluster: RunningCluster, media_dir: Path
):
    async with peer_of(cluster.url, media_dir) as peer, aiohttp.ClientSession() as http:
        await peer.receive_reports(3)
        session = f"{cluster.other_url}/sessions/{peer.session_id}"
        owner = {OWNER_HEADER: peer.secret}
        async with http.get(f"{session}/events?landmarks_every_s=1", headers=owner) as events:
            assert (events.status, events.headers["X-Accel-Buffering"]) == (200, "no")
            async with http.post(f"{session}/markers", json={"name": "here"}, headers=owner) as marked:
                assert (marked.status, (await marked.json())["name"]) == (201, "here")
            async with http.patch(
                session, data=b"nonsense", headers={**owner, "Content-Type": FRAGMENT_TYPE}
            ) as patched:
                assert (patched.status, (await patched.json())["code"]) == (400, "bad_candidates")
            async with http.delete(session, headers={OWNER_HEADER: "wrong"}) as rejected:
                assert (rejected.status, (await rejected.json())["code"]) == (403, "not_your_session")
            async with http.delete(session, headers=owner) as deleted:
                assert deleted.status == 204
            async with asyncio.timeout(DEADLINE_S):
                received = await events.read()
        await peer.wait_closed()

    assert b"event: marker" in received
    assert b"event: end" in received


async def test_a_goodbye_reaches_the_node(cluster: RunningCluster, media_dir: Path):
    async with peer_of(cluster.url, media_dir) as peer, aiohttp.ClientSession() as http:
        await peer.receive_reports(1)
        address = f"{cluster.other_url}/sessions/{peer.session_id}/bye"
        async with http.post(address, data=peer.secret) as said:
            assert said.status == 204
        await peer.wait_closed()


async def test_a_socket_works_through_a_gateway(cluster: RunningCluster, media_dir: Path):
    async with socket_peer(cluster.url) as peer, aiohttp.ClientSession() as http:
        opened = await peer.open()
        for number, jpeg in enumerate(jpegs_of(media_dir / "single_face.mp4", 3)):
            await peer.send(number, jpeg)
            report, frame = await peer.next_frame()
            assert (len(report.faces), frame.time_ms) == (1, number)
        address = f"{cluster.other_url}/sessions/{opened['session_id']}"
        async with http.delete(address, headers={OWNER_HEADER: opened["secret"]}) as deleted:
            assert deleted.status == 204
        code = await peer.wait_closed()

    assert code == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_peer_resumes_its_session_through_another_gateway(cluster: RunningCluster):
    async with socket_peer(cluster.url) as peer:
        before = await peer.open()
    async with socket_peer(cluster.other_url) as peer:
        after = await peer.open(resume=before["resume"])

    assert node_of(after["session_id"]) == node_of(before["session_id"])


@pytest.mark.parametrize(
    "session_id", ["zz.AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA", "n1.short", "n1"]
)
async def test_a_session_of_no_node_is_not_found(cluster: RunningCluster, session_id: str):
    problem = await fetch_json(f"{cluster.url}/sessions/{session_id}/events", 404)

    assert problem["code"] == "no_such_session"


async def test_the_page_and_its_settings_come_through_the_gateway(cluster: RunningCluster):
    config = await fetch_json(f"{cluster.url}/config")
    async with aiohttp.ClientSession() as http, http.get(f"{cluster.url}/js/main.js") as script:
        assert script.status == 200

    assert config["models"]
    assert config["listens"] == "loopback"


async def test_an_admin_sees_the_sessions_of_all_nodes(cluster: RunningCluster):
    admin = {"Authorization": f"Bearer {cluster.admin_token}"}
    opened: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        # More than two: sessions of the tests before may just have ended at one node.
        while {node_of(each) for each in opened} != {"n1", "n2"} and len(opened) < MANY:
            peer = await stack.enter_async_context(socket_peer(cluster.url))
            opened.append((await peer.open())["session_id"])
        listed = await fetch_json(f"{cluster.other_url}/sessions", headers=admin)

    assert {node_of(each) for each in opened} == {"n1", "n2"}
    assert {each["id"] for each in listed["sessions"]} >= set(opened)
    assert listed["missing_nodes"] == []


async def test_the_metrics_of_all_nodes_are_one_exposition(cluster: RunningCluster):
    async with aiohttp.ClientSession() as http, http.get(f"{cluster.url}/metrics") as response:
        text = await response.text()

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert text.count("# TYPE facestream_sessions gauge") == 1
    assert {sample.labels["node"] for sample in families["facestream_sessions"].samples} == {"n1", "n2"}
    ready = [each for each in families["facestream_gateway_nodes"].samples if each.labels["state"] == "ready"]
    assert [each.value for each in ready] == [2]
    assert families["facestream_gateway_requests"].samples


async def test_no_media_pass_the_gateway(cluster: RunningCluster, media_dir: Path):
    async with peer_of(cluster.url, media_dir) as peer:
        await peer.receive_reports(3)
        pid = cluster.gateways[0].process.pid
        held = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
        rows = Path("/proc/net/udp").read_text().splitlines()[1:]

    assert not held & {f"socket:[{row.split()[9]}]" for row in rows}


async def test_sockets_that_no_node_takes_make_no_node_suspect(tmp_path: Path):
    options = "--websocket-fallback", "false"
    with running_cluster(tmp_path / "cluster", workers=0, node_options=options) as running:
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{running.url}/pictures") as socket:
            await socket.send_json({"type": "open"})
            refused = await socket.receive_json(timeout=DEADLINE_S)

        assert (refused["status"], refused["code"]) == (404, "compatibility_mode_off")
        async with aiohttp.ClientSession() as http, http.get(f"{running.url}/metrics") as response:
            failed = [line for line in (await response.text()).splitlines() if 'outcome="failed"' in line]
        assert failed == []
        assert (await fetch_json(f"{running.url}/healthz"))["nodes_serving"] == 2


async def test_a_full_cluster_says_when_to_try_again(small: RunningCluster):
    async with socket_peer(small.url) as first, socket_peer(small.url) as second:
        taken = [await first.open(), await second.open()]
        async with socket_peer(small.url) as third:
            refused = await third.open()

    assert {node_of(each["session_id"]) for each in taken} == {"n1", "n2"}
    assert (refused["status"], refused["code"]) == (503, "server_full")
    assert refused["retry_after_s"] > 0


async def test_an_offer_is_rejected_by_a_node_as_without_a_gateway(small: RunningCluster):
    async with aiohttp.ClientSession() as http, http.post(f"{small.url}/offer", json={"sdp": ""}) as rejected:
        problem = await rejected.json()

    assert (rejected.status, problem["code"]) == (400, "bad_offer")


async def test_a_limit_by_address_holds_for_each_client_and_not_for_the_gateway(small: RunningCluster):
    """The gateway allows 20 requests a minute, each node 6; this machine is a trusted proxy of the gateway."""
    async with aiohttp.ClientSession() as http:

        async def offer(address: str) -> int:
            headers = {**JSON, "X-Forwarded-For": address, "Authorization": f"Bearer {small.peer_token}"}
            async with http.post(f"{small.url}/offer", data=b"{}", headers=headers) as answer:
                return answer.status

        first = [await offer(FAR) for _ in range(13)]
        other = await offer("203.0.113.10")

    assert first.count(429) >= 1
    assert other == 400


@pytest.mark.parametrize(
    "forged",
    [
        {CLIENT_HEADER: LOCAL},
        {GATEWAY_HEADER: f"v1 1795830000 {'0' * 64}", CLIENT_HEADER: LOCAL},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
async def test_a_client_gains_nothing_by_the_headers_of_gateways(
    small: RunningCluster, forged: dict[str, str]
):
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{small.url}/offer", data=b"{}", headers={**JSON, **forged}) as answer,
    ):
        problem = await answer.json()

    assert (answer.status, problem["code"]) == (401, "token_required")


async def test_a_gateway_with_another_secret_says_so(small: RunningCluster, tmp_path: Path):
    (tmp_path / "secret").write_text("not the secret of this cluster of tests")
    urls = [node.url for node in small.nodes.values()]
    secret = "--cluster-secret-file", str(tmp_path / "secret")
    with running_gateway(tmp_path / "gateway.log", urls, *secret) as gateway:
        ready = await fetch_json(f"{gateway.url}/readyz", 503)
        problem = await fetch_json(f"{gateway.url}/config", 503)
        log = await wait_for_text(tmp_path / "gateway.log", "cluster_secret")

    assert "2 of 2 suspect" in ready["missing"][0]
    assert "expected the same cluster_secret" in ready["missing"][0]
    assert problem["code"] == "no_node"
    assert "127.0.0.1" not in json.dumps([ready, problem])
    assert log.count("rejects the signature") == 2


async def test_the_page_gets_its_settings_while_a_node_hangs(small: RunningCluster):
    for node in small.nodes.values():
        await wait_until_serving(small, 2)
        # It still accepts connections.
        node.process.send_signal(signal.SIGSTOP)
        try:
            # What the page waits for at most.
            async with asyncio.timeout(seconds(3)):
                await fetch_json(f"{small.url}/config")
        finally:
            node.process.send_signal(signal.SIGCONT)


async def wait_until_serving(cluster: RunningCluster, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await fetch_json(f"{cluster.url}/healthz"))["nodes_serving"] != count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def test_sessions_go_on_when_a_gateway_dies(tmp_path: Path, media_dir: Path):
    with running_cluster(tmp_path, nodes=("n1",), gateways=2) as cluster:
        async with peer_of(cluster.url, media_dir) as peer:
            await peer.receive_reports(3)
            cluster.gateways[0].process.kill()
            cluster.gateways[0].process.wait()
            await peer.receive_reports(20)
            listed = await fetch_json(f"{cluster.other_url}/healthz")

    assert listed["sessions"] == 1


async def test_the_death_of_a_node_touches_its_own_peers_only(tmp_path: Path):
    with running_cluster(tmp_path, workers=0) as cluster:
        async with socket_peer(cluster.url) as first, socket_peer(cluster.url) as second:
            peers: dict[str, SocketPeer] = {}
            for peer in (first, second):
                peers[node_of((await peer.open())["session_id"])] = peer
            gone, lives = peers["n1"], peers["n2"]
            headers = {OWNER_HEADER: gone.opened["secret"]}
            address = f"{cluster.url}/sessions/{gone.opened['session_id']}"
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{address}/events", headers=headers) as events,
            ):
                cluster.nodes["n1"].process.kill()
                async with asyncio.timeout(DEADLINE_S):
                    code = await gone.wait_closed()
                    with pytest.raises(aiohttp.ClientError):
                        await events.read()
                async with http.delete(address, headers=headers) as deleted:
                    problem = await deleted.json()
            await lives.socket.send_json({"type": "ping"})
            async with socket_peer(cluster.url) as resumed:
                opened = await resumed.open(resume=gone.opened["resume"])
            assert not lives.socket.closed

    assert code == aiohttp.WSCloseCode.GOING_AWAY
    assert (deleted.status, problem["code"]) == (502, "node_unreachable")
    assert node_of(opened["session_id"]) == "n2"
