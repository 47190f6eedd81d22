"""Time in tests: deadlines, scaled by FACESTREAM_TEST_TIME_FACTOR (default 1), and code without coverage tracing."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

PATIENCE: Final = 5.0
"""In a process of low priority (`nice`), which waits for the others."""
FACTOR: Final = float(os.environ.get("FACESTREAM_TEST_TIME_FACTOR", "1")) * (
    PATIENCE if os.nice(0) > 0 else 1.0
)


def seconds(on_a_calm_machine: float) -> float:
    """A deadline of a test in seconds, scaled."""
    return on_a_calm_machine * FACTOR


def milliseconds(on_a_calm_machine: float) -> float:
    """The same in milliseconds, for Playwright."""
    return on_a_calm_machine * FACTOR


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Switch off coverage tracing in this thread, which makes Python loops several times slower."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
