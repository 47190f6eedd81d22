"""Detect that a child process is stopped or hangs, from its processor time, never by the clock alone.

A frame may take long on a busy machine, but a healthy child that has one never goes a second without processor time.
Needs no file descriptor, because there may be none left.
"""

import os
import sys
import time

LOOK_EVERY_S = 0.25
STOPPED_LOOKS = 2
"""Looks in a row. One is not enough: after Ctrl-Z and `fg`, the parent may resume before its children do."""
STILL_LOOKS = 6
STILL_S = 0.001
"""Less processor time than this between two looks is no work; even a process that waits for CPU or disk gets more."""
ENDLESS_S = 3.0
"""Processor time for one frame; a frame takes 0.01 to 0.1 s."""


class HangDetector:
    """Watches one child on behalf of the code that waits for its answer."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stopped = self._still = 0
        self._began_s: float | None = None
        """Processor time of the child when it got its frame; None: no look since then."""
        self._last_s = 0.0

    def begin(self) -> None:
        """Record that the child gets a frame now."""
        self._began_s = None
        self._still = 0

    def look(self, answer_due: bool) -> str:  # noqa: FBT001 - the only thing there is to say
        """Why the child must be replaced, in a few words; empty while it works or is idle."""
        self._stopped = self._stopped + 1 if self.is_stopped() else 0
        if self._stopped >= STOPPED_LOOKS:
            return "is stopped"
        used_s = cpu_s(self._pid) if answer_due else None
        if used_s is None:
            self.begin()
            return ""
        if self._began_s is None:
            self._began_s = self._last_s = used_s
            return ""
        self._still = self._still + 1 if used_s - self._last_s < STILL_S else 0
        self._last_s = used_s
        if self._still >= STILL_LOOKS:
            return "hangs over a frame"
        return "computes one frame without end" if used_s - self._began_s > ENDLESS_S else ""

    def is_stopped(self) -> bool:
        """Whether a signal such as SIGSTOP holds it."""
        try:
            look = os.waitid(os.P_PID, self._pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        except (ChildProcessError, ProcessLookupError):
            return False  # it has ended
        return look is not None


def cpu_s(pid: int) -> float | None:
    """Processor time of a process, user and system; None where it cannot be read."""
    if sys.platform != "linux":
        return None
    try:
        # The clock of another process: clock_getcpuclockid(3) computes this number.
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return None  # it has ended
