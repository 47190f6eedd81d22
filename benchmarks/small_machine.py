"""Measure a server that may use one core: time until it is ready, idle memory, and one peer at 15 and at 30 FPS.

The client uses another core, as it does in the field, where it is another machine.
"""

import argparse
import asyncio
import os
import time
import urllib.error
import urllib.request

from benchmarks import measured, servers
from benchmarks.calm import TRIES, in_calm
from benchmarks.clips import TURN_S, face_clip
from benchmarks.measured import median, say
from benchmarks.peers import Window, sending
from benchmarks.processes import shared_out_mb, usage

WARM_UP_S = 3.0
STARTS = 5
READY_DEADLINE_S = 30.0
BARS = {"ready_s": 3.0, "idle_pss_mb": 350.0, "p95_ms_at_15_fps": 150.0, "fps_analysed_at_15_fps": 14.5}


async def start(core: int) -> dict[str, float]:
    """Start a server, wait until it is ready, and see what it needs while it has nothing to do."""
    began_s = time.monotonic()
    with servers.running(servers.OURS, core=core) as server:
        while not is_ready(server.url):
            if time.monotonic() - began_s > READY_DEADLINE_S:
                raise SystemExit(f"{server.url} is not ready after {READY_DEADLINE_S:.0f} s")
            await asyncio.sleep(0.01)
        ready_s = time.monotonic() - began_s
        await servers.until_loaded(server)
        used = usage(server.pid)
        return {
            "ready_s": round(ready_s, 2),
            "idle_pss_mb": shared_out_mb(server.pid),
            "idle_rss_mb": used.rss_mb,
            "media_process_rss_mb": used.own_rss_mb,
            "processes": used.processes,
        }


def is_ready(url: str) -> bool:
    """Whether the server says that it can analyse."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


async def one_peer(core: int, fps: int, seconds: float, length_s: float | None, tries: int) -> Window:
    """Measure one peer at a server on this core."""

    async def measure() -> Window:
        with servers.running(servers.OURS, core=core) as server:
            async with sending(server, face_clip(fps), length_s=length_s) as group:
                await group.watch(WARM_UP_S)
                return await group.watch(seconds)

    return await in_calm(measure, tries=tries)


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Some starts, then the peers."""
    core, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise SystemExit("this machine has one core; expected another one for the client")
    os.sched_setaffinity(0, others)
    seconds, length_s = (3.0, TURN_S) if args.quick else (15.0, None)
    tries = 1 if args.quick or args.hurry else TRIES
    say("small_machine: starts")
    await start(core)  # reads the files into the page cache
    starts = [await start(core) for _ in range(1 if args.quick else STARTS)]
    peers = {}
    for fps in (15, 30):
        say(f"small_machine: one peer at {fps} FPS")
        peers[f"one_peer_at_{fps}_fps"] = (await one_peer(core, fps, seconds, length_s, tries)).as_json()
    return {
        "server_core": core,
        "client_cores": others,
        "median_of_starts": {name: median([each[name] for each in starts]) for name in starts[0]},
        "bars": BARS,
        "starts": starts,
        **peers,
    }


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    measured.run("small_machine", args, measure(args))


if __name__ == "__main__":
    main()
