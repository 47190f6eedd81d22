"""Start child processes that a terminal's signals do not reach; sends none itself."""

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker


@contextlib.contextmanager
def without_signals() -> Iterator[None]:
    """Block SIGINT, SIGTERM and SIGHUP in children that this thread starts inside, from their first instruction.

    Ctrl-C and a closed terminal signal the whole process group, including a child that is still importing its modules.
    The parent misses no signal: its other threads receive them meanwhile.
    """
    # Starting it unblocks SIGINT and SIGTERM in this thread; the first child would start without the mask.
    resource_tracker.ensure_running()
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
