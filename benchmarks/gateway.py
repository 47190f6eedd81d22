"""Measure what a gateway costs beside its node: set-ups, events, frames over the WebSocket, memory; and media latency.

In turn, in one run: the node directly and through the gateway. Cost is the processor time of the gateway's process.
Media of WebRTC do not pass the gateway, so their latency through a cluster is compared with that of one plain server.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from aiortc import RTCPeerConnection

from benchmarks import measured, servers
from benchmarks.baselines.websocket_jpeg import as_jpegs
from benchmarks.calm import in_calm, wait_for_calm
from benchmarks.clips import TURN_S, face_clip, frames_of
from benchmarks.compatibility import send_jpeg_frames
from benchmarks.latency import WARM_UP_S
from benchmarks.measured import median, percentile, say
from benchmarks.peers import Window, sending
from benchmarks.processes import usage
from benchmarks.servers import Server
from facestream import __version__
from facestream.messages.cluster import NodeInfo
from facestream.messages.http import OWNER_HEADER
from facestream.replay.peer import ReplayPeer

NODE_IDS = "bench"
SECRET = "a secret for benchmarks, which nobody else has"
GATEWAY = ("-m", "facestream", "gateway", "--tls", "off", "--log-level", "WARNING")
EVENT_STREAMS = 6
NODES = 100


@dataclass(frozen=True, slots=True)
class Cluster:
    """A node, and a gateway before it."""

    node: Server
    gateway: Server

    def through(self, url: str) -> Server:
        """The node, reached at this URL."""
        return Server(url, self.node.pid, self.node.log)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """One node and one gateway, started as a user does."""
    with tempfile.TemporaryDirectory() as folder:
        known = secret_in(folder)
        with (
            servers.running((*servers.OURS, *known, "--node-id", NODE_IDS)) as node,
            servers.running((*GATEWAY, *known, "--nodes", node.url)) as gateway,
        ):
            yield Cluster(node, gateway)


async def offer_of_a_browser() -> dict[str, str]:
    """An offer like that of the page: one video each way, two data channels."""
    pc = RTCPeerConnection()
    try:
        pc.addTransceiver("video", direction="sendrecv")
        pc.createDataChannel("telemetry")
        pc.createDataChannel("control")
        await pc.setLocalDescription(await pc.createOffer())
        return {"sdp": pc.localDescription.sdp, "type": "offer"}
    finally:
        await pc.close()


async def set_up(http: aiohttp.ClientSession, url: str, offer: dict[str, str]) -> float:
    """Open a session and end it; returns the milliseconds until the answer."""
    began_s = time.monotonic()
    async with http.post(f"{url}/offer", json=offer) as response:
        answer = await response.json()
        took_ms = 1000 * (time.monotonic() - began_s)
        if response.status != 200:
            raise RuntimeError(f"the offer got HTTP {response.status}: {answer}")
    headers = {OWNER_HEADER: answer["secret"]}
    async with http.delete(f"{url}/sessions/{answer['session_id']}", headers=headers) as response:
        response.raise_for_status()
    return took_ms


async def set_ups(both: Cluster, count: int) -> dict[str, object]:
    """Offers and the ends of their sessions, alternately direct and through the gateway."""
    offer = await offer_of_a_browser()
    took_ms: dict[str, list[float]] = {"direct": [], "gateway": []}
    idle = await cpu_ms_per_s(both.gateway, 3.0)
    async with aiohttp.ClientSession() as http:
        for url in (both.node.url, both.gateway.url):
            await set_up(http, url, offer)
        began_s, before_s = time.monotonic(), cpu_s(both.gateway)
        for _ in range(count):
            took_ms["direct"].append(await set_up(http, both.node.url, offer))
            took_ms["gateway"].append(await set_up(http, both.gateway.url, offer))
        cpu_ms = 1000 * (cpu_s(both.gateway) - before_s) - idle * (time.monotonic() - began_s)
    return {
        "pairs": count,
        "answer_ms": {
            name: {"p50": percentile(each, 50), "p95": percentile(each, 95)} for name, each in took_ms.items()
        },
        "added_ms": round(statistics.median(took_ms["gateway"]) - statistics.median(took_ms["direct"]), 2),
        "gateway_cpu_ms_per_set_up": round(cpu_ms / count, 2),
        "note": "a set-up is an offer and a DELETE",
    }


def cpu_s(server: Server) -> float:
    """Processor time of the living threads of this process, to the nanosecond: a question takes less than a tick."""
    tasks = Path(f"/proc/{server.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def cpu_ms_per_s(server: Server, seconds: float) -> float:
    """Processor milliseconds that this process uses in a second, with what it does at the moment."""
    before_s, began_s = cpu_s(server), time.monotonic()
    await asyncio.sleep(seconds)
    return 1000 * (cpu_s(server) - before_s) / (time.monotonic() - began_s)


async def arrivals(http: aiohttp.ClientSession, url: str, into: dict[int, float]) -> None:
    """Follow a session; when each event arrived, by the hash of its text."""
    async with http.get(url, timeout=aiohttp.ClientTimeout(total=None)) as response:
        response.raise_for_status()
        async for line in response.content:
            if line.startswith(b"data: "):
                into[hash(line)] = time.monotonic()


@contextlib.asynccontextmanager
async def following(url: str, peer: ReplayPeer, streams: int) -> AsyncIterator[list[dict[int, float]]]:
    """So many listeners of one session; what has arrived at each."""
    seen: list[dict[int, float]] = [{} for _ in range(streams)]
    headers = {OWNER_HEADER: peer.secret}
    async with aiohttp.ClientSession(headers=headers) as http, asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(arrivals(http, f"{url}/sessions/{peer.session_id}/events", each), name="follow")
            for each in seen
        ]
        try:
            yield seen
        finally:
            for task in running:
                task.cancel()


async def questions(seconds: float) -> dict[str, object]:
    """An idle gateway that asks many nodes; they are one server of this process, which answers like a node."""

    async def answer(request: web.Request) -> web.Response:
        node = NodeInfo(
            node="n" + (request.url.host or "").rpartition(".")[2],
            version=__version__,
            sessions=3,
            max_sessions=16,
            places=5,
            frame_ms=9.5,
            fps=90,
            cores=2,
        )
        return web.json_response(text=node.to_json())

    app = web.Application()
    app.router.add_get("/node", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "0.0.0.0", 0)
        await site.start()
        port = runner.addresses[0][1]
        urls = [f"http://127.0.0.{number}:{port}" for number in range(1, NODES + 1)]
        with tempfile.TemporaryDirectory() as folder:
            known = secret_in(folder)
            nodes = [argument for url in urls for argument in ("--nodes", url)]
            # `running` waits without the loop of this process, which has to answer.
            with await asyncio.to_thread(_entered, servers.running((*GATEWAY, *known, *nodes))) as gateway:
                await asyncio.sleep(3.0)
                used = await cpu_ms_per_s(gateway, seconds)
    finally:
        await runner.cleanup()
    return {
        "nodes": NODES,
        "gateway_cpu_ms_per_s": round(used, 1),
        "gateway_cpu_ms_per_question": round(used / NODES, 3),
    }


@contextlib.contextmanager
def _left(stack: contextlib.ExitStack, server: Server) -> Iterator[Server]:
    with stack:
        yield server


def _entered(running: contextlib.AbstractContextManager[Server]) -> contextlib.AbstractContextManager[Server]:
    stack = contextlib.ExitStack()
    return _left(stack, stack.enter_context(running))


def secret_in(folder: str) -> tuple[str, str]:
    """The option that names the secret of the cluster, written into this folder."""
    secret = Path(folder) / "secret"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    secret.chmod(0o600)
    return "--cluster-secret-file", str(secret)


async def events(both: Cluster, seconds: float) -> dict[str, object]:
    """One peer, followed through the gateway by several listeners and by one directly."""
    async with sending(both.through(both.gateway.url), face_clip(), length_s=TURN_S) as group:
        (peer,) = group.peers
        alone = await cpu_ms_per_s(both.gateway, seconds)
        async with (
            following(both.node.url, peer, 1) as direct,
            following(both.gateway.url, peer, EVENT_STREAMS) as passed_on,
        ):
            await asyncio.sleep(1.0)
            before = sum(map(len, passed_on))
            used = await cpu_ms_per_s(both.gateway, seconds)
            messages_per_s = (sum(map(len, passed_on)) - before) / seconds
            late_ms = [
                1000 * (at_s - direct[0][event]) for event, at_s in passed_on[0].items() if event in direct[0]
            ]
    return {
        "streams": EVENT_STREAMS,
        "messages_per_s": round(messages_per_s, 1),
        "gateway_cpu_ms_per_message": round((used - alone) / messages_per_s, 4) if messages_per_s else None,
        "later_than_direct_ms": {"p50": median(late_ms), "p95": percentile(late_ms, 95)},
    }


async def jpeg_frames(both: Cluster, seconds: float) -> dict[str, object]:
    """A peer in compatibility mode, directly and through the gateway."""
    jpegs = await asyncio.to_thread(lambda: as_jpegs(frames_of(face_clip())))
    figures: dict[str, object] = {}
    idle = await cpu_ms_per_s(both.gateway, 3.0)
    for name, url in (("direct", both.node.url), ("gateway", both.gateway.url)):
        await send_jpeg_frames(url, jpegs, WARM_UP_S)
        before_s, began_s = cpu_s(both.gateway), time.monotonic()
        back = await send_jpeg_frames(url, jpegs, seconds)
        cpu_ms = 1000 * (cpu_s(both.gateway) - before_s) - idle * (time.monotonic() - began_s)
        delays_ms = [frame.delay_ms for frame in back]
        figures[name] = {
            "fps_back": round(len(back) / seconds, 1),
            "delay_ms": {"p50": percentile(delays_ms, 50), "p95": percentile(delays_ms, 95)},
            "gateway_cpu_ms_per_frame": round(cpu_ms / max(1, len(back)), 3),
        }
    return figures


async def latency(both: Cluster, plain: Server, args: argparse.Namespace) -> dict[str, object]:
    """Peers through the gateway, at its node directly, and at a server that is no node, in turn."""
    seconds, rounds = (3.0, 1) if args.quick else (15.0, 3)
    places = {
        "cluster": both.through(both.gateway.url),
        "node_directly": both.node,
        "plain_server": plain,
    }
    windows: dict[str, list[Window]] = {name: [] for name in places}

    def watched(server: Server) -> Callable[[], Awaitable[Window]]:
        async def watch() -> Window:
            async with sending(server, face_clip(), length_s=TURN_S if args.quick else None) as group:
                await group.watch(WARM_UP_S)
                return await group.watch(seconds)

        return watch

    for number in range(rounds):
        say(f"gateway: latency, round {number + 1} of {rounds}")
        for name, server in places.items():
            windows[name].append(await in_calm(watched(server), tries=1 if args.quick or args.hurry else 2))
    return {
        name: {
            "p50_ms": median([percentile(window.delays_ms, 50) or 0.0 for window in each]),
            "p95_ms": median([percentile(window.delays_ms, 95) or 0.0 for window in each]),
            "fps": min(min(window.fps_received) for window in each),
            "foreign_cores_worst": max(window.foreign_cores for window in each),
        }
        for name, each in windows.items()
    }


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Everything, with one cluster."""
    if not (args.hurry or args.quick):
        await wait_for_calm()
    seconds = 3.0 if args.quick else 15.0
    figures: dict[str, object] = {}
    figures["questions"] = await questions(seconds)
    say(f"gateway: questions {figures['questions']}")
    with cluster() as both:
        await asyncio.sleep(2.0)
        polling = await cpu_ms_per_s(both.gateway, 5.0 if args.quick else 30.0)
        figures["idle"] = {
            "gateway_rss_mb": usage(both.gateway.pid).own_rss_mb,
            "gateway_cpu_ms_per_s_with_one_node": round(polling, 2),
            "note": "an idle gateway asks its node once a second",
        }
        say(f"gateway: idle {figures['idle']}")
        figures["set_up"] = await set_ups(both, 10 if args.quick else 200)
        say(f"gateway: set-ups {figures['set_up']}")
        figures["events"] = await events(both, seconds)
        say(f"gateway: events {figures['events']}")
        figures["jpeg_frames"] = await jpeg_frames(both, seconds)
        say(f"gateway: frames {figures['jpeg_frames']}")
        with servers.running(servers.OURS) as plain:
            figures["latency"] = await latency(both, plain, args)
        figures["gateway_rss_mb_at_the_end"] = usage(both.gateway.pid).own_rss_mb
    return figures


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser((__doc__ or "").partition("\n")[0]).parse_args()
    measured.run("gateway", args, measure(args))


if __name__ == "__main__":
    main()
