"""The terminal that a program was started from: whether it is still there. Reads nothing from it."""

import os
import signal


class Terminal:
    """The controlling terminal, as it was when the program started.

    SIGHUP means two things: the terminal has been closed, or somebody asks a service to read its files again. The
    terminal itself tells which: the kernel takes it from every process of its session before it sends the signal.
    """

    def __init__(self) -> None:
        # With nohup the program outlives its terminal on purpose.
        self._ends_program = _is_open() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    @property
    def gone(self) -> bool:
        """True: there was one, and it has been closed. A service never had one."""
        return self._ends_program and not _is_open()


def _is_open() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
