"""Write where a profiled process has spent its CPU time, whenever it gets SIGUSR1; read and subtract two such looks."""

import contextlib
import json
import os
import resource
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.stations.clock import clocks
from benchmarks.stations.wrapping import measuring_ns

DEADLINE_S = 10.0
FOLDER = "FACESTREAM_STATIONS_FOLDER"
"""The variable of the environment that says where the files are."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One process from its start to one moment."""

    role: str
    """`media` or `worker`."""
    process_ns: int
    """CPU time of all threads."""
    stations: Mapping[str, list[int]]
    """As `Clocks.totals` returns them."""
    native_ns: Mapping[str, int]
    """CPU time of living threads that were at no station, by their number."""
    switches: list[int]
    """Context switches: when it waited, and when another thread took its core."""
    user_s: float
    system_s: float
    measuring: Mapping[str, list[float]]
    """As `measuring_ns` returns it."""
    missing: list[str]
    """Stations without a function in this commit; their time is at the station around them."""


def write_at_signals(role: str, missing: list[str]) -> None:
    """Append a snapshot to a file of this process at each SIGUSR1; call this in the main thread."""
    measuring = measuring_ns()
    path = Path(os.environ[FOLDER]) / f"{os.getpid()}.jsonl"

    def write(_number: int, _frame: object) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        known = {clock.thread_id for clock in clocks.all}
        snapshot = {
            "role": role,
            "process_ns": time.process_time_ns(),
            "stations": clocks.totals(),
            "native_ns": _threads_ns(known),
            "switches": [used.ru_nvcsw, used.ru_nivcsw],
            "user_s": used.ru_utime,
            "system_s": used.ru_stime,
            "measuring": measuring,
            "missing": missing,
        }
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(snapshot) + "\n")

    signal.signal(signal.SIGUSR1, write)
    path.touch()  # from now on, the signal does not end the process


def _threads_ns(without: set[int]) -> dict[str, int]:
    found = {}
    for task in Path("/proc/self/task").iterdir():
        if int(task.name) not in without:
            # The id of another thread's clock, as pthread_getcpuclockid(3) computes it.
            with contextlib.suppress(OSError):
                found[task.name] = time.clock_gettime_ns(~int(task.name) << 3 | 6)
    return found


def take(folder: Path, sleep: float = 0.02) -> dict[str, Snapshot]:
    """Snapshots of all profiled processes whose files are in this folder, by the number of the process."""
    before = {path: _lines(path) for path in folder.glob("*.jsonl")}
    for path in before:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(path.stem), signal.SIGUSR1)
    until_s = time.monotonic() + DEADLINE_S
    found = {}
    for path, lines in before.items():
        while (alive := Path(f"/proc/{path.stem}").exists()) and len(_lines(path)) == len(lines):
            if time.monotonic() > until_s:
                raise SystemExit(f"process {path.stem} did not write its figures within {DEADLINE_S:g} s")
            time.sleep(sleep)
        if alive:
            found[path.stem] = Snapshot(**json.loads(_lines(path)[-1]))
    return found


def _lines(path: Path) -> list[str]:
    return [
        line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")
    ]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the processes of one role have spent between two snapshots."""

    process_ms: float
    stations_ms: Mapping[str, float]
    """Without what the measuring cost."""
    calls: Mapping[str, int]
    measuring_ms: float
    native_ms: float
    """Of threads that were at no station."""
    waits: int
    """Context switches of a thread that waited."""
    preemptions: int
    """Context switches of a thread that had to leave its core."""
    user_ms: float
    system_ms: float


def between(first: Mapping[str, Snapshot], last: Mapping[str, Snapshot], role: str) -> Spent:
    """What happened between two calls of `take`, summed over the processes of one role."""
    pairs = [(first[pid], last[pid]) for pid in last if pid in first and last[pid].role == role]
    stations_ms: dict[str, float] = {}
    calls: dict[str, int] = {}
    measuring_ms = 0.0
    for a, b in pairs:
        inner, outer = b.measuring["inner"], b.measuring["outer"]
        for station, counts in b.stations.items():
            spent, *rest = (
                now - then for now, then in zip(counts, a.stations.get(station, [0] * 5), strict=True)
            )
            own = rest[0] * inner[0] + rest[1] * inner[1] + rest[2] * outer[0] + rest[3] * outer[1]
            measuring_ms += own / 1e6
            stations_ms[station] = stations_ms.get(station, 0.0) + (spent - own) / 1e6
            calls[station] = calls.get(station, 0) + rest[0] + rest[1]
    return Spent(
        process_ms=sum(b.process_ns - a.process_ns for a, b in pairs) / 1e6,
        stations_ms={name: ms for name, ms in stations_ms.items() if ms or calls[name]},
        calls=calls,
        measuring_ms=measuring_ms,
        native_ms=sum(ns - a.native_ns.get(thread, 0) for a, b in pairs for thread, ns in b.native_ns.items())
        / 1e6,
        waits=sum(b.switches[0] - a.switches[0] for a, b in pairs),
        preemptions=sum(b.switches[1] - a.switches[1] for a, b in pairs),
        user_ms=1000 * sum(b.user_s - a.user_s for a, b in pairs),
        system_ms=1000 * sum(b.system_s - a.system_s for a, b in pairs),
    )


def about_measuring(snapshots: Mapping[str, Snapshot]) -> dict[str, dict[str, Any]]:
    """By role: what the measuring of one call costs, and which stations are missing."""
    return {
        snapshot.role: {"ns_for_a_call_and_a_step": snapshot.measuring, "missing": snapshot.missing}
        for snapshot in snapshots.values()
    }
