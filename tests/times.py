"""Deadlines for slow machines: FACESTREAM_TEST_TIME_FACTOR stretches every one (default 1)."""

import os
from typing import Final

FACTOR: Final = float(os.environ.get("FACESTREAM_TEST_TIME_FACTOR", "1"))


def seconds(on_a_calm_machine: float) -> float:
    """How long a test waits for something before it fails."""
    return on_a_calm_machine * FACTOR


def milliseconds(on_a_calm_machine: float) -> float:
    """The same for what counts in milliseconds, as Playwright does."""
    return on_a_calm_machine * FACTOR
