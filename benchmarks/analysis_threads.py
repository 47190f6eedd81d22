"""Measure whether threads could analyse instead of processes: N of each, every one with its own models and stream.

Frames are 640x360 with one face, as in `analysis_pool`, but are not handed over: this is the analysis alone. `late_ms`:
a thread of the parent sleeps 5 ms again and again, as the event loop of the media process waits for packets, and how
late it wakes up is what the analysis costs them. It shares the process with the analysis threads.
"""

import itertools
import multiprocessing
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

import cv2

from benchmarks import measured
from benchmarks.analysis_pool import frames_of
from facestream.analysis.faces import GrayImage
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks

COUNTS = (1, 2)
SLEEP_S = 0.005
READY_WITHIN_S = 60
WARM_UP_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Way:
    """How analyses run side by side; the makers of a worker, of its barrier and of its queue."""

    worker: Any
    barrier: Any
    results: Any


_SPAWN = multiprocessing.get_context("spawn")
WAYS = {
    "threads": Way(threading.Thread, threading.Barrier, queue.SimpleQueue),
    "processes": Way(_SPAWN.Process, _SPAWN.Barrier, _SPAWN.SimpleQueue),
}


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    rounds, seconds = (1, 0.5) if options.quick else (3, 2.0)
    frames = [luma.copy() for luma, _, _ in frames_of(measured.ROOT / "build" / "media" / "single_face.mp4")]
    rows: dict[str, list[dict[str, object]]] = {}
    for _ in range(rounds):
        rows.setdefault("nothing", []).append(_late_ms(seconds))
        for count, (name, way) in itertools.product(COUNTS, WAYS.items()):
            measured.say(f"{count} {name}")
            rows.setdefault(f"{count} {name}", []).append(_measure(way, count, frames, seconds))
    measured.write("analysis_threads", options, before, dict(rows))


def _measure(way: Way, count: int, frames: list[GrayImage], seconds: float) -> dict[str, object]:
    ready, results = way.barrier(count + 1), way.results()
    workers = [
        way.worker(target=_analyse, args=(ready, results, frames, seconds), daemon=True) for _ in range(count)
    ]
    for worker in workers:
        worker.start()
    ready.wait(READY_WITHIN_S)
    late_ms = _late_ms(seconds)
    done = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    served, cpu_s = sum(frames for frames, _ in done), sum(cpu_s for _, cpu_s in done)
    return {"fps": round(served / seconds, 1), "cpu_ms_per_frame": round(1000 * cpu_s / served, 2), **late_ms}


def _analyse(ready: Any, results: Any, frames: list[GrayImage], seconds: float) -> None:
    """Analyse a stream without a pause; puts the number of its frames and its seconds of CPU."""
    cv2.setNumThreads(1)
    analyzer = load_analyzer(options=AnalysisOptions(budget_ms=1e6))
    tracks, served, began_s, ends_s = Tracks(), 0, 0.0, float("inf")
    for number, gray in enumerate(itertools.cycle(frames)):
        if number == WARM_UP_FRAMES:
            ready.wait(READY_WITHIN_S)
            began_s, ends_s = time.thread_time(), time.monotonic() + seconds
        _, tracks = analyzer.analyze(gray, tracks, number / 30)
        served += number >= WARM_UP_FRAMES
        if time.monotonic() > ends_s:
            break
    results.put((served, time.thread_time() - began_s))


def _late_ms(seconds: float) -> dict[str, object]:
    late_ms, ends_s = list[float](), time.monotonic() + seconds
    while (began_s := time.monotonic()) < ends_s:
        time.sleep(SLEEP_S)
        late_ms.append(1000 * (time.monotonic() - began_s - SLEEP_S))
    return {"late_ms": {"median": measured.median(late_ms), "p99": measured.percentile(late_ms, 99)}}


if __name__ == "__main__":
    main()
