"""Deadlines of tests whose process waits for others."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.times import PATIENCE

# This test itself may run with `nice`.
NOW = PATIENCE if os.nice(0) > 0 else 1.0
ASK = "import tests.times; print(tests.times.FACTOR)"


@pytest.mark.parametrize(("priority", "longer"), [([], NOW), (["nice", "-n", "19"], PATIENCE)])
def test_a_process_of_low_priority_has_longer_deadlines(
    monkeypatch: pytest.MonkeyPatch, priority: list[str], longer: float
):
    monkeypatch.setenv("FACESTREAM_TEST_TIME_FACTOR", "3")

    done = subprocess.run(
        [*priority, sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert float(done.stdout) == 3 * longer
