"""Detect that the terminal of a program has been closed; reads nothing from it."""

import errno
import os
import signal

_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class Terminal:
    """The controlling terminal at the time of creation.

    SIGHUP has two meanings: the terminal was closed, or a service is asked to reload its files. The terminal shows
    which: the kernel detaches it from every process of its session before it sends the signal.
    """

    def __init__(self) -> None:
        self._foreground = False
        foreground = self._look()
        # With nohup, the program must outlive its terminal.
        self.ends_program = foreground is not None and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        """Whether this program ends when its terminal is closed. A service has no terminal."""
        self._foreground = bool(foreground)

    @property
    def gone(self) -> bool:
        """Whether there was a terminal and it has been closed."""
        return self.ends_program and self._look() is None

    def closed_in_foreground(self) -> bool:
        """Whether it was closed while the program ran in its foreground; call it repeatedly.

        The kernel sends SIGHUP to the session leader only. If that is `make`, it waits for this program. A disowned
        background job (`disown`) keeps running.
        """
        foreground = self._look()
        if foreground is None:
            return self.ends_program and self._foreground
        self._foreground = foreground
        return False

    def _look(self) -> bool | None:
        """Whether this program is in the foreground of its terminal; None: it has no terminal."""
        try:
            terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            # Out of descriptors or memory: the state is unknown, so assume no change.
            return self._foreground if error.errno in _SHORTAGES else None
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return None
        finally:
            os.close(terminal)
