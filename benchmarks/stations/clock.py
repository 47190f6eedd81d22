"""Divide the CPU time of each thread among stations: at any moment a thread is at exactly one.

A thread has a stack of stations. Entering one charges the time since the last change to the station that was on top, so
the stations of a thread sum up to its CPU time. Reads the clock of the thread and never the one on the wall: a thread
that waits costs nothing. Knows no server and no station by name.
"""

import gc
import threading
import time
from collections import Counter
from typing import Any, Final, Literal

Kind = Literal[0, 1]
CALL: Final = 0
"""A function that is called and returns."""
STEP: Final = 1
"""A coroutine or a generator, from one suspension to the next."""
COLLECTING: Final = "Python: garbage collection"


class ThreadClock:
    """Where one thread has spent its CPU time since its start."""

    def __init__(self, base: str) -> None:
        self.spent_ns: Counter[str] = Counter()
        """CPU time by station, without that of the stations that were entered from it."""
        self.calls: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        """How often each station was entered, by kind."""
        self.inside: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        """How often another station was entered from this one, by kind."""
        self.thread_id = threading.get_native_id()
        self._stack = [base]
        self._last_ns = 0  # the clock of a thread begins at 0

    def enter(self, station: str, kind: Kind) -> None:
        now_ns = time.thread_time_ns()
        above = self._stack[-1]
        self.spent_ns[above] += now_ns - self._last_ns
        self.inside[kind][above] += 1
        self.calls[kind][station] += 1
        self._stack.append(station)
        self._last_ns = now_ns

    def leave(self) -> None:
        now_ns = time.thread_time_ns()
        self.spent_ns[self._stack.pop()] += now_ns - self._last_ns
        self._last_ns = now_ns

    def flush(self) -> None:
        """Charge the time until now; only the thread itself may call this."""
        now_ns = time.thread_time_ns()
        self.spent_ns[self._stack[-1]] += now_ns - self._last_ns
        self._last_ns = now_ns


class Clocks:
    """The clocks of all threads of this process that have come to a station."""

    def __init__(self) -> None:
        self.all: list[ThreadClock] = []
        self.base = "rest"
        """The station where the next new thread is while it is at no other."""
        self._local = threading.local()

    def here(self) -> ThreadClock:
        """The clock of this thread."""
        try:
            clock: ThreadClock = self._local.clock
        except AttributeError:
            clock = self._local.clock = ThreadClock(self.base)
            self.all.append(clock)
        return clock

    def watch_collections(self) -> None:
        """Make Python's garbage collection a station of its own."""

        def collecting(phase: str, _about: dict[str, Any]) -> None:
            if phase == "start":
                self.here().enter(COLLECTING, CALL)
            else:
                self.here().leave()

        gc.callbacks.append(collecting)

    def totals(self) -> dict[str, list[int]]:
        """By station: CPU time in ns, its calls of both kinds, and those of others from inside of it."""
        self.here().flush()
        found: dict[str, list[int]] = {}
        for clock in list(self.all):
            counters = (clock.spent_ns, *clock.calls, *clock.inside)
            for column, counter in enumerate(counters):
                # A copy: the other threads go on counting.
                for station, count in counter.copy().items():
                    found.setdefault(station, [0] * len(counters))[column] += count
        return found


clocks = Clocks()
"""Those of this process."""
