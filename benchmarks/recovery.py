"""Measure how long the video freezes on a bad network: 1, 5 and 10 % loss and outages of a second, through a relay."""

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks import measured, servers
from benchmarks.calm import wait_for_calm
from benchmarks.clips import face_clip
from benchmarks.measured import median, percentile, say
from benchmarks.peers import PeerGroup, sending
from benchmarks.relay import NetworkConditions, bad_network

POLL_S = 0.003
DELAY_S = 0.01
"""One way, as within a city; without a delay, every repair would seem instant."""
OUTAGE_S = 1.0
CALM_S = 4.0
LOSSES = (0.0, 0.01, 0.05, 0.10)
SHAPES = {
    "ours": servers.OURS,
    "ours_passing_through": servers.FLOOR,
    "plain_aiortc_passing_through": servers.USUAL_FLOOR,
}
"""The last two differ in the media path only; the client is the headless peer in each."""


@dataclass(slots=True)
class Arrivals:
    """Times at which frames arrived, sampled every 3 ms."""

    at_s: list[float] = field(default_factory=list)

    def gaps_ms(self, since_s: float, until_s: float) -> list[float]:
        """Times between frames; a gap at the end counts up to the end."""
        times = [since_s, *(at for at in self.at_s if since_s < at < until_s), until_s]
        return [1000 * (later - earlier) for earlier, later in pairwise(times)]

    def first_after(self, moment_s: float) -> float | None:
        """Time of the first frame after `since_s`."""
        return next((at for at in self.at_s if at > moment_s), None)


async def _look(group: PeerGroup, arrivals: Arrivals) -> None:
    tally = group.peers[0].tally
    while True:
        arrived_s = tally.last_received_s
        if arrived_s is not None and (not arrivals.at_s or arrived_s != arrivals.at_s[-1]):
            arrivals.at_s.append(arrived_s)
        await asyncio.sleep(POLL_S)


@contextlib.asynccontextmanager
async def watched(
    command: tuple[str, ...], conditions: NetworkConditions
) -> AsyncIterator[tuple[PeerGroup, Arrivals]]:
    """Run one peer behind a relay with these network conditions, and record when frames arrive."""
    with servers.running(command) as server:
        async with (
            bad_network(server.url, conditions) as url,
            sending(server, face_clip(), encode=True, url=url) as group,
            asyncio.TaskGroup() as tasks,
        ):
            arrivals = Arrivals()
            looking = tasks.create_task(_look(group, arrivals), name="recovery/look")
            yield group, arrivals
            looking.cancel()


async def with_loss(command: tuple[str, ...], loss: float, seconds: float) -> dict[str, object]:
    """Measure one peer for this long, with this share of packets lost each way."""
    conditions = NetworkConditions(delay_s=DELAY_S)
    async with watched(command, conditions) as (group, arrivals):
        await group.watch(CALM_S)
        conditions.loss = loss
        since_s = time.monotonic()
        window = await group.watch(seconds)
        gaps_ms = arrivals.gaps_ms(since_s, time.monotonic())
    return {
        "loss_each_way": loss,
        "seconds": seconds,
        "dropped_datagrams": conditions.dropped,
        "foreign_cores": window.foreign_cores,
        "fps_back": window.fps_received[0],
        "longest_gap_ms": round(max(gaps_ms), 1),
        "gap_p99_ms": percentile(gaps_ms, 99),
        "gaps_over_200_ms": sum(gap > 200 for gap in gaps_ms),
        "gaps_over_500_ms": sum(gap > 500 for gap in gaps_ms),
        "round_trip_p50_ms": percentile(window.delays_ms, 50),
        "round_trip_p95_ms": percentile(window.delays_ms, 95),
    }


async def with_outages(command: tuple[str, ...], times: int) -> dict[str, object]:
    """Block everything for a second, several times; measure the time from its end to the next frame."""
    conditions = NetworkConditions(delay_s=DELAY_S)
    recovered_ms: list[float] = []
    never = 0
    async with watched(command, conditions) as (group, arrivals):
        for _ in range(times):
            await group.watch(CALM_S)
            conditions.cut = True
            await asyncio.sleep(OUTAGE_S)
            conditions.cut = False
            over_s = time.monotonic()
            await group.watch(CALM_S)
            # Packets sent before the outage may arrive just after its start, but never after its end.
            arrived_s = arrivals.first_after(over_s)
            if arrived_s is None:
                never += 1
            else:
                recovered_ms.append(round(1000 * (arrived_s - over_s), 1))
    return {
        "outages": times,
        "recovered_ms": recovered_ms,
        "median_ms": median(recovered_ms),
        "worst_ms": max(recovered_ms, default=None),
        "not_within_4_s": never,
    }


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Measure both servers with the same network conditions and the same random numbers."""
    seconds, outages = (4.0, 1) if args.quick else (20.0, 5)
    losses = (0.05,) if args.quick else LOSSES
    figures: dict[str, object] = {
        "delay_each_way_ms": 1000 * DELAY_S,
        "bars": {"longest_gap_ms_at_5_percent": 500, "outage_worst_ms": 500},
    }
    for name, command in SHAPES.items():
        results: list[dict[str, object]] = []
        for loss in losses:
            say(f"recovery: {name}, {loss:.0%} loss")
            if not (args.quick or args.hurry):
                await wait_for_calm()
            results.append(await with_loss(command, loss, seconds))
        say(f"recovery: {name}, outages")
        figures[name] = {"loss": results, "outage_of_1_s": await with_outages(command, outages)}
    return figures


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    measured.run("recovery", args, measure(args))


if __name__ == "__main__":
    main()
