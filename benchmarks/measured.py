"""Write the figures of a benchmark as JSON, with machine, load, versions and commit."""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "bench" / "results"
PACKAGES = (
    "aiortc", "aioice", "av", "aiohttp", "numpy", "opencv-python-headless", "dlib-bin", "ai-edge-litert", "pydantic",
)  # fmt: skip


def parser(question: str) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    options = argparse.ArgumentParser(description=question)
    options.add_argument("--quick", action="store_true", help="seconds instead of minutes: does it still run")
    options.add_argument(
        "--hurry", action="store_true", help="measure also while others compute; foreign_cores says how much"
    )
    options.add_argument(
        "--out", type=Path, help="where the JSON goes (default: build/bench/results/NAME.json)"
    )
    return options


def circumstances() -> dict[str, object]:
    """The circumstances that decide whether figures are comparable."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "facestream", "server.py")),
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def write(
    name: str, options: argparse.Namespace, before: dict[str, object], figures: dict[str, object]
) -> Path:
    """Write and print the figures with their circumstances; returns the file."""
    path: Path = options.out or RESULTS / f"{name}{'_quick' if options.quick else ''}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "benchmark": name,
        "quick": options.quick,
        "circumstances": before | {"load_average_1min_at_end": round(os.getloadavg()[0], 2)},
        "figures": figures,
    }
    text = json.dumps(report, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    sys.stderr.write(f"{name}: written to {path}\n")
    return path


def run(name: str, options: argparse.Namespace, measuring: Coroutine[Any, Any, dict[str, object]]) -> None:
    """Measure, and write the figures with the state of the machine before."""
    before = circumstances()
    write(name, options, before, asyncio.run(measuring))


def say(sentence: str) -> None:
    """Print progress to stderr, apart from the JSON."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {sentence}\n")
    sys.stderr.flush()


def microseconds(call: Callable[[], object], times: int, rounds: int = 7) -> float:
    """CPU time of one call in this thread: the median of some rounds of so many calls."""
    took = []
    for _ in range(rounds):
        began_s = time.thread_time()
        for _ in range(times):
            call()
        took.append((time.thread_time() - began_s) / times * 1e6)
    return round(statistics.median(took), 1)


def median(values: Sequence[float]) -> float | None:
    """The median, rounded; None without values."""
    return round(statistics.median(values), 2) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The percentile, one of the values, rounded; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 2)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares slope of y over x; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope


def ratio(ours: float | None, other: float | None) -> float | None:
    """The quotient; None if one was not measured."""
    return round(ours / other, 3) if ours is not None and other else None


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
