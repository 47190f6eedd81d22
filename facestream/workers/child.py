"""Keep a terminal's signals from child processes, and detect a child that is stopped or hangs.

A child hangs if it has a frame and uses no processor time, or far too much. On a busy machine, the time on the clock
says nothing about the child. Never sends a signal and needs no file descriptor, because there might be none left.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker

LOOK_EVERY_S = 0.25
STOPPED_LOOKS = 2
"""Looks in a row. One look is not enough: after Ctrl-Z and `fg`, the parent may resume before its children do."""
STILL_LOOKS = 6
STILL_S = 0.001
"""A child that works uses more processor time than this between two looks, even if it waits for CPU or disk."""
ENDLESS_S = 3.0
"""Processor time for one frame; a frame takes 0.01 to 0.1 s."""
FRAME_DEADLINE_S = 10.0
"""On the clock; long, so that no child is killed just because others use the processor."""


@contextlib.contextmanager
def without_signals() -> Iterator[None]:
    """Block SIGINT, SIGTERM and SIGHUP in children that this thread starts inside, from their first instruction.

    Ctrl-C and a closed terminal signal the whole process group, including a child that is still importing its modules.
    The parent misses no signal: its other threads receive them meanwhile.
    """
    # Starting the tracker unblocks SIGINT and SIGTERM in this thread; the first child would start without the mask.
    resource_tracker.ensure_running()
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class HangDetector:
    """Watches one child for the process that waits for the child's reply."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stopped = self._still = 0
        self._given_s = time.monotonic()
        """When the child got its frame."""
        self._began_s: float | None = None
        """Processor time of the child when it got its frame; None: no look since then."""
        self._last_s = 0.0

    def begin(self) -> None:
        """Record that the child gets a frame now."""
        self._given_s = time.monotonic()
        self._began_s = None
        self._still = 0

    def look(self, reply_due: bool) -> str:  # noqa: FBT001 - the only argument
        """Why the child must be replaced, in a few words; empty while it works or is idle."""
        self._stopped = self._stopped + 1 if self.is_stopped() else 0
        if self._stopped >= STOPPED_LOOKS:
            return "is stopped"
        if not reply_due:
            return ""
        if time.monotonic() - self._given_s > FRAME_DEADLINE_S:
            return f"has had a frame for over {FRAME_DEADLINE_S:g} s"
        used_s = cpu_s(self._pid)
        if used_s is None:
            return ""
        if self._began_s is None:
            self._began_s = self._last_s = used_s
            return ""
        self._still = self._still + 1 if used_s - self._last_s < STILL_S else 0
        self._last_s = used_s
        if self._still >= STILL_LOOKS:
            return "is stuck on a frame"
        if used_s - self._began_s > ENDLESS_S:
            return f"has spent over {ENDLESS_S:g} s of CPU on one frame"
        return ""

    def is_stopped(self) -> bool:
        """Whether a signal such as SIGSTOP has stopped the child."""
        try:
            look = os.waitid(os.P_PID, self._pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        except (ChildProcessError, ProcessLookupError):
            return False  # it has ended
        return look is not None


def cpu_s(pid: int) -> float | None:
    """Processor time of a process, user and system; None if it cannot be read."""
    if sys.platform != "linux":
        return None
    try:
        # The id of another process's clock, as clock_getcpuclockid(3) computes it.
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return None  # it has ended
