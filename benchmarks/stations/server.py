"""Run the unchanged server with the functions of both its processes at their stations; SIGUSR1 writes the figures."""

import argparse
import asyncio
import asyncio.events
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stations.clock import CALL, STEP, clocks
from benchmarks.stations.names import (
    COPY,
    EARLIER_IN_MEDIA,
    LOOP,
    LOOP_CALLBACKS,
    LOOP_OTHER,
    MEDIA,
    TASKS,
    WAKE_THREADS,
)
from benchmarks.stations.snapshots import FOLDER, write_at_signals
from benchmarks.stations.worker import serve_profiled
from benchmarks.stations.wrapping import wrap_all
from facestream import aiortc_patches
from facestream.config import load_config
from facestream.resources import MODELS_DIR
from facestream.web.running import Listening
from facestream.web.server import serve
from facestream.workers import process
from facestream.workers.frame_memory import FrameMemory


def profile_media() -> list[str]:
    """Put the functions of the media process at their stations; returns the stations without any."""
    aiortc_patches.apply()  # before the wrapping: it replaces some of the same functions
    aiortc_patches.replacements = ()  # `serve` applies them again
    clocks.base = LOOP
    clocks.here()
    clocks.base = WAKE_THREADS  # other threads wait for work, or do some at a station
    missing = wrap_all(MEDIA, EARLIER_IN_MEDIA)
    _wrap_steps_of_tasks()
    _wrap_earlier_copy()
    vars(process)["serve_analysis"] = serve_profiled
    clocks.watch_collections()
    return missing


def _wrap_steps_of_tasks() -> None:
    """Each step of a task is at the station of the task, other callbacks of the loop at one of their own."""
    handles: Any = asyncio.events.Handle
    run = handles._run  # noqa: SLF001 - the only place through which each callback goes

    def run_at_station(handle: Any) -> None:
        owner = getattr(handle._callback, "__self__", None)  # noqa: SLF001
        station = LOOP_CALLBACKS
        if isinstance(owner, asyncio.Task):
            name = owner.get_coro().__qualname__  # type: ignore[union-attr]
            station = TASKS.get(name) or f"{LOOP_OTHER}/{name}"
        clock = clocks.here()
        clock.enter(station, STEP)
        try:
            run(handle)
        finally:
            clock.leave()

    handles._run = run_at_station  # noqa: SLF001


class _Timed(np.ndarray[Any, Any]):
    """The shared memory of earlier commits; writing into it is a station."""

    def __setitem__(self, key: Any, value: Any) -> None:
        clock = clocks.here()
        clock.enter(COPY, CALL)
        try:
            super().__setitem__(key, value)
        finally:
            clock.leave()


def _wrap_earlier_copy() -> None:
    memories: Any = FrameMemory
    frame = getattr(memories, "frame", None)
    if frame is None:
        return

    def timed_frame(memory: FrameMemory, height: int, width: int) -> Any:
        return frame(memory, height, width).view(_Timed)

    memories.frame = timed_frame


def main() -> None:
    """Serve until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", default="0")
    options.add_argument("--folder", type=Path, required=True, help="for the figures")
    args = options.parse_args()
    os.environ[FOLDER] = str(args.folder)
    write_at_signals("media", profile_media())

    def announce(listening: Listening) -> None:
        print(f"profiled server serves {' and '.join(listening.urls)}", flush=True)

    config = load_config(ice_address="127.0.0.1", log_level="WARNING", tls="off", min_fps="0", port=args.port)
    asyncio.run(serve(config, MODELS_DIR, announce))


if __name__ == "__main__":
    main()
