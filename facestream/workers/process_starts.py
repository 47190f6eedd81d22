"""Start workers and retry while resources are short; a failed start leaves nothing open."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from facestream.errors import AnalysisFaultError, FacestreamError, ModelFileError
from facestream.workers.process import AnalysisProcess
from facestream.workers.shortage import started_threads

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
STEADY_S = 3.0
"""A process that dies sooner counts as a failed start, so that restarts do not occupy a core for ever."""


class ProcessStarts:
    """Starts processes, waits until they are ready, and keeps the reason why a process cannot start."""

    def __init__(
        self, make: Callable[[], AnalysisProcess], on_death: Callable[[AnalysisProcess], None]
    ) -> None:
        """`make` starts a child and blocks for some milliseconds; `on_death` is called when a child dies by itself."""
        self._make = make
        self._on_death = on_death
        self._thread: ThreadPoolExecutor | None = None
        self._pause_s = 0.0
        self._logged: set[str] = set()
        self.loading: set[AnalysisProcess] = set()
        """Processes that are started but not ready yet."""
        self.shortage = ""
        """Why processes cannot be started now, as a sentence; empty: no known reason."""
        self.models_missing = False
        """Whether the last failure was caused by a model file."""

    def open(self) -> None:
        """Start the thread of this class now, because that may be impossible later. Raises ShortageError."""
        self._thread = started_threads(1, "start-analysis")

    def close(self) -> None:
        """Start no more processes; waits some milliseconds for a start in progress. May be called twice."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    async def start(self) -> AnalysisProcess:
        """Start one process and wait until it is ready; raises ShortageError, ModelFileError or AnalysisFaultError."""
        assert self._thread is not None, "opened first"
        starting = self._thread.submit(self._make)
        try:
            process = await asyncio.wrap_future(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_discard)
            raise
        self.loading.add(process)
        try:
            await process.started()
            process.watch(lambda: self._on_death(process))
        except BaseException:
            await process.close()
            raise
        finally:
            self.loading.discard(process)
        return process

    async def start_with_retries(self) -> AnalysisProcess:
        """Start one process; after a failure, retry with growing pauses until a process is ready."""
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                process = await self.start()
            except (FacestreamError, OSError) as error:
                self._lengthen_pause()
                self._log_once(error)
            else:
                self._pause_s = min(self._pause_s, FIRST_PAUSE_S)
                return process

    def note_death(self, process: AnalysisProcess) -> None:
        """Record that a process died; if it was short-lived, the next start waits."""
        if process.ready_s is not None and time.monotonic() - process.ready_s < STEADY_S:
            self._lengthen_pause()
        else:
            self._pause_s = 0.0

    def note_complete(self) -> None:
        """Record that all processes run."""
        if self.shortage:
            logger.warning("analysis processes can be started again; all of them run")
        self.shortage = ""
        self.models_missing = False
        self._logged.clear()

    def _lengthen_pause(self) -> None:
        self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), LONGEST_PAUSE_S)

    def _log_once(self, error: Exception) -> None:
        """Log each reason once, until all processes run again."""
        self.models_missing = isinstance(error, ModelFileError)
        self.shortage = str(error)
        if self.shortage in self._logged:
            return
        self._logged.add(self.shortage)
        details = f"\n{error.traceback}" if isinstance(error, AnalysisFaultError) else ""
        # The text, not the error: a kept record would keep the traceback, and the pipes of the failed start with it.
        logger.warning(
            "an analysis process did not start; the server tries again: %s%s", self.shortage, details
        )


def _discard(starting: "Future[AnalysisProcess]") -> None:
    """End the child of a cancelled start."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().discard()
