"""Measure the frames per second that one and two workers analyse for four streams that are never idle.

python -m benchmarks.analysis_pool
"""

import asyncio
import itertools
import time
from pathlib import Path

import av

from benchmarks import measured
from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.options import AnalysisOptions
from facestream.media.planes import as_yuv420p, planes_of
from facestream.resources import MODELS_DIR
from facestream.workers.pool import AnalysisPool
from facestream.workers.worker import NEW_STREAM

STREAMS = 4
ROUNDS = 3


def frames_of(clip: Path) -> list[Planes]:
    """The clip's planes at 640x360, forwards and backwards, so that it repeats without a cut."""
    with av.open(str(clip)) as container:
        there = [planes_of(as_yuv420p(frame)) for frame in container.decode(video=0)]
    return [*there, *there[-2:0:-1]]


async def throughput(processes: int, frames: list[Planes], seconds: float) -> float:
    """Frames per second over all streams."""
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(budget_ms=1e6), processes, 640 * 480)
    await pool.start()
    served = 0

    async def stream() -> None:
        nonlocal served
        tracks = NEW_STREAM
        for number, planes in enumerate(itertools.cycle(frames)):
            async with pool.lease() as process:
                _, tracks, _ = await process.analyze(planes, tracks, number / 30)
            served += 1
            if time.monotonic() > ends_s:
                return

    try:
        ends_s = time.monotonic() + seconds
        started_s = time.monotonic()
        await asyncio.gather(*(stream() for _ in range(STREAMS)))
        return served / (time.monotonic() - started_s)
    finally:
        await pool.close()


async def measure(seconds: float) -> dict[str, object]:
    frames = frames_of(measured.ROOT / "build" / "media" / "single_face.mp4")
    rounds = []
    for _ in range(ROUNDS):
        one, two = await throughput(1, frames, seconds), await throughput(2, frames, seconds)
        rounds.append({"one_fps": round(one, 1), "two_fps": round(two, 1), "ratio": round(two / one, 2)})
    return {"rounds": rounds, "ratio_median": measured.median([float(r["ratio"]) for r in rounds])}


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    measured.run("analysis_pool", options, measure(1.0 if options.quick else 8.0))


if __name__ == "__main__":
    main()
