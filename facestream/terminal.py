"""The terminal that a program was started from: whether it is still there. Reads nothing from it."""

import errno
import os
import signal

_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class Terminal:
    """The controlling terminal, from when this is made.

    SIGHUP means two things: the terminal has been closed, or somebody asks a service to read its files again. The
    terminal itself tells which: the kernel takes it from every process of its session before it sends the signal.
    """

    def __init__(self) -> None:
        self._foreground = False
        foreground = self._look()
        # With nohup the program outlives its terminal on purpose.
        self.ends_program = foreground is not None and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        """Whether there is one whose end is this program's end. A service has none."""
        self._foreground = bool(foreground)

    @property
    def gone(self) -> bool:
        """True: there was one, and it has been closed."""
        return self.ends_program and self._look() is None

    def closed_in_foreground(self) -> bool:
        """Whether it was closed while the program ran in its foreground; to be asked again and again.

        The kernel sends SIGHUP to the first program of the terminal only. Where that is make, it waits for this one.
        A background job whose shell has let go of it (`disown`) lives on.
        """
        foreground = self._look()
        if foreground is None:
            return self.ends_program and self._foreground
        self._foreground = foreground
        return False

    def _look(self) -> bool | None:
        """Whether this program is in the foreground of its terminal; None: it has none."""
        try:
            terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            # Out of descriptors or memory: nothing is known, so nothing has changed.
            return self._foreground if error.errno in _SHORTAGES else None
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return None
        finally:
            os.close(terminal)
