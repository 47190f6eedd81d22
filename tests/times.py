"""Time in tests: deadlines that FACESTREAM_TEST_TIME_FACTOR stretches (default 1), and time without coverage."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

FACTOR: Final = float(os.environ.get("FACESTREAM_TEST_TIME_FACTOR", "1"))


def seconds(on_a_calm_machine: float) -> float:
    """How long a test waits for something before it fails."""
    return on_a_calm_machine * FACTOR


def milliseconds(on_a_calm_machine: float) -> float:
    """The same for what counts in milliseconds, as Playwright does."""
    return on_a_calm_machine * FACTOR


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Measure no coverage in this thread meanwhile: it makes loops in Python several times slower."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
