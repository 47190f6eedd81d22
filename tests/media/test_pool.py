"""The analysis pool with its real processes and models."""

import asyncio
import contextlib
import errno
import multiprocessing
import multiprocessing.util
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import NoReturn

import av
import numpy as np
import pytest

from facestream.analysis.drawing.annotation import Annotation, annotate
from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.options import AnalysisOptions
from facestream.errors import (
    AnalysisFaultError,
    AnalysisUnavailableError,
    ModelFileError,
    ShortageError,
    WorkerLostError,
)
from facestream.media.planes import planes_of
from facestream.resources import MODELS_DIR
from facestream.workers import pool as pool_module
from facestream.workers.pool import AnalysisPool
from facestream.workers.process import END_DEADLINE_S, AnalysisProcess
from facestream.workers.worker import NEW_STREAM
from tests.times import seconds

MAX_PIXELS = 1280 * 720
RECOVERY_S = seconds(45.0)
REPLACED_S = 2.0


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
def face_planes(media_dir: Path) -> Planes:
    with av.open(media_dir / "single_face.mp4") as clip:
        frame = next(clip.decode(video=0))
        return planes_of(frame.reformat(640, 360, "yuv420p"))


async def analyze(pool: AnalysisPool, planes: Planes) -> int:
    async with pool.lease() as process:
        report, _, _ = await process.analyze(planes, NEW_STREAM, 0.0)
        return len(report.faces)


async def analyze_when_back(pool: AnalysisPool, planes: Planes) -> int:
    async with asyncio.timeout(RECOVERY_S):
        while True:
            try:
                return await analyze(pool, planes)
            except AnalysisUnavailableError:
                await asyncio.sleep(0.1)


async def test_every_worker_finds_the_face(face_planes: Planes):
    async with running_pool(2) as pool:
        found = await asyncio.gather(*(analyze(pool, face_planes) for _ in range(6)))

    assert found == [1] * 6


async def test_a_killed_worker_is_replaced(face_planes: Planes):
    async with running_pool(1) as pool:
        os.kill(pool.pids[0], signal.SIGKILL)

        with pytest.raises(AnalysisUnavailableError):
            await analyze(pool, face_planes)

        assert await analyze_when_back(pool, face_planes) == 1
        assert pool.restarts == 1


async def test_a_spare_worker_replaces_one_that_dies(face_planes: Planes):
    async with running_pool(1) as pool, asyncio.timeout(RECOVERY_S):
        while pool._spare is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        spare = pool._spare.pid

        os.kill(pool.pids[0], signal.SIGKILL)

        while pool.restarts == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert pool.pids == [spare]
        assert await analyze(pool, face_planes) == 1


async def test_a_cancelled_frame_does_not_cost_its_worker(face_planes: Planes):
    async with running_pool(1) as pool:
        pids = pool.pids
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await analyze(pool, face_planes)

        assert await analyze(pool, face_planes) == 1
        assert pool.pids == pids


async def test_a_frame_that_is_cancelled_as_its_reply_arrives_does_not_cost_its_worker(
    face_planes: Planes, monkeypatch: pytest.MonkeyPatch
):
    read = AnalysisProcess._on_readable
    async with running_pool(1) as pool:

        def read_and_cancel(process: AnalysisProcess) -> None:
            read(process)
            analyzing.cancel()

        pids = pool.pids
        (process,) = pool._all
        process._stop_listening()  # since its start
        with monkeypatch.context() as changed:
            changed.setattr(AnalysisProcess, "_on_readable", read_and_cancel)
            analyzing = asyncio.create_task(analyze(pool, face_planes))
            with pytest.raises(asyncio.CancelledError):
                await analyzing
            idle = process.idle
            process._stop_listening()

        assert idle
        assert await analyze(pool, face_planes) == 1
        assert pool.pids == pids


async def test_a_stream_that_changes_workers_is_analysed_as_by_one(media_dir: Path):
    """Ids, counters and everything that is averaged over time go along."""
    with av.open(media_dir / "single_face.mp4") as clip:
        frames = [planes_of(frame.reformat(640, 360, "yuv420p")) for frame in clip.decode(video=0)]
    # Without a budget: the costs differ from run to run.
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(budget_ms=10_000), 2, MAX_PIXELS)
    await pool.start()
    one, other = pool._all

    async def follow(*workers: AnalysisProcess) -> list[object]:
        found: list[object] = []
        tracks = NEW_STREAM
        for number, planes in enumerate(frames):
            worker = workers[number % len(workers)]
            report, tracks, _ = await worker.analyze(planes, tracks, number / 30)
            found.append([(face, face.landmarks_xy.tolist()) for face in report.faces])
        return found

    try:
        alone, in_turn = await follow(one), await follow(one, other)
    finally:
        await pool.close()

    assert in_turn == alone
    assert alone[-1]


