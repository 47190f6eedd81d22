"""Nodes of a cluster: a node is drained, and the state of its sessions goes to another one."""

import asyncio
from pathlib import Path

import aiohttp

from facestream.messages.cluster import NodeInfo
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
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
