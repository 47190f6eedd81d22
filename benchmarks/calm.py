"""Whether anybody else uses this machine: waits for a calm moment and says how calm it was; ends nobody's work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.measured import say
from benchmarks.processes import TICKS_PER_S

CALM_CORES = 0.25
LOOK_S = 2.0
PATIENCE_S = 30.0
TRIES = 2


class Disturbed(Protocol):
    """A measurement that knows how much others computed meanwhile."""

    @property
    def foreign_cores(self) -> float:
        """Cores that were busy with something else."""


T = TypeVar("T", bound=Disturbed)


def machine_cpu_s() -> float:
    """Seconds that the cores have been busy, with anything, and have been taken away by the host."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


async def wait_for_calm(patience_s: float = PATIENCE_S) -> float:
    """Wait until the machine idles, at most so long; returns the cores that were busy at last."""
    deadline_s = time.monotonic() + patience_s
    while True:
        before_s, began_s = machine_cpu_s(), time.monotonic()
        await asyncio.sleep(LOOK_S)
        busy = (machine_cpu_s() - before_s) / (time.monotonic() - began_s)
        if busy <= CALM_CORES or time.monotonic() > deadline_s:
            return busy


async def in_calm(measure: Callable[[], Awaitable[T]], *, tries: int = TRIES) -> T:
    """Measure; if others disturbed it, again; returns the least disturbed."""
    done: list[T] = []
    while len(done) < tries and not any(each.foreign_cores <= CALM_CORES for each in done):
        if tries > 1:
            await wait_for_calm()
        done.append(await measure())
        if done[-1].foreign_cores > CALM_CORES:
            say(f"  disturbed: others used {done[-1].foreign_cores:.2f} cores")
    return min(done, key=lambda each: each.foreign_cores)


def undisturbed(done: Sequence[T]) -> list[T]:
    """Those that nobody disturbed; where there is none, the least disturbed one."""
    calm = [each for each in done if each.foreign_cores <= CALM_CORES]
    return calm or [min(done, key=lambda each: each.foreign_cores)]
