"""Peers leave a node that is being drained for another one, through a gateway, and go on there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream.messages.http import OWNER_HEADER
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.session_ids import node_of
from tests.media.clusters import DEADLINE_S, RunningCluster, drain, fetch_json, running_cluster
from tests.media.sockets import jpegs_of, socket_peer


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RunningCluster]:
    with running_cluster(tmp_path, gateways=2) as running:
        yield running


@pytest.fixture
def unanalysed(tmp_path: Path) -> Iterator[RunningCluster]:
    """Nodes that start at once."""
    with running_cluster(tmp_path, gateways=2, workers=0) as running:
        yield running


async def until_no_new_sessions(cluster: RunningCluster, node: str) -> None:
    """Wait until both gateways know that a node is being drained."""
    async with asyncio.timeout(DEADLINE_S):
        for gateway in cluster.gateways:
            while True:
                ready = await fetch_json(f"{gateway.url}/readyz")
                if any("draining" in each for each in ready["impaired"]):
                    break
                await asyncio.sleep(0.05)
    assert node in cluster.nodes


async def test_a_peer_in_compatibility_mode_moves_with_its_state(cluster: RunningCluster, media_dir: Path):
    jpegs = jpegs_of(media_dir / "single_face.mp4", 12)
    async with socket_peer(cluster.url) as before, socket_peer(cluster.other_url) as after:
        opened = await before.open()
        old_node = node_of(opened["session_id"])
        for number, jpeg in enumerate(jpegs):
            await before.send(number, jpeg)
            report, _ = await before.next_frame()
        await drain(cluster.nodes[old_node])
        notice = await before.reply("notice")
        await until_no_new_sessions(cluster, old_node)
        moved = await after.open(resume=opened["resume"])
        await after.send(100, jpegs[-1])
        resumed, _ = await after.next_frame()
        closed = await before.wait_closed()

    assert notice["code"] == "move"
    assert moved["resumed"]
    assert node_of(moved["session_id"]) not in {old_node, ""}
    assert [face.id for face in resumed.faces] == [face.id for face in report.faces]
    assert resumed.seq == report.seq + 1
    assert closed == aiohttp.WSCloseCode.GOING_AWAY


async def test_programs_find_a_session_that_has_moved_by_its_first_id(unanalysed: RunningCluster):
    cluster = unanalysed
    async with socket_peer(cluster.url) as before, socket_peer(cluster.url) as after:
        opened = await before.open()
        old_node = node_of(opened["session_id"])
        await drain(cluster.nodes[old_node])
        await until_no_new_sessions(cluster, old_node)
        moved = await after.open(resume=opened["resume"])
        await before.wait_closed()
        address = f"{cluster.other_url}/sessions/{opened['session_id']}/events"
        headers = {OWNER_HEADER: opened["secret"]}
        async with aiohttp.ClientSession() as http, http.get(address, headers=headers) as events:
            async with asyncio.timeout(DEADLINE_S):
                first = await events.content.readuntil(b"\n\n")

    assert events.status == 200
    assert moved["session_id"].encode() in first


async def test_a_webrtc_peer_moves_without_losing_its_counters(cluster: RunningCluster, media_dir: Path):
    options = ReplayOptions(media_dir / "single_face.mp4", cluster.url, loop=True)
    async with ReplayPeer(options) as peer:
        await peer.receive_reports(20)
        old_node = node_of(peer.session_id)
        await drain(cluster.nodes[old_node])
        async with asyncio.timeout(DEADLINE_S):
            while node_of(peer.session_id) == old_node:  # noqa: ASYNC110 - nothing tells of a move
                await asyncio.sleep(0.05)
        await peer.receive_reports(20)
        async with aiohttp.ClientSession() as http, http.get(f"{cluster.url}/metrics") as response:
            metrics = await response.text()
        summary = peer.summary()

    assert summary.moves == 1
    assert 'facestream_gateway_moved_total{outcome="with_state"} 1.0' in metrics
