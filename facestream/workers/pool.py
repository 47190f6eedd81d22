"""Share a fixed number of workers between all streams, and replace workers that die or hang.

Never queues frames: a stream waits for a free process, first come first served, and then passes its newest frame.
`run` never raises: it retries to start a missing process for as long as the server runs. The analysis runs in
processes because dlib holds the GIL.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

from facestream.analysis.options import AnalysisOptions
from facestream.errors import AnalysisUnavailableError
from facestream.workers.child import LOOK_EVERY_S
from facestream.workers.plugin_log import PluginLog
from facestream.workers.process import AnalysisProcess
from facestream.workers.process_starts import ProcessStarts

logger = logging.getLogger(__name__)

AFTER_FAULT_S = 5.0


class AnalysisPool:
    """A fixed number of workers; `run` replaces those that die or hang."""

    def __init__(self, models_dir: Path, options: AnalysisOptions, processes: int, max_pixels: int) -> None:
        self._starts = ProcessStarts(partial(AnalysisProcess, models_dir, options, max_pixels), self._replace)
        self.plugin = options.analyzer
        """Your own analysis as package.module:name; empty: none."""
        self.plugin_log = PluginLog()
        """Where all streams report its faults."""
        self._size = processes
        self._all: set[AnalysisProcess] = set()
        self._idle: deque[AnalysisProcess] = deque()
        self._waiting: deque[asyncio.Future[AnalysisProcess]] = deque()
        # Leases of these processes ended before the reply to their frame, or the process broke: `_settle` waits for
        # the reply or ends the process.
        self._unsettled: deque[AnalysisProcess] = deque()
        self._unsettled_added = asyncio.Event()
        self._spare: AnalysisProcess | None = None
        self._process_missing = asyncio.Event()
        self._models_were_loaded = False
        self.restarts = 0
        self.busy_s = 0.0
        """Time for which processes were leased, summed over all processes."""

    @property
    def alive(self) -> int:
        return len(self._all)

    @property
    def size(self) -> int:
        return self._size

    @property
    def models_loaded(self) -> bool:
        """Whether the last process that started could load every model."""
        return self._size == 0 or (self._models_were_loaded and not self._starts.models_missing)

    @property
    def shortage(self) -> str:
        """Why a missing process cannot be started now, as a sentence; empty: no reason is known."""
        return self._starts.shortage

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._all]

    async def start(self) -> None:
        """Start all processes. Raises ModelFileError, ShortageError and AnalysisFaultError."""
        if self._size == 0:
            return
        self._starts.open()
        failures = await asyncio.gather(
            *(self._start_first() for _ in range(self._size)), return_exceptions=True
        )
        for failure in failures:
            if failure is not None:
                await self.close()
                raise failure

    async def run(self) -> None:
        """Replace processes that die or hang, until cancelled; keep a spare process, because loading takes 1 s."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in (
                ("pool/fill", self._keep_full),
                ("pool/look", self._replace_hung),
                ("pool/settle", self._settle_all),
            ):
                tasks.create_task(_forever(work), name=name)

    def lease(self) -> "Lease":
        """Wait for a free process and use it for one frame, as an asynchronous context manager.

        Entering it raises AnalysisUnavailableError if no process is alive.
        """
        return Lease(self)

    async def begin_lease(self) -> AnalysisProcess:
        """As `lease` says; `end_lease` must follow."""
        if not self._all:
            raise AnalysisUnavailableError("no analysis process is running")
        if self._idle:
            # The process that worked last: its models and the tracks of its streams are still in the caches.
            return self._idle.pop()
        turn: asyncio.Future[AnalysisProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._release(turn.result())
            raise

    def end_lease(self, process: AnalysisProcess, leased_s: float) -> None:
        """Give the process back after so many seconds, or replace it."""
        self.busy_s += leased_s
        if process.idle:
            self._release(process)
            return
        if process.broken:
            self._replace(process)
        self._settle_soon(process)

    async def close(self) -> None:
        """End all processes; callers that wait get AnalysisUnavailableError. May be called twice."""
        self._starts.close()
        processes = {*self._everyone(), *self._unsettled}
        self._all, self._spare = set(), None
        self._unsettled.clear()
        self._idle.clear()
        self._fail_waiting()
        await asyncio.gather(*(process.close() for process in processes))

    async def _start_first(self) -> None:
        self._use(await self._starts.start())

    async def _keep_full(self) -> None:
        """Start the missing processes one after the other, so that starting uses at most one core."""
        while True:
            while self._size and (len(self._all) < self._size or self._spare is None):
                process = await self._starts.start_with_retries()
                if len(self._all) < self._size:
                    self._use_replacement(process)
                else:
                    self._spare = process
                if len(self._all) == self._size:
                    self._starts.note_complete()
            self._process_missing.clear()
            await self._process_missing.wait()

    async def _replace_hung(self) -> None:
        """Kill and replace processes that are stopped or hang."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for process in list(self._everyone()):
                if why := process.look():
                    logger.warning("analysis process %d %s; it is being replaced", process.pid, why)
                    process.kill()
                    self._replace(process)

    async def _settle_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._unsettled_added.wait()
                self._unsettled_added.clear()
                while self._unsettled:
                    tasks.create_task(self._settle(self._unsettled.popleft()), name="pool/settle-one")

    async def _settle(self, process: AnalysisProcess) -> None:
        """Wait until a process has finished a frame that no caller waits for; end the process if it cannot finish."""
        try:
            with contextlib.suppress(AnalysisUnavailableError):
                await process.finish_frame()
            if process.broken:
                self._replace(process)
                await process.close()
            else:
                self._release(process)
        except Exception:
            # An error with one process must not stop the settling of others.
            logger.exception(
                "analysis process %d could not finish its frame; the process is ended", process.pid
            )
            process.kill()
            self._replace(process)

    def _everyone(self) -> Iterator[AnalysisProcess]:
        yield from self._all
        yield from self._starts.loading
        if self._spare is not None:
            yield self._spare

    def _use_replacement(self, process: AnalysisProcess) -> None:
        self.restarts += 1
        self._use(process)

    def _use(self, process: AnalysisProcess) -> None:
        self._models_were_loaded = True
        self._all.add(process)
        self._release(process)

    def _replace(self, process: AnalysisProcess) -> None:
        """Put the spare in place of a dead or killed process at once."""
        self._process_missing.set()
        if process is self._spare:
            self._spare = None
            self._settle_soon(process)
        if process not in self._all:
            return
        self._all.discard(process)
        logger.warning("analysis process %d is gone; it is being replaced", process.pid)
        self._starts.note_death(process)
        # A leased process is settled when its lease ends.
        if process in self._idle:
            self._idle.remove(process)
            self._settle_soon(process)
        spare, self._spare = self._spare, None
        if spare is not None:
            self._use_replacement(spare)
        elif not self._all:
            self._fail_waiting()

    def _settle_soon(self, process: AnalysisProcess) -> None:
        self._unsettled.append(process)
        self._unsettled_added.set()

    def _release(self, process: AnalysisProcess) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(process)
                return
        self._idle.append(process)

    def _fail_waiting(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(AnalysisUnavailableError("no analysis process is running"))


class Lease:
    """The time for which a stream uses one process."""

    __slots__ = ("_began_s", "_pool", "_process")

    def __init__(self, pool: AnalysisPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> AnalysisProcess:
        self._process = await self._pool.begin_lease()
        self._began_s = time.monotonic()
        return self._process

    async def __aexit__(self, *_: object) -> None:
        self._pool.end_lease(self._process, time.monotonic() - self._began_s)


async def _forever(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run `work` again after an error; without `work` the server would lose its processes one by one."""
    while True:
        try:
            await work()
        except Exception:
            # The boundary of the pool: an error in the pool must not end sessions.
            logger.exception("fault in the supervision of the analysis processes; it continues")
            await asyncio.sleep(AFTER_FAULT_S)
