"""Gateways in front of a Ray cluster: where peers go, and whom a death touches."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from facestream.messages.http import OWNER_HEADER
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.session_ids import node_of
from tests.cluster.conftest import (
    RayCluster,
    actor_of,
    descendants,
    kill,
    running_cluster,
    wait_gone,
)
from tests.conftest import RunningServer, running_server
from tests.media.clusters import GATEWAY_PROGRAM, fetch_json
from tests.times import seconds

pytestmark = pytest.mark.timeout(240)

CLIP_WH = (320, 240)
CLIP_FPS = 5
"""Twelve peers and three nodes share the processors of this machine."""
SMALL = {"FACESTREAM_MAX_SESSIONS": "6"}
"""Otherwise nodes that know how cheap these frames are have more places than a new one presumes."""
UNEVEN = 2
"""A question to a node may overtake an offer, so a gateway may know of one place too many, or too few."""
AWAY_MS = 1500.0
"""So long no frame may come while a peer moves."""
DEADLINE_S = seconds(60)


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster of three nodes with two gateways."""

    cluster: RayCluster
    nodes: list[str]
    """Ray's ids."""
    gateways: list[RunningServer]
    clip: Path

    def peer(self, gateway: int = 0) -> ReplayPeer:
        """A peer that sends a small clip without end."""
        return ReplayPeer(ReplayOptions(self.clip, self.gateways[gateway].url, loop=True))

    def row(self, server: str) -> dict[str, Any]:
        """What `cluster status` says of the node with the server of this id."""
        return next(
            row for row in self.cluster.status().values() if row["node"] and row["node"]["node"] == server
        )

    async def ready(self, nodes: int, gateway: int = 0) -> None:
        """Start what a test has drained, and wait until a gateway has so many nodes."""
        await asyncio.to_thread(self.cluster.run, "up")
        async with asyncio.timeout(DEADLINE_S):
            while await self._serving(gateway) != nodes:  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0.1)

    async def _serving(self, gateway: int) -> int:
        health = await fetch_json(f"{self.gateways[gateway].url}/healthz")
        return int(health["nodes_serving"])


