"""Start child processes that a terminal's signals do not reach; sends none itself."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def without_signals() -> Iterator[None]:
    """A child started inside by this thread gets no SIGINT, SIGTERM and SIGHUP, from its first instruction on.

    Ctrl-C and a closed terminal reach the whole process group, also a child that still imports its modules. The parent
    misses nothing: its other threads get the signals meanwhile.
    """
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
