"""The analysis pool with its real processes and models."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from facestream.analysis.options import AnalysisOptions
from facestream.errors import AnalysisUnavailableError, ModelFileError
from facestream.faces import GrayImage
from facestream.media.planes import planes_of
from facestream.media.pool import AnalysisPool
from facestream.media.worker import NEW_STREAM

MODELS_DIR = Path(__file__).resolve().parents[2] / "models"
MAX_PIXELS = 1280 * 720
RECOVERY_S = 30.0


@contextlib.asynccontextmanager
async def running_pool(processes: int) -> AsyncIterator[AnalysisPool]:
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(), processes, MAX_PIXELS)
    await pool.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            replacing = tasks.create_task(pool.run())
            try:
                yield pool
            finally:
                replacing.cancel()
    finally:
        await pool.close()


@pytest.fixture(scope="module")
def face_gray(media_dir: Path) -> GrayImage:
    with av.open(media_dir / "single_face.mp4") as clip:
        frame = next(clip.decode(video=0))
        return planes_of(frame.reformat(640, 360, "yuv420p"))[0].copy()


async def analyze(pool: AnalysisPool, gray: GrayImage) -> int:
    async with pool.lease() as process:
        report, _ = await process.analyze(gray, NEW_STREAM, 0.0)
        return len(report.faces)


async def analyze_when_back(pool: AnalysisPool, gray: GrayImage) -> int:
    async with asyncio.timeout(RECOVERY_S):
        while True:
            try:
                return await analyze(pool, gray)
            except AnalysisUnavailableError:
                await asyncio.sleep(0.1)


async def test_a_face_is_found_by_any_process(face_gray: GrayImage):
    async with running_pool(2) as pool:
        found = await asyncio.gather(*(analyze(pool, face_gray) for _ in range(6)))

    assert found == [1] * 6


async def test_a_killed_process_is_replaced(face_gray: GrayImage):
    async with running_pool(1) as pool:
        os.kill(pool.pids[0], signal.SIGKILL)

        with pytest.raises(AnalysisUnavailableError):
            await analyze(pool, face_gray)

        assert await analyze_when_back(pool, face_gray) == 1
        assert pool.restarts == 1


async def test_a_spare_process_takes_the_place_of_one_that_dies(face_gray: GrayImage):
    async with running_pool(1) as pool, asyncio.timeout(RECOVERY_S):
        while pool._spare is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        spare = pool._spare.pid

        os.kill(pool.pids[0], signal.SIGKILL)

        while pool.restarts == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert pool.pids == [spare]
        assert await analyze(pool, face_gray) == 1


async def test_a_cancelled_frame_does_not_cost_its_process(face_gray: GrayImage):
    async with running_pool(1) as pool:
        pids = pool.pids
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await analyze(pool, face_gray)

        assert await analyze(pool, face_gray) == 1
        assert pool.pids == pids


async def test_who_waits_is_served_in_turn(face_gray: GrayImage):
    served: list[int] = []

    async def serve(number: int) -> None:
        await analyze(pool, face_gray)
        served.append(number)

    async with running_pool(1) as pool:
        await asyncio.gather(*(serve(number) for number in range(4)))

    assert served == [0, 1, 2, 3]


async def test_a_frame_over_the_limit_is_refused_and_the_process_lives(face_gray: GrayImage):
    async with running_pool(1) as pool:
        with pytest.raises(AnalysisUnavailableError, match="expected at most"):
            await analyze(pool, np.zeros((1080, 1920), np.uint8))

        assert await analyze(pool, face_gray) == 1
        assert pool.restarts == 0


async def test_missing_models_stop_the_start_with_the_file_and_what_to_do(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 2, MAX_PIXELS)

    with pytest.raises(ModelFileError, match="make models"):
        await pool.start()


async def test_closing_frees_processes_and_shared_memory(face_gray: GrayImage):
    before = set(Path("/dev/shm").iterdir())

    async with running_pool(2) as pool:
        pids = pool.pids
        await analyze(pool, face_gray)

    assert set(Path("/dev/shm").iterdir()) <= before
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
