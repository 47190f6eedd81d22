"""Prevent shortages of threads and memory, and turn a shortage that occurs into an error that says what to do.

Never retries anything: the caller decides what a shortage means.
"""

import ctypes
import errno
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from facestream.errors import ShortageError

START_DEADLINE_S = 10.0
_REMEDIES = {
    errno.EMFILE: "raise the limit of open files (`ulimit -n`, LimitNOFILE)",
    errno.ENFILE: "raise the machine's limit of open files (fs.file-max)",
    errno.EAGAIN: "raise the limit of processes (`ulimit -u`, TasksMax, the container's pids limit)",
    errno.ENOMEM: "free memory or raise the memory limit",
    errno.ENOSPC: "free memory or raise the memory limit",
    errno.EFBIG: "raise the limit of file sizes (`ulimit -f`), or lower max_frame_width_px",
}


def shortage(what: str, error: BaseException) -> ShortageError:
    """A ShortageError saying that `error` made `what` impossible, and the remedy.

    `error` is an OSError, a MemoryError, or the RuntimeError of a thread that cannot start.
    """
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    elif isinstance(error, RuntimeError):  # "can't start new thread"
        number = errno.EAGAIN
    reason = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
    remedy = _REMEDIES.get(number or 0, "check the limits of this process and of the machine")
    return ShortageError(f"{what}: {reason}; {remedy}")


def started_threads(count: int, name: str) -> ThreadPoolExecutor:
    """An executor whose threads all run already, so that no later call needs a new thread. Raises ShortageError."""
    threads = ThreadPoolExecutor(count, thread_name_prefix=name)
    all_there = threading.Barrier(count)
    try:
        # Each call waits for the others, so each needs its own thread.
        waiting = [threads.submit(all_there.wait, START_DEADLINE_S) for _ in range(count)]
        for future in waiting:
            future.result()
    except (RuntimeError, MemoryError) as error:
        all_there.abort()
        threads.shutdown(wait=False, cancel_futures=True)
        raise shortage(f"{count} threads ({name}) cannot start", error) from error
    return threads


def freeze_loaded_objects() -> None:
    """Exclude all objects made so far from garbage collection; call it once, when everything is loaded."""
    gc.collect()
    gc.freeze()


def trim_memory() -> None:
    """Collect reference cycles and return free pages to the system, for some milliseconds under the GIL.

    aiortc's objects are cycles, and the C library keeps freed pages: without this call, 1,000 sessions that were opened
    and closed leave the server 100 MB larger (benchmarks/churn.py).
    """
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        # Only the GNU C library has this function; others return pages on their own.
        return
