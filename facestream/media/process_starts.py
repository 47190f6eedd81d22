"""Start analysis processes, again and again where the machine lacks something; leaves nothing of a failed start."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from facestream.errors import AnalysisFaultError, FacestreamError, ModelFileError
from facestream.media.analysis_process import AnalysisProcess
from facestream.media.shortage import started_threads

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
STEADY_S = 3.0
"""A process that dies sooner counts as one that did not start, so that starting does not take a core for ever."""


class ProcessStarts:
    """Makes processes that are loaded and watched; says what keeps it from that."""

    def __init__(
        self, make: Callable[[], AnalysisProcess], on_death: Callable[[AnalysisProcess], None]
    ) -> None:
        """`make` starts a child and blocks for some milliseconds; `on_death` is called when one dies by itself."""
        self._make = make
        self._on_death = on_death
        self._thread: ThreadPoolExecutor | None = None
        self._pause_s = 0.0
        self._logged: set[str] = set()
        self.loading: set[AnalysisProcess] = set()
        """Started, and not ready yet."""
        self.shortage = ""
        """Why processes cannot be started now, as a sentence; empty: nothing is known to be wrong."""
        self.models_missing = False
        """Whether the last failure was that of a model file."""

    def open(self) -> None:
        """Get a thread now: later there may be none to have. Raises ShortageError."""
        self._thread = started_threads(1, "start-analysis")

    def close(self) -> None:
        """Start no more; waits for a child that is being started, milliseconds. May be called twice."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    async def one(self) -> AnalysisProcess:
        """A process that is ready; raises ShortageError, ModelFileError or AnalysisFaultError."""
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

    async def one_at_last(self) -> AnalysisProcess:
        """A process that is ready, however long that takes; pauses longer and longer between its tries."""
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                process = await self.one()
            except (FacestreamError, OSError) as error:
                self._lengthen_pause()
                self._tell(error)
            else:
                self._pause_s = min(self._pause_s, FIRST_PAUSE_S)
                return process

    def note_death(self, process: AnalysisProcess) -> None:
        """One has died: where it did not live long, the next start waits."""
        if process.ready_s is not None and time.monotonic() - process.ready_s < STEADY_S:
            self._lengthen_pause()
        else:
            self._pause_s = 0.0

    def note_complete(self) -> None:
        """Every process runs."""
        if self.shortage:
            logger.warning("analysis processes start again; all of them run")
        self.shortage = ""
        self.models_missing = False
        self._logged.clear()

    def _lengthen_pause(self) -> None:
        self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), LONGEST_PAUSE_S)

    def _tell(self, error: Exception) -> None:
        """Log each reason once, until all processes run again."""
        self.models_missing = isinstance(error, ModelFileError)
        self.shortage = str(error)
        if self.shortage in self._logged:
            return
        self._logged.add(self.shortage)
        seen = f"\n{error.traceback}" if isinstance(error, AnalysisFaultError) else ""
        logger.warning("an analysis process did not start and is tried again: %s%s", error, seen)


def _discard(starting: "Future[AnalysisProcess]") -> None:
    """End the child of a start that nobody waits for any more."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().discard()
