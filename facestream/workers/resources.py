"""Turn an operating system's error into a sentence, and start threads before a shortage can prevent it."""

import errno
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
    """The error for `what`, caused by an OSError, a MemoryError, or the RuntimeError of a thread."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    elif isinstance(error, RuntimeError):  # "can't start new thread"
        number = errno.EAGAIN
    reason = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
    remedy = _REMEDIES.get(number or 0, "check the limits of this process and of the machine")
    return ShortageError(f"{what}: {reason}; {remedy}")


def started_threads(count: int, name: str) -> ThreadPoolExecutor:
    """An executor with all threads started, so that no later call needs a new one. Raises ShortageError."""
    threads = ThreadPoolExecutor(count, thread_name_prefix=name)
    all_there = threading.Barrier(count)
    try:
        # Each waits for the others, so each call needs a thread of its own.
        waiting = [threads.submit(all_there.wait, START_DEADLINE_S) for _ in range(count)]
        for future in waiting:
            future.result()
    except (RuntimeError, MemoryError) as error:
        all_there.abort()
        threads.shutdown(wait=False, cancel_futures=True)
        raise shortage(f"{count} threads ({name}) cannot start", error) from error
    return threads
