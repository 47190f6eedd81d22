"""Measure what a thousand sessions leave behind, half of which disconnect without telling the server."""

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import aiohttp

from benchmarks import measured, servers
from benchmarks.clips import TURN_S, face_clip
from benchmarks.measured import say
from benchmarks.peers import encoded_track_factory
from benchmarks.processes import usage
from benchmarks.servers import Server
from facestream import aiortc_patches
from facestream.errors import ServerUnreachableError
from facestream.replay.connection import ReceiveMode
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer

AT_ONCE = 4
FRAMES = 3
SESSION_DEADLINE_S = 30.0
SETTLE_DEADLINE_S = 30.0
MAX_SESSIONS = 300
"""Disconnected peers count as sessions until the server notices."""
BASELINE_AFTER = 100


class Churn:
    """Opens and ends sessions, every second one without telling the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._make_track = encoded_track_factory(face_clip(), TURN_S)
        self.begun = 0
        self.failures: list[str] = []

    async def run(self, sessions: int) -> None:
        """Run this many more sessions, a few at a time."""
        until = self.begun + sessions
        async with asyncio.TaskGroup() as tasks:
            for number in range(AT_ONCE):
                tasks.create_task(self._take_turns(until), name=f"churn/{number}")

    async def _take_turns(self, until: int) -> None:
        while self.begun < until:
            self.begun += 1
            vanishes = self.begun % 2 == 0
            try:
                async with asyncio.timeout(SESSION_DEADLINE_S):
                    await self._one(vanishes=vanishes)
            except (ServerUnreachableError, TimeoutError) as error:
                self.failures.append(str(error) or "timeout")

    async def _one(self, *, vanishes: bool) -> None:
        options = ReplayOptions(face_clip(), self._server.url, codec="h264")
        async with ReplayPeer(options, self._make_track, ReceiveMode.COUNT) as peer:
            await peer.receive_reports(FRAMES)
            if vanishes:
                await peer.vanish()


async def settled(server: Server, lines: Path) -> dict[str, object]:
    """Wait until no session is left; returns what the server then uses."""
    deadline_s = time.monotonic() + SETTLE_DEADLINE_S
    sessions = -1
    async with aiohttp.ClientSession() as http:
        while sessions and time.monotonic() < deadline_s:
            await asyncio.sleep(0.5)
            async with http.get(f"{server.url}/healthz") as response:
                sessions = (await response.json())["sessions"]
    await asyncio.sleep(2.5)  # the server writes a line per second
    return {"sessions": sessions, "tasks": _tasks(lines), **asdict(usage(server.pid))}


def _tasks(lines: Path) -> int:
    """The last line of the server."""
    return int(json.loads(lines.read_text(encoding="utf-8").splitlines()[-1])["tasks"])


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Measure before, after the first hundred sessions, and at the end."""
    aiortc_patches.apply()
    total, first = (20, 10) if args.quick else (args.sessions, BASELINE_AFTER)
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "seconds.jsonl"
        command = (*servers.MONITORED, "--seconds-to", str(lines), "--max-sessions", str(MAX_SESSIONS))
        with servers.running(command) as server:
            idle = await settled(server, lines)
            churn = Churn(server)
            began_s = time.monotonic()
            await churn.run(first)
            after_first = await settled(server, lines)
            steps = [after_first]
            while churn.begun < total:
                await churn.run(min(first, total - churn.begun))
                say(
                    f"churn: {churn.begun} of {total}, {len(churn.failures)} failed, {usage(server.pid).own_rss_mb} MB"
                )
                if churn.begun % 300 == 100:
                    steps.append(await settled(server, lines))
            end = await settled(server, lines)
    own_mb = [float(str(at["own_rss_mb"])) for at in (after_first, end)]
    return {
        "sessions": churn.begun,
        "failed": len(churn.failures),
        "failures": churn.failures[:5],
        "seconds": round(time.monotonic() - began_s),
        "idle": idle,
        "after_first": after_first,
        "between": steps[1:],
        "end": end,
        "media_process_grew_mb_since_first": round(own_mb[1] - own_mb[0], 1),
        "bars": {"grew_mb": 30, "file_descriptors_threads_tasks": "as idle"},
    }


def main() -> None:
    """Measure and write the JSON."""
    options = measured.parser(__doc__ or "")
    options.add_argument("--sessions", type=int, default=1000)
    args = options.parse_args()
    measured.run("churn", args, measure(args))


if __name__ == "__main__":
    main()
