"""Share the sources among child processes: start them, give each its next job, replace one that dies, end all."""

import contextlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Self

from facestream.errors import ModelFileError, ShortageError
from facestream.offline.messages import Done, Failed, Job, Message, NotReady, Progress, Ready, Stop
from facestream.offline.options import OfflineOptions
from facestream.workers.child import without_signals
from facestream.workers.shortage import shortage

START_DEADLINE_S = 60.0
END_DEADLINE_S = 2.0
LOOK_EVERY_S = 1.0
SILENT_S = 60.0
"""A child that says nothing for so long about a file hangs: it reports several times a second."""
JobEvent = Progress | Done | Failed


def _serve(pipe: Connection, models_dir: Path, options: OfflineOptions) -> None:
    """Run in the child, which alone needs the libraries of the analysis."""
    from facestream.offline.child import serve_jobs

    serve_jobs(pipe, models_dir, options)


class _Child:
    """One process, its end of the pipe and its job."""

    def __init__(self, models_dir: Path, options: OfflineOptions) -> None:
        spawn = multiprocessing.get_context("spawn")
        try:
            self.pipe, theirs = spawn.Pipe()
            with theirs:
                self.process = spawn.Process(
                    target=_serve,
                    args=(theirs, models_dir, options),
                    name="facestream-offline",
                    daemon=True,
                )
                with without_signals():
                    self.process.start()
        except (OSError, MemoryError) as error:
            raise shortage("an analysis process cannot start", error) from error
        self.is_ready = False
        self.job: Job | None = None
        self.silent_s = 0.0
        """Since its last message, without the time in which this process was stopped or suspended."""

    def give(self, job: Job) -> None:
        """Send a job; a child that has died meanwhile is noticed by its sentinel."""
        self.job = job
        self.silent_s = 0.0
        with contextlib.suppress(OSError):
            self.pipe.send(job)

    def received(self) -> Iterator[Message]:
        """The messages that have arrived; ends without an error when the child has gone."""
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                message: Message = self.pipe.recv()
                self.silent_s = 0.0
                yield message

    def end(self) -> str:
        """End the process, and say how it ended."""
        self.pipe.close()
        self.process.join(END_DEADLINE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(END_DEADLINE_S)
        code = self.process.exitcode
        with contextlib.suppress(ValueError):
            self.process.close()
        if code is None or code >= 0:
            return f"exit code {code}"
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"


class JobProcesses:
    """Child processes that do jobs; a context manager that ends all of them."""

    def __init__(self, models_dir: Path, options: OfflineOptions, count: int) -> None:
        """`count`: processes at once, 1 or more."""
        self._models_dir = models_dir
        self._options = options
        self._count = count
        self._children = list[_Child]()
        self._waiting = deque[Job]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First all pipes, so that the children end at the same time.
        for child in self._children:
            child.pipe.close()
        while self._children:
            self._children.pop().end()

    def run(self, jobs: Sequence[Job]) -> Iterator[JobEvent]:
        """Do the jobs, the first ones first; yields what becomes of them.

        Raises ModelFileError and ShortageError if no process can start.
        """
        self._waiting.extend(jobs)
        while self._waiting or self._busy():
            self._start_missing()
            yield from self._wait(LOOK_EVERY_S)

    def stop_live(self, deadline_s: float) -> Iterator[JobEvent]:
        """End cameras and addresses in order; yields their results. Starts no other job."""
        self._waiting.clear()
        until_s = time.monotonic() + deadline_s
        live = [child for child in self._busy() if child.job is not None and child.job.source.is_live]
        for child in live:
            with contextlib.suppress(OSError):
                child.pipe.send(Stop())
        while any(child.job for child in live) and time.monotonic() < until_s:
            yield from self._wait(0.2)

    def _busy(self) -> list[_Child]:
        return [child for child in self._children if child.job is not None]

    def _start_missing(self) -> None:
        idle = sum(child.job is None for child in self._children)
        while len(self._children) < self._count and idle < len(self._waiting):
            self._children.append(_Child(self._models_dir, self._options))
            idle += 1

    def _wait(self, seconds: float) -> Iterator[JobEvent]:
        """Wait for messages and ends of children, and give jobs to those that have none."""
        watched: dict[object, _Child] = {}
        for child in self._children:
            watched[child.pipe] = watched[child.process.sentinel] = child
        began_s = time.monotonic()
        woken = {id(watched[each]): watched[each] for each in wait(list(watched), seconds)}  # type: ignore[arg-type]
        for child in self._children:
            child.silent_s += min(time.monotonic() - began_s, 2 * LOOK_EVERY_S)
        for child in woken.values():
            yield from self._hear(child)
        for child in list(self._children):
            if not child.process.is_alive():
                # What it has said before its end counts.
                yield from self._hear(child)
                yield from self._bury(child, "")
            elif child.job is not None and child.silent_s > SILENT_S:
                child.process.kill()
                yield from self._bury(child, f"it was stuck for {SILENT_S:.0f} s")
            elif not child.is_ready and child.silent_s > START_DEADLINE_S:
                child.process.kill()
                yield from self._bury(child, f"it did not load its models within {START_DEADLINE_S:.0f} s")
            elif child.is_ready and child.job is None and self._waiting:
                child.give(self._waiting.popleft())

    def _hear(self, child: _Child) -> Iterator[JobEvent]:
        for message in child.received():
            match message:
                case Ready():
                    child.is_ready = True
                case NotReady():
                    if not message.traceback:
                        raise ModelFileError(message.reason)
                    fault = RuntimeError(f"an analysis process could not load its models ({message.reason})")
                    fault.add_note(message.traceback)
                    raise fault
                case Progress():
                    yield message
                case Done() | Failed():
                    child.job = None
                    yield message

    def _bury(self, child: _Child, why: str) -> Iterator[JobEvent]:
        self._children.remove(child)
        how, job = child.end(), child.job
        if not child.is_ready:
            raise ShortageError(
                f"an analysis process ended while it loaded its models ({why or how}); "
                "check the limits of memory, files and processes"
            )
        if job is not None:
            plugin = self._options.analysis.analyzer
            advice = "if memory is short, lower --processes"
            if plugin:
                advice += f"; if your own analysis {plugin} is the cause, mend it or leave out --analyzer"
            yield Failed(job.number, f"the process that analysed it ended ({why or how}); {advice}")
