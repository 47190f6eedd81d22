"""Peers and followers of a cluster whose node is drained under them, through its gateways."""

import asyncio
import json
from pathlib import Path

import facestream
from facestream.messages.events import LiveEvent, SessionEnd, SessionStart
from facestream.messages.telemetry import Telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.session_ids import node_of
from tests.conftest import RunningServer
from tests.media.clusters import RunningCluster, drain, running_cluster
from tests.times import seconds

DEADLINE_S = seconds(60)


def node_with(cluster: RunningCluster, peer: ReplayPeer) -> RunningServer:
    return cluster.nodes[node_of(peer.session_id)]


async def test_a_replay_whose_node_is_drained_goes_on_at_another(tmp_path: Path, media_dir: Path):
    telemetry = tmp_path / "t.jsonl"
    with running_cluster(tmp_path / "cluster") as cluster:
        options = ReplayOptions(
            media_dir / "single_face.mp4", cluster.url, loop=True, duration_s=6.0, telemetry=telemetry,
            out=tmp_path / "out.mp4",
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE_S), ReplayPeer(options) as peer:
            await peer.receive_frames(20)
            before = node_with(cluster, peer)

            await drain(before)
            await peer.finish()

            assert node_with(cluster, peer) is not before
            assert peer.resumed

    summary = peer.summary()
    assert (summary.moves, summary.faces_seen) == (1, 1)
    assert summary.away_ms_max is not None
    assert [*peer.notices, *peer.unreadable, *peer.files.complaints()] == []
    reports = [json.loads(line) for line in telemetry.read_text().splitlines()]
    assert {face["id"] for report in reports for face in report["faces"]} == {1}


async def test_a_program_that_follows_a_session_by_its_first_id_follows_it_to_another_node(
    tmp_path: Path, media_dir: Path
):
    heard: list[LiveEvent] = []
    with running_cluster(tmp_path / "cluster", gateways=2) as cluster:
        options = ReplayOptions(media_dir / "single_face.mp4", cluster.url, loop=True)
        async with asyncio.timeout(DEADLINE_S), ReplayPeer(options) as peer:
            await peer.receive_frames(10)
            first = peer.session_id
            events = facestream.follow_events(cluster.other_url, first, secret=peer.secret)
            async for event in events:
                heard.append(event)
                starts = [each for each in heard if isinstance(each, SessionStart)]
                if len(heard) == 10:
                    await drain(node_with(cluster, peer))
                if len(starts) == 2 and isinstance(event, Telemetry):
                    break
            await events.aclose()
            now = peer.session_id

    assert [event.session_id for event in starts] == [first, now]
    assert [event.ending for event in heard if isinstance(event, SessionEnd)] == ["moved"]
