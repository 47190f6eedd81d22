"""Measure how long the server's event loop is blocked while peers run: the delay of a 5 ms tick inside it.

Also measure how peers in compatibility mode, and ending sessions, affect a WebRTC peer: its round-trip time.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import measured, servers
from benchmarks.baselines.websocket_jpeg import as_jpegs
from benchmarks.calm import wait_for_calm
from benchmarks.churn import Churn
from benchmarks.clips import TURN_S, face_clip, frames_of
from benchmarks.compatibility import send_jpeg_frames
from benchmarks.measured import median, percentile, say
from benchmarks.peers import sending
from benchmarks.servers import Server

WARM_UP_S = 3.0
BAR_MS = 10.0
JPEG_PEERS = 4

Beside = Callable[[Server], Awaitable[object]]


async def nobody(_: Server) -> None:
    """Run no background load."""


async def jpeg_peers(server: Server) -> None:
    """Run peers in compatibility mode, until cancelled."""
    jpegs = await asyncio.to_thread(lambda: as_jpegs(frames_of(face_clip())))
    await asyncio.gather(*(send_jpeg_frames(server.url, jpegs, 3600.0) for _ in range(JPEG_PEERS)))


async def sessions_that_end(server: Server) -> None:
    """Run short sessions, a few at a time, until cancelled; the garbage of each is collected three seconds later."""
    await Churn(server).run(1_000_000)


async def stalls(
    count: int, seconds: float, length_s: float | None, beside: Beside = nobody
) -> dict[str, object]:
    """Measure one server with this many peers; 0: the idle server, which shows the delays of the machine itself."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "seconds.jsonl"
        with servers.running(servers.MONITORED, "--seconds-to", str(lines)) as server:
            if count == 0:
                await asyncio.sleep(WARM_UP_S + seconds)
                return summed_up(lines, seconds)
            async with (
                sending(server, face_clip(), count, length_s=length_s) as group,
                asyncio.TaskGroup() as tasks,
            ):
                others = tasks.create_task(_run(beside, server), name="beside")
                await group.watch(WARM_UP_S)
                window = await group.watch(seconds)
                others.cancel()
                return summed_up(lines, seconds) | {
                    "fps_analysed_min": min(window.fps_analysed),
                    "round_trip_ms": window.as_json()["round_trip_ms"],
                    "foreign_cores": window.foreign_cores,
                }


async def _run(beside: Beside, server: Server) -> None:
    await beside(server)


def summed_up(lines: Path, seconds: float) -> dict[str, object]:
    """The last lines of the server, one per second."""
    seconds_seen = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()][
        -int(seconds) :
    ]
    ticks_ms = [late for second in seconds_seen for late in second["late_ms"]]
    longest_ms = [max(second["late_ms"]) for second in seconds_seen if second["late_ms"]]
    return {
        "ticks": len(ticks_ms),
        "late_ms": {
            "p50": percentile(ticks_ms, 50),
            "p99": percentile(ticks_ms, 99),
            "p99_9": percentile(ticks_ms, 99.9),
            "max": max(ticks_ms, default=None),
        },
        "longest_of_each_second_ms": {"median": median(longest_ms), "p95": percentile(longest_ms, 95)},
    }


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Measure the idle server, then peers alone, then one peer with each background load."""
    counts, seconds, length_s = ((0, 1), 3.0, TURN_S) if args.quick else ((0, 1, 2, 3), 20.0, None)
    figures: dict[str, object] = {"bar_p99_ms": BAR_MS}
    for count in counts:
        say(f"loop_stall: {count} peers")
        if not (args.quick or args.hurry):
            await wait_for_calm()
        figures[f"{count}_peers"] = await stalls(count, seconds, length_s)
    for beside in (jpeg_peers, sessions_that_end):
        say(f"loop_stall: 1 peer beside {beside.__name__}")
        if not (args.quick or args.hurry):
            await wait_for_calm()
        figures[f"1_peer_beside_{beside.__name__}"] = await stalls(1, seconds, length_s, beside)
    return figures


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    measured.run("loop_stall", args, measure(args))


if __name__ == "__main__":
    main()
