"""The thread that writes the records of all sessions, one step after the other; the event loop never waits for it."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from facestream.recording.files import RecordFiles

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.5
"""What is older than this, and the time of one write, is kept if the process is killed."""
Step = Callable[[RecordFiles], object]
Result = TypeVar("Result")


class WriterThread:
    """Runs steps in the order in which they were given. The queue is bounded by those who give them."""

    def __init__(self, on_failed: Callable[[str, str], None] = lambda _name, _problem: None) -> None:
        """`on_failed` gets the name of a folder that cannot be written to any more, and why; in the thread."""
        self._on_failed = on_failed
        self.problem = ""
        """Why the last session could not be written; empty: it could."""
        self.faults = 0
        """Sessions whose record has ended early, because it could not be written."""
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._open: set[RecordFiles] = set()
        # A daemon: a disk that hangs must not keep the server from ending.
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    def put(self, files: RecordFiles, step: Step, done: Callable[[], None]) -> None:
        """Do a step of one session; `done` is called after it, in the thread."""

        def run() -> None:
            try:
                self._do(files, step)
            finally:
                done()

        self._queue.put(run)

    def submit(self, work: Callable[[], Result]) -> "Future[Result]":
        """Do something after all steps that were given before."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                future.set_exception(error)

        self._queue.put(run)
        return future

    def close(self, deadline_s: float) -> bool:
        """Do all steps and end; returns whether that was done in time."""
        self._queue.put(None)
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        flush_s = time.monotonic() + FLUSH_EVERY_S
        while True:
            try:
                work = self._queue.get(timeout=max(0.0, flush_s - time.monotonic()))
            except queue.Empty:
                pass
            else:
                if work is None:
                    break
                work()
            if time.monotonic() >= flush_s:
                for files in list(self._open):
                    self._do(files, RecordFiles.flush)
                self._open = {files for files in self._open if not files.is_closed}
                flush_s = time.monotonic() + FLUSH_EVERY_S
        for files in list(self._open):
            self._do(files, RecordFiles.flush)
            files.close()

    def _do(self, files: RecordFiles, step: Step) -> None:
        """The boundary of one record: what fails in it ends this record, and nothing else."""
        if files.is_closed:
            return
        self._open.add(files)
        try:
            result = step(files)
        except OSError as error:
            self._fail(files, error.strerror or type(error).__name__)
            logger.warning(
                "%s is not recorded any more: its folder cannot be written (%s); the session continues",
                files.name,
                self.problem,
            )
        except Exception:
            self._fail(files, "a fault in the server, see the log")
            logger.exception("%s is not recorded any more: fault in the server", files.name)
        else:
            if step is RecordFiles.flush and result:
                self.problem = ""

    def _fail(self, files: RecordFiles, problem: str) -> None:
        self.problem = problem
        self.faults += 1
        files.close()
        self._on_failed(files.name, problem)
