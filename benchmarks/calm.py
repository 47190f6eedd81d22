"""Wait until other programs leave this machine idle, and measure how idle it was; ends no program."""

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
    """A measurement with the CPU use of other programs during it."""

    @property
    def foreign_cores(self) -> float:
        """Cores that were busy with other programs."""


T = TypeVar("T", bound=Disturbed)


def machine_cpu_s() -> float:
    """Seconds that the cores have been busy with any program, or were taken by the host."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


async def wait_for_calm(patience_s: float = PATIENCE_S) -> float:
    """Wait until the machine is idle, at most `timeout`; returns the cores that are still busy."""
    deadline_s = time.monotonic() + patience_s
    while True:
        before_s, began_s = machine_cpu_s(), time.monotonic()
        await asyncio.sleep(LOOK_S)
        busy = (machine_cpu_s() - before_s) / (time.monotonic() - began_s)
        if busy <= CALM_CORES or time.monotonic() > deadline_s:
            return busy


async def in_calm(measure: Callable[[], Awaitable[T]], *, tries: int = TRIES) -> T:
    """Measure, again if other programs disturbed it; returns the least disturbed measurement."""
    done: list[T] = []
    while len(done) < tries and not any(each.foreign_cores <= CALM_CORES for each in done):
        if tries > 1:
            await wait_for_calm()
        done.append(await measure())
        if done[-1].foreign_cores > CALM_CORES:
            say(f"  disturbed: others used {done[-1].foreign_cores:.2f} cores")
    return min(done, key=lambda each: each.foreign_cores)


def undisturbed(done: Sequence[T]) -> list[T]:
    """The undisturbed measurements; if there is none, the least disturbed one."""
    calm = [each for each in done if each.foreign_cores <= CALM_CORES]
    return calm or [min(done, key=lambda each: each.foreign_cores)]
