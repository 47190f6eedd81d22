"""Run the tasks of the server: a failed critical task ends the server, a failed auxiliary task is restarted.

Independent of what the tasks do; web/server.py and gateway/server.py choose the kind of each.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Pause before a restart, doubled after each failure in a row."""
STEADY_S = 60.0
"""A task that has run this long before it failed begins again with the first pause."""


class CriticalTaskError(Exception):
    """A task that the server cannot do without has ended: a bug in facestream, which ends the server (exit code 70)."""


@dataclass(slots=True)
class _Failures:
    """The failures in a row of one auxiliary task."""

    count: int = 0
    pause_s: float = 0.0
    """Pause before the next restart."""
    last: str = ""
    """The last exception, to log a repeated exception without its traceback."""
    restart_s: float = 0.0
    """When the task restarts, on the monotonic clock."""


class Supervisor:
    """Owns the restarts of auxiliary tasks, and lists the tasks that wait for a restart."""

    def __init__(self, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._waiting: dict[str, _Failures] = {}

    def impaired(self) -> list[str]:
        """The auxiliary tasks that have failed and wait for their restart, as sentences without internals."""
        now_s = time.monotonic()
        return [
            f"{name}: failure {failures.count} in a row; "
            f"restarts in {max(0.0, failures.restart_s - now_s):.0f} s, see the log"
            for name, failures in self._waiting.items()
        ]

    async def run_critical(self, name: str, work: Work) -> None:
        """Run a task that must not end; raises CriticalTaskError when the task ends or raises."""
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            if _is_own_cancellation(error):
                raise
            failure = type(_first_leaf(error)).__name__
            raise CriticalTaskError(f"the task {name} failed ({failure})") from error
        raise CriticalTaskError(f"the task {name} has returned")

    async def run_auxiliary(self, name: str, work: Work) -> None:
        """Run a task that the server can do without, until it returns; restart it after each exception."""
        failures = _Failures()
        while True:
            started_s = time.monotonic()
            self._waiting.pop(name, None)
            try:
                await work()
            except (Exception, asyncio.CancelledError) as error:
                # The boundary of one auxiliary task: its fault must not end sessions.
                if _is_own_cancellation(error):
                    raise
                if time.monotonic() - started_s > STEADY_S:
                    failures = _Failures()
                self._note(failures, name, error)
            else:
                return
            self._waiting[name] = failures
            await asyncio.sleep(failures.pause_s)

    def _note(self, failures: _Failures, name: str, error: BaseException) -> None:
        """Count and log one failure, with a traceback unless the previous exception was the same."""
        failures.pause_s = min(2 * failures.pause_s or self._first_pause_s, LONGEST_PAUSE_S)
        failures.count += 1
        failures.restart_s = time.monotonic() + failures.pause_s
        same, failures.last = failures.last == repr(error), repr(error)
        logger.error(
            "auxiliary task %s failed %d times in a row, a fault in the server; it restarts in %.0f s",
            name,
            failures.count,
            failures.pause_s,
            exc_info=None if same else error,
        )


def _is_own_cancellation(error: BaseException) -> bool:
    """Whether this task was cancelled; otherwise, what it awaited was cancelled, which is a fault."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
