"""Start child processes that a terminal's signals do not reach; sends none itself."""

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker


@contextlib.contextmanager
def without_signals() -> Iterator[None]:
    """A child started inside by this thread gets no SIGINT, SIGTERM and SIGHUP, from its first instruction on.

    Ctrl-C and a closed terminal reach the whole process group, also a child that still imports its modules. The parent
    misses nothing: its other threads get the signals meanwhile.
    """
    # Starting it unblocks SIGINT and SIGTERM in this thread; the first child would start without the mask.
    resource_tracker.ensure_running()
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
