"""Whether a child process is stopped or hangs: by what the kernel says of it, never by the clock alone.

A frame may take long on a machine that is busy; a child that computes nothing for a second, while it should, does not.
Needs no descriptor, because there may be none left.
"""

import os
import sys
import time

LOOK_EVERY_S = 0.25
STOPPED_LOOKS = 2
"""In a row. One is not enough: after Ctrl-Z and `fg`, the parent may run a moment before its children do."""
STILL_LOOKS = 6
STILL_S = 0.001
"""Less than this between two looks is no work: a process that waits for the processor or the disk gets more."""
ENDLESS_S = 3.0
"""Processor time; a frame takes 0.01 to 0.1 s."""


class HangDetector:
    """Looks at one child again and again, for who waits for its answer."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stopped = self._still = 0
        self._began_s: float | None = None
        """Processor time of the child when it got its frame; None: not looked at since."""
        self._last_s = 0.0

    def begin(self) -> None:
        """The child has got a frame now."""
        self._began_s = None
        self._still = 0

    def look(self, answer_due: bool) -> str:  # noqa: FBT001 - the only thing there is to say
        """Why it is given up, in a few words; empty while it works or rests."""
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
            return "waits for ever over a frame"
        return "computes a frame without end" if used_s - self._began_s > ENDLESS_S else ""

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
