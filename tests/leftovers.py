"""Fail a test that leaves a task, a thread, a process or a file descriptor behind; end the process.

What fixtures of a wider scope hold exists before the test and does not count. What a test has started may end a moment
after it, so the check waits up to `GRACE_S` if something is left.
"""

import asyncio
import asyncio.runners
import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest

from tests.times import seconds

GRACE_S = seconds(3.0)
LOOK_AGAIN_S = 0.02

# Processes that multiprocessing starts once per process.
KEPT_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
# The default executor of the loop: its threads end with the loop, which browser tests share.
KEPT_THREADS = ("asyncio_",)
# Opened once per process by libraries, to read random bytes and facts about the machine.
KEPT_FILES = ("/dev/urandom", "/dev/random", "/dev/null", "/proc/", "/sys/")

_left_tasks: list[str] = []
_cancel_all_tasks: Any = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]


def _note_and_cancel(loop: asyncio.AbstractEventLoop) -> None:
    """Replaces asyncio's function: note the tasks that a closing loop would cancel silently."""
    deadline_s = time.monotonic() + GRACE_S
    while (left := asyncio.all_tasks(loop)) and time.monotonic() < deadline_s:
        loop.run_until_complete(asyncio.sleep(LOOK_AGAIN_S))
    _left_tasks.extend(sorted(_named(task) for task in left))
    _cancel_all_tasks(loop)


def _named(task: asyncio.Task[Any]) -> str:
    return f"task {task.get_name()} ({getattr(task.get_coro(), '__qualname__', '?')})"


def pytest_configure() -> None:
    asyncio.runners._cancel_all_tasks = _note_and_cancel  # type: ignore[attr-defined]


def pytest_keyboard_interrupt() -> None:
    """Restore asyncio's function at Ctrl-C, so that loops end at once and pytest shows its summary."""
    asyncio.runners._cancel_all_tasks = _cancel_all_tasks  # type: ignore[attr-defined]


def pytest_unconfigure() -> None:
    asyncio.runners._cancel_all_tasks = _cancel_all_tasks  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds: readable names by identity."""

    tasks: dict[int, str]
    threads: dict[int, str]
    descriptors: dict[int, str]
    pids: frozenset[int]
    """Every process of the machine, because looking up each parent would take longer than most tests."""

    def beside(self, before: "Held") -> list[str]:
        """What is held now and was not held before."""
        return [
            *(name for key, name in self.tasks.items() if key not in before.tasks),
            *(name for key, name in self.threads.items() if key not in before.threads),
            *_started(before.pids).values(),
            *(name for key, name in self.descriptors.items() if before.descriptors.get(key) != name),
        ]


def held(loop: asyncio.AbstractEventLoop | None) -> Held:
    """What this process holds now; `loop` is one that outlives the test."""
    return Held(
        {id(task): _named(task) for task in asyncio.all_tasks(loop)} if loop else {},
        {
            id(thread): f"thread {thread.name}"
            for thread in threading.enumerate()
            if not thread.name.startswith(KEPT_THREADS)
        },
        _descriptors(),
        _pids(),
    )


def _started(before: frozenset[int]) -> dict[int, str]:
    """New child processes, including zombies."""
    found = {}
    for pid in _pids() - before:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # ended meanwhile
        parent = int(stat.rpartition(")")[2].split()[1])
        if parent == os.getpid() and not any(kept in command for kept in KEPT_PROCESSES):
            found[pid] = f"process {pid} ({command.strip()[:200] or 'ended, never waited for'})"
    return found


def _pids() -> frozenset[int]:
    return frozenset(int(entry) for entry in os.listdir("/proc") if entry.isdecimal())  # noqa: PTH208


def _descriptors() -> dict[int, str]:
    tracker = getattr(resource_tracker._resource_tracker, "_fd", None)  # open as long as that process
    found = {}
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")  # noqa: PTH115
        except OSError:
            continue  # the listing itself
        if int(entry) != tracker and not target.startswith(KEPT_FILES):
            found[int(entry)] = f"descriptor {entry} ({target})"
    return found


@pytest.fixture(autouse=True)
def _no_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    loop = None
    if "_session_scoped_runner" in request.fixturenames:
        loop = request.getfixturevalue("_session_scoped_runner").get_loop()
    before = held(loop)
    yield
    if request.session.exitstatus:
        return  # interrupted: the test has not ended, and a failure here would replace pytest's summary
    deadline_s = time.monotonic() + GRACE_S
    while left := held(loop).beside(before):
        gc.collect()  # frees what only reference cycles hold, such as a traceback
        if time.monotonic() > deadline_s:
            break
        if loop:
            loop.run_until_complete(asyncio.sleep(LOOK_AGAIN_S))
        else:
            time.sleep(LOOK_AGAIN_S)
    left += _left_tasks
    _left_tasks.clear()
    # A process that went on would slow down every test after this one.
    for pid in _started(before.pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if left:
        pytest.fail(f"the test left behind: {'; '.join(left)}", pytrace=False)
