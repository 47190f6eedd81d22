"""Child processes: hangs are detected from /proc of real processes, and signals do not reach a child that starts."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from facestream.workers.child import STILL_LOOKS, STOPPED_LOOKS, HangDetector
from tests.times import seconds

SPINS = "print(flush=True)\nwhile True: pass"
RESTS = "print(flush=True)\nimport time; time.sleep(60)"
DEADLINE_S = seconds(20.0)
FIRST_CHILD = """
import signal
from multiprocessing import resource_tracker

from facestream.workers.child import without_signals

with without_signals():
    resource_tracker.getfd()  # as the start of every child does
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


@contextlib.contextmanager
def child(program: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def looks(detector: HangDetector, count: int, *, reply_due: bool, every_s: float = 0.01) -> list[str]:
    found = []
    for _ in range(count):
        found.append(detector.look(reply_due))
        time.sleep(every_s)
    return found


def test_a_stopped_child_is_found_at_the_second_look():
    with child(RESTS) as pid:
        detector = HangDetector(pid)
        os.kill(pid, signal.SIGSTOP)
        deadline_s = time.monotonic() + DEADLINE_S
        while not detector.is_stopped() and time.monotonic() < deadline_s:
            time.sleep(0.005)

        found = looks(detector, STOPPED_LOOKS, reply_due=False)

    assert found == ["", "is stopped"]


def test_a_child_that_was_stopped_briefly_is_kept():
    with child(RESTS) as pid:
        detector = HangDetector(pid)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)
        detector.look(reply_due=False)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)

        found = looks(detector, 3, reply_due=False)

    assert found == ["", "", ""]


def test_an_idle_child_does_not_hang_while_no_result_is_due():
    with child(RESTS) as pid:
        assert set(looks(HangDetector(pid), 3 * STILL_LOOKS, reply_due=False)) == {""}


def test_an_idle_child_hangs_if_a_result_is_due():
    with child(RESTS) as pid:
        found = looks(HangDetector(pid), STILL_LOOKS + 1, reply_due=True)

    assert found == [""] * STILL_LOOKS + ["is stuck on a frame"]


def test_a_computing_child_hangs_after_its_cpu_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("facestream.workers.child.ENDLESS_S", 0.2)
    with child(SPINS) as pid:
        detector, deadline_s = HangDetector(pid), time.monotonic() + DEADLINE_S
        first = detector.look(reply_due=True)
        while not (found := detector.look(reply_due=True)) and time.monotonic() < deadline_s:
            time.sleep(0.05)

    assert first == ""
    assert found == "has spent over 0.2 s of CPU on one frame"


def test_a_child_that_works_on_a_frame_for_too_long_hangs(monkeypatch: pytest.MonkeyPatch):
    """Such as one that waits in turns and computes a little."""
    monkeypatch.setattr("facestream.workers.child.FRAME_DEADLINE_S", 0.2)
    with child(SPINS) as pid:
        detector, deadline_s = HangDetector(pid), time.monotonic() + DEADLINE_S
        detector.begin()
        first = detector.look(reply_due=True)
        while not (found := detector.look(reply_due=True)) and time.monotonic() < deadline_s:
            time.sleep(0.05)

    assert first == ""
    assert found == "has had a frame for over 0.2 s"


def test_the_cpu_time_is_counted_per_frame(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("facestream.workers.child.ENDLESS_S", 0.1)
    with child(SPINS) as pid:
        detector = HangDetector(pid)
        found = set()
        for _ in range(8):
            detector.begin()
            found |= set(looks(detector, 2, reply_due=True, every_s=0.05))

    assert found == {""}


def test_an_ended_child_does_not_count_as_stopped():
    with child(RESTS) as pid:
        pass

    assert HangDetector(pid).look(reply_due=True) == ""


def test_signals_are_also_blocked_for_the_first_child():
    printed = subprocess.run([sys.executable, "-c", FIRST_CHILD], capture_output=True, text=True, check=True)

    assert printed.stdout == "True\n"
