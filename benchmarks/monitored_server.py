"""Run the unchanged server and measure the delays of its event loop; writes one line of JSON per second."""

import argparse
import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from facestream.config import load_config
from facestream.web.running import Listening
from facestream.web.server import serve

TICK_S = 0.005


async def _watch(out: TextIO) -> None:
    """Schedule a call every 5 ms and record how late it runs."""
    while True:
        late_ms: list[float] = []
        second_over_s = time.monotonic() + 1.0
        while (asked_s := time.monotonic()) < second_over_s:
            await asyncio.sleep(TICK_S)
            late_ms.append(round(1000 * (time.monotonic() - asked_s - TICK_S), 2))
        figures = {
            "at_s": second_over_s,
            "late_ms": late_ms,
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
        }
        out.write(json.dumps(figures) + "\n")
        out.flush()


async def _serve(out: TextIO, settings: dict[str, str]) -> None:
    def announce(listening: Listening) -> None:
        print(f"monitored server serves {' and '.join(listening.urls)}", flush=True)

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(out), name="monitor")
        try:
            await serve(
                load_config(ice_address="127.0.0.1", log_level="WARNING", **settings),
                Path.cwd() / "models",
                announce,
            )
        finally:
            watching.cancel()


def main() -> None:
    """Serve until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", default="0")
    options.add_argument("--seconds-to", type=Path, required=True, help="file for the lines")
    options.add_argument("--analysis-processes", default="")
    options.add_argument("--max-sessions", default="64")
    args = options.parse_args()
    # All peers are admitted: the benchmark measures the machine, not the admission control.
    settings = {"port": args.port, "max_sessions": args.max_sessions, "min_fps": "0", "tls": "off"}
    if args.analysis_processes:
        settings["analysis_processes"] = args.analysis_processes
    with args.seconds_to.open("w", encoding="utf-8") as out:
        try:
            asyncio.run(_serve(out, settings))
        except asyncio.CancelledError:
            sys.exit(0)


if __name__ == "__main__":
    main()