def small_clip(path: Path) -> Path:
    """Two seconds of noise that changes slowly."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS)
        stream.width, stream.height = CLIP_WH
        stream.pix_fmt = "yuv420p"
        for number in range(2 * CLIP_FPS):
            plane = np.full((CLIP_WH[1], CLIP_WH[0], 3), 40 + 10 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(plane, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, CLIP_FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running_cluster(folder / "ray.log") as cluster, contextlib.ExitStack() as stack:
        nodes = [cluster.add_node(**SMALL) for _ in range(3)]
        up = cluster.run("up")
        assert up.returncode == 0, up.stdout + up.stderr
        gateways = [
            stack.enter_context(
                running_server(
                    folder / f"gateway{number}.log", "--nodes", "ray",
                    program=GATEWAY_PROGRAM, environment=cluster.environment, steady=("--tls", "off"),
                )
            )
            for number in range(2)
        ]  # fmt: skip
        yield Site(cluster, nodes, gateways, small_clip(folder / "clip.mp4"))


@contextlib.asynccontextmanager
async def peers_of(site: Site, count: int) -> AsyncIterator[list[ReplayPeer]]:
    """So many peers that connect at once."""
    made = [site.peer() for _ in range(count)]
    try:
        # All of them, also if one fails: what is open must be closed.
        entered = await asyncio.gather(*(peer.__aenter__() for peer in made), return_exceptions=True)
        assert [error for error in entered if isinstance(error, BaseException)] == []
        yield made
    finally:
        await asyncio.gather(*(peer.close() for peer in made), return_exceptions=True)


def spread_of(peers: list[ReplayPeer]) -> Counter[str]:
    """How many sessions each node has."""
    return Counter(node_of(peer.session_id) for peer in peers)


async def test_twelve_offers_at_once_are_spread_and_a_drain_moves_the_peers(site: Site):
    await site.ready(3)
    async with peers_of(site, 12) as peers:
        spread = spread_of(peers)
        assert len(spread) == 3
        assert max(spread.values()) - min(spread.values()) <= UNEVEN, spread
        await asyncio.gather(*(peer.receive_frames(2) for peer in peers))
        drained = min(spread_of(peers))
        leaving = [peer for peer in peers if node_of(peer.session_id) == drained]

        ended = await asyncio.to_thread(
            site.cluster.run, "drain", site.row(drained)["name"], "--deadline-s", "30"
        )

        assert ended.returncode == 0, ended.stderr
        assert len(spread_of(peers)) == 2
        assert drained not in spread_of(peers)
        assert [peer.summary().moves for peer in leaving] == [1] * spread[drained]
        away_ms = [peer.summary().away_ms_max for peer in leaving]
        assert all(away is not None and away <= seconds(AWAY_MS) for away in away_ms), away_ms
        stayed = [peer for peer in peers if peer not in leaving]
        assert all(peer.summary().moves == 0 for peer in stayed)
        await asyncio.gather(*(peer.receive_frames(2) for peer in peers))


def elsewhere(peers: list[ReplayPeer]) -> list[ReplayPeer]:
    """The peers that are not on the node of the first one."""
    found = [peer for peer in peers if node_of(peer.session_id) != node_of(peers[0].session_id)]
    assert found
    return found


async def test_a_killed_actor_touches_its_own_peers_only(site: Site):
    await site.ready(3)
    async with peers_of(site, 6) as peers:
        hit, others = peers[0], elsewhere(peers)
        row = site.row(node_of(hit.session_id))
        await asyncio.gather(*(peer.receive_frames(2) for peer in peers))

        kill(actor_of(row["pid"]))

        await hit.wait_closed(DEADLINE_S)
        await asyncio.gather(*(peer.receive_frames(5) for peer in others))
        assert not any(peer.notices for peer in others)
    await site.ready(3)


async def test_a_killed_raylet_touches_its_own_peers_only(site: Site):
    await site.ready(3)
    async with peers_of(site, 6) as peers:
        hit, others = peers[0], elsewhere(peers)
        row = site.row(node_of(hit.session_id))
        gone = {row["pid"], actor_of(row["pid"]), *descendants(row["pid"])}
        await asyncio.gather(*(peer.receive_frames(2) for peer in peers))

        await asyncio.to_thread(site.cluster.kill_node, row["id"])

        await hit.wait_closed(DEADLINE_S)
        await asyncio.gather(*(peer.receive_frames(5) for peer in others))
        assert not any(peer.notices for peer in others)
    wait_gone(gone)
    await asyncio.to_thread(site.cluster.add_node, **SMALL)
    await site.ready(3)


async def test_a_killed_gateway_touches_no_peer_and_another_one_serves_its_sessions(site: Site):
    await site.ready(3, gateway=1)
    async with site.peer() as peer:
        await peer.receive_frames(2)

        site.gateways[0].process.kill()
        site.gateways[0].process.wait()

        await peer.receive_frames(5)
        assert not peer.notices
        url = f"{site.gateways[1].url}/sessions/{peer.session_id}"
        async with (
            aiohttp.ClientSession() as http,
            http.delete(url, headers={OWNER_HEADER: peer.secret}) as answer,
        ):
            assert answer.status == 204
        await peer.wait_closed(DEADLINE_S)


async def test_a_node_that_is_added_under_load_gets_the_next_peers(site: Site):
    await site.ready(3, gateway=1)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(9):
            await stack.enter_async_context(site.peer(gateway=1))
        made = await asyncio.to_thread(site.cluster.add_node, **SMALL)
        await site.ready(4, gateway=1)
        server = site.cluster.status()[made]["node"]["node"]

        more = [await stack.enter_async_context(site.peer(gateway=1)) for _ in range(6)]

        assert server in spread_of(more)
    await asyncio.to_thread(site.cluster.kill_node, made)