async def test_waiting_streams_are_served_in_turn(face_planes: Planes):
    served: list[int] = []

    async def serve(number: int) -> None:
        await analyze(pool, face_planes)
        served.append(number)

    async with running_pool(1) as pool:
        await asyncio.gather(*(serve(number) for number in range(4)))

    assert served == [0, 1, 2, 3]


async def test_a_worker_annotates_its_copy_of_the_frame_and_not_the_frame_of_the_caller(face_planes: Planes):
    """The decoder may still predict from the caller's frame."""
    before = [plane.copy() for plane in face_planes]
    size_hw = face_planes[0].shape
    async with running_pool(1) as pool, pool.lease() as process:
        plain = await process.analyze(face_planes, NEW_STREAM, 0.0)
        assert all(map(np.array_equal, process.annotated(*size_hw), before))
        drawn = await process.analyze(face_planes, NEW_STREAM, 0.0, Annotation(stats="#1"))
        annotated = [plane.copy() for plane in process.annotated(*size_hw)]

    assert all(map(np.array_equal, face_planes, before))
    expected = [plane.copy() for plane in before]
    annotate((expected[0], expected[1], expected[2]), drawn.report, Annotation(stats="#1"))
    assert all(map(np.array_equal, annotated, expected))
    assert not np.array_equal(annotated[0], before[0])
    assert drawn.report.faces == plain.report.faces
    assert drawn.draw_ms > 0


async def test_a_frame_over_the_limit_is_rejected_and_the_worker_survives(face_planes: Planes):
    async with running_pool(1) as pool:
        with pytest.raises(AnalysisUnavailableError, match="expected at most"):
            await analyze(pool, planes_of(av.VideoFrame(1920, 1080, "yuv420p")))

        assert await analyze(pool, face_planes) == 1
        assert pool.restarts == 0


async def test_with_a_missing_model_the_start_fails_with_its_name_and_what_to_do(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 2, MAX_PIXELS)

    with pytest.raises(ModelFileError, match="make models"):
        await pool.start()


def open_descriptors() -> set[str]:
    """The open descriptors of this process by target, without the one that lists them."""
    return {link for link in map(_target, Path("/proc/self/fd").iterdir()) if link}


def _target(link: Path) -> str:
    try:
        return f"{link.name} {link.readlink()}"
    except FileNotFoundError:
        return ""


async def test_closing_frees_processes_descriptors_and_shared_memory(face_planes: Planes):
    async with running_pool(1):
        pass  # the first start opens some descriptors for the whole process
    before = open_descriptors()

    async with running_pool(2) as pool:
        pids = pool.pids
        await analyze(pool, face_planes)

    assert open_descriptors() <= before
    assert "facestream-frame" not in Path("/proc/self/maps").read_text()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Lower the limit of open files so that this process can open no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.dup(0))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_workers_restart_as_soon_as_the_shortage_is_over(
    face_planes: Planes, caplog: pytest.LogCaptureFixture
):
    async with running_pool(1) as pool, asyncio.timeout(2 * RECOVERY_S):
        await until(lambda: pool._spare is not None)
        with no_descriptor_left():
            for process in list(pool._everyone()):
                os.kill(process.pid, signal.SIGKILL)
            await until(lambda: pool.alive == 0 and bool(pool.shortage))
            with pytest.raises(AnalysisUnavailableError):
                await analyze(pool, face_planes)
            tried_with_s = pool._starts._pause_s
            await until(lambda: pool._starts._pause_s > tried_with_s)  # another start has failed
            said = pool.shortage

        assert await analyze_when_back(pool, face_planes) == 1
        await until(lambda: pool.alive == 1 and not pool.shortage)

    assert "Too many open files" in said
    assert "ulimit -n" in said
    assert [record for record in caplog.records if record.exc_info] == []
    assert len([record for record in caplog.records if "did not start" in record.message]) == 1


