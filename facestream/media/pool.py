"""Processes that run the analysis; frames cross in shared memory, because dlib holds the GIL.

Never queues frames: who waits, waits for a free process, first come first served, and then hands in its newest frame.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from facestream.analysis.options import AnalysisOptions
from facestream.errors import AnalysisUnavailableError, ModelFileError
from facestream.media.analysis_process import AnalysisProcess

logger = logging.getLogger(__name__)

RESTART_PAUSE_S = 0.5  # so that a process that dies at once does not take a core for starting


class AnalysisPool:
    """A fixed number of analysis processes; one that dies is replaced while `run` runs."""

    def __init__(self, models_dir: Path, options: AnalysisOptions, processes: int, max_pixels: int) -> None:
        self._models_dir = models_dir
        self._options = options
        self._size = processes
        self._max_pixels = max_pixels
        self._all: set[AnalysisProcess] = set()
        self._idle: deque[AnalysisProcess] = deque()
        self._waiting: deque[asyncio.Future[AnalysisProcess]] = deque()
        # Given back in the middle of a frame, or broken: `run` settles or replaces them.
        self._unsettled: deque[AnalysisProcess] = deque()
        self._wake = asyncio.Event()
        self._spare: AnalysisProcess | None = None
        self._preparing = False
        self.restarts = 0
        self.models_loaded = processes == 0
        """Whether the process that was started last could load every model it needs."""
        self.busy_s = 0.0
        """How long processes were leased, all together."""
        self.frames = 0
        """How many leases that were."""

    @property
    def alive(self) -> int:
        return len(self._all)

    @property
    def size(self) -> int:
        return self._size

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._all if process.pid is not None]

    async def start(self) -> None:
        """Start every process; raises ModelFileError when the models are not right."""
        started = await asyncio.gather(
            *(self._start_one() for _ in range(self._size)), return_exceptions=True
        )
        for process in started:
            if isinstance(process, AnalysisProcess):
                self._take_up(process)
        for failure in started:
            if isinstance(failure, BaseException):
                await self.close()
                raise failure

    async def run(self) -> None:
        """Replace processes that die, until cancelled; a spare one is kept ready, because loading takes a second."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._prepare_spare(), name="pool/spare")
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._unsettled:
                    tasks.create_task(self._settle(self._unsettled.popleft()), name="pool/settle")

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[AnalysisProcess]:
        """A free process for one frame; raises AnalysisUnavailableError when none is alive."""
        process = await self._acquire()
        started_s = time.monotonic()
        try:
            yield process
        finally:
            self.busy_s += time.monotonic() - started_s
            self.frames += 1
            if process.idle:
                self._release(process)
            else:
                if process.broken:
                    self._remove(process)
                self._unsettled.append(process)
                self._wake.set()

    async def close(self) -> None:
        """End every process; whoever waits is refused."""
        processes = self._all | set(self._unsettled) | ({self._spare} if self._spare else set())
        self._all, self._spare = set(), None
        self._unsettled.clear()
        self._idle.clear()
        self._refuse_waiting()
        await asyncio.gather(*(process.close() for process in processes))

    async def _start_one(self) -> AnalysisProcess:
        process = await asyncio.to_thread(AnalysisProcess, self._models_dir, self._options, self._max_pixels)
        try:
            await process.started()
        except BaseException:
            await process.close()
            raise
        return process

    async def _start_until_it_runs(self) -> AnalysisProcess:
        while True:
            try:
                return await self._start_one()
            except (AnalysisUnavailableError, ModelFileError) as error:
                self.models_loaded = self.models_loaded and not isinstance(error, ModelFileError)
                logger.warning("analysis process did not start: %s", error)
                await asyncio.sleep(RESTART_PAUSE_S)

    async def _prepare_spare(self) -> None:
        if self._size == 0 or self._spare is not None or self._preparing:
            return
        self._preparing = True
        try:
            self._spare = await self._start_until_it_runs()
        finally:
            self._preparing = False

    def _take_up(self, process: AnalysisProcess) -> None:
        self.models_loaded = True
        self._all.add(process)
        process.watch(lambda: self._died(process))
        self._release(process)

    async def _settle(self, process: AnalysisProcess) -> None:
        """Let it finish a frame nobody waits for any more; where it cannot, put another in its place."""
        with contextlib.suppress(AnalysisUnavailableError):
            await process.finish_frame()
        if not process.broken:
            self._release(process)
            return
        self._remove(process)
        logger.warning("analysis process %s is gone; another takes its place", process.pid)
        spare, self._spare = self._spare, None
        if spare is not None and not spare.alive:
            await spare.close()
            spare = None
        self._take_up(spare or await self._start_until_it_runs())
        self.restarts += 1
        await process.close()
        await self._prepare_spare()

    def _died(self, process: AnalysisProcess) -> None:
        # One that is leased shows it on its pipe, and goes the way of the lease.
        if process in self._idle:
            self._idle.remove(process)
            self._remove(process)
            self._unsettled.append(process)
            self._wake.set()

    def _remove(self, process: AnalysisProcess) -> None:
        self._all.discard(process)
        if not self._all:
            self._refuse_waiting()

    async def _acquire(self) -> AnalysisProcess:
        if not self._all:
            raise AnalysisUnavailableError("no analysis process is running")
        if self._idle:
            # The one that worked last: its models and the stream's tracks are still in the caches.
            return self._idle.pop()
        turn: asyncio.Future[AnalysisProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._release(turn.result())
            raise

    def _release(self, process: AnalysisProcess) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(process)
                return
        self._idle.append(process)

    def _refuse_waiting(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(AnalysisUnavailableError("no analysis process is running"))
