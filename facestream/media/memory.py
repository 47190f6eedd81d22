"""Give back what ended sessions have left: aiortc's objects are reference cycles, and the C library keeps freed pages.

Without it 1,000 sessions that were opened and closed leave the server 100 MB larger (benchmarks/churn.py).
"""

import ctypes
import gc


def freeze_loaded_objects() -> None:
    """Take everything that start-up made out of every later collection; call once, when all is loaded."""
    gc.collect()
    gc.freeze()


def trim_memory() -> None:
    """Collect the cycles and return free pages to the system; the first half holds the interpreter's lock."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        # Not the GNU C library; others return pages by themselves.
        return