async def test_a_cancelled_close_leaves_no_process():
    async with running_pool(1) as pool:
        process = next(iter(pool._everyone()))
        closing = asyncio.create_task(process.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

        assert not Path(f"/proc/{process.pid}").exists()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the pool has no event for it
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("step", ["the memory", "the pipe", "the child"])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOSPC])
def test_a_failed_start_leaves_nothing_open(step: str, number: int, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    spawn = multiprocessing.get_context("spawn")
    owner, name = {
        "the memory": (os, "pwrite"),
        "the pipe": (spawn, "Pipe"),
        "the child": (multiprocessing.util, "spawnv_passfds"),
    }[step]
    resource_tracker.ensure_running()
    before = open_descriptors()
    monkeypatch.setattr(owner, name, refuse)

    with pytest.raises(ShortageError, match=os.strerror(number)):
        AnalysisProcess(MODELS_DIR, AnalysisOptions(), MAX_PIXELS)

    assert open_descriptors() <= before
    assert "facestream-frame" not in Path("/proc/self/maps").read_text()


async def test_a_cancelled_start_leaves_no_child(face_planes: Planes):
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(), 2, MAX_PIXELS)
    children = set(multiprocessing.active_children())

    for delay_s in (0.0, 0.002, 0.2):
        starting = asyncio.ensure_future(pool.start())
        await asyncio.sleep(delay_s)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await pool.close()

        assert set(multiprocessing.active_children()) <= children


@pytest.mark.parametrize("during", ["a frame", "a rest"])
async def test_a_stopped_worker_is_replaced(face_planes: Planes, during: str):
    async with running_pool(1) as pool, asyncio.timeout(RECOVERY_S):
        await until(lambda: pool._spare is not None)
        stopped = pool.pids[0]
        os.kill(stopped, signal.SIGSTOP)
        began_s = time.monotonic()

        if during == "a frame":
            with pytest.raises(WorkerLostError):
                await analyze(pool, face_planes)
        await until(lambda: stopped not in pool.pids)
        replaced_after_s = time.monotonic() - began_s

        assert await analyze(pool, face_planes) == 1
    assert replaced_after_s < REPLACED_S


async def test_a_stopped_spare_and_a_worker_stopped_while_starting_are_replaced(face_planes: Planes):
    async with running_pool(1) as pool, asyncio.timeout(2 * RECOVERY_S):
        await until(lambda: len(pool._starts.loading) == 1)
        loading = next(iter(pool._starts.loading)).pid
        os.kill(loading, signal.SIGSTOP)
        await until(lambda: pool._spare is not None)
        assert pool._spare is not None
        spare = pool._spare.pid
        os.kill(spare, signal.SIGSTOP)

        await until(lambda: pool._spare is not None and pool._spare.pid != spare)

        assert loading not in {process.pid for process in pool._everyone()}
        assert await analyze(pool, face_planes) == 1


async def test_stopped_workers_do_not_delay_the_close():
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(), 2, MAX_PIXELS)
    await pool.start()
    pids = pool.pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await until(lambda: all(process._hangs.is_stopped() for process in pool._everyone()))
    began_s = time.monotonic()

    await pool.close()

    assert time.monotonic() - began_s < END_DEADLINE_S
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_fault_in_the_supervision_is_logged_and_the_supervision_continues(
    face_planes: Planes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(pool_module, "AFTER_FAULT_S", 0.01)
    async with running_pool(1) as pool, asyncio.timeout(RECOVERY_S):
        await until(lambda: pool._spare is not None)
        with monkeypatch.context() as faulty:
            faulty.setattr(AnalysisProcess, "look", lambda _: 1 / 0)
            await until(lambda: any("supervision" in record.message for record in caplog.records))
        stopped = pool.pids[0]
        os.kill(stopped, signal.SIGSTOP)

        await until(lambda: stopped not in pool.pids)

        assert await analyze(pool, face_planes) == 1
    assert "ZeroDivisionError" in caplog.text


async def test_unreadable_tracks_are_a_fault_of_that_frame_only(face_planes: Planes):
    async with running_pool(1) as pool:
        pids = pool.pids
        with pytest.raises(AnalysisFaultError) as fault:
            async with pool.lease() as process:
                await process.analyze(face_planes, b"no pickle", 0.0)

        assert await analyze(pool, face_planes) == 1
        assert pool.pids == pids
    assert "UnpicklingError" in fault.value.traceback
