import asyncio
import threading
import weakref
from collections.abc import Callable

import pytest

from facestream.errors import ShortageError
from facestream.media.threads import MediaThreads
from facestream.workers.shortage import started_threads
from tests.times import seconds

DEADLINE_S = seconds(10.0)


class Frame:
    """Anything large."""


@pytest.fixture
def threads():
    with MediaThreads(2, "test") as threads:
        yield threads


async def test_a_call_returns_what_the_function_returns_in_another_thread(threads: MediaThreads):
    name = await threads.run(lambda: threading.current_thread().name)

    assert name in {"test_0", "test_1"}


async def test_a_call_raises_what_the_function_raises(threads: MediaThreads):
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)


async def test_the_thread_that_worked_last_works_again(threads: MediaThreads):
    assert len({await _rested(threads) for _ in range(10)}) == 1


async def test_more_calls_than_threads_are_made_one_after_the_other(threads: MediaThreads):
    numbers = await asyncio.wait_for(
        asyncio.gather(*(threads.run(lambda n=number: n) for number in range(50))), DEADLINE_S
    )

    assert numbers == list(range(50))


async def test_a_call_that_is_cancelled_before_its_turn_is_left_out(threads: MediaThreads):
    go_on, called = threading.Event(), list[int]()
    busy = [threads.run(go_on.wait, DEADLINE_S) for _ in range(2)]
    waiting = threads.run(called.append, 1)

    waiting.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*busy)
    await threads.run(called.append, 2)

    assert called == [2]


async def test_a_call_that_is_cancelled_while_it_runs_harms_nothing(threads: MediaThreads):
    go_on, began = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        go_on.wait(DEADLINE_S)

    running = threads.run(work)
    assert began.wait(DEADLINE_S)
    running.cancel()
    go_on.set()

    assert await threads.run(lambda: "next") == "next"


async def test_an_idle_thread_keeps_neither_arguments_nor_results(threads: MediaThreads):
    frame = Frame()
    kept = weakref.ref(frame)
    await threads.run(lambda each: each, frame)

    del frame
    async with asyncio.timeout(DEADLINE_S):
        while kept() is not None:  # noqa: ASYNC110 - the thread may still be on its way to rest
            await asyncio.sleep(0.001)


async def test_closed_threads_end_and_take_no_more_calls(threads: MediaThreads):
    before = [thread for thread in threading.enumerate() if thread.name.startswith("test_")]
    last = threads.run(lambda: "done")

    threads.close()

    assert await last == "done"
    for thread in before:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        threads.run(lambda: None)


def test_a_loop_that_is_closed_meanwhile_harms_no_thread(threads: MediaThreads):
    go_on = threading.Event()

    async def leave() -> None:
        threads.run(go_on.wait, DEADLINE_S)

    asyncio.run(leave())
    go_on.set()

    async def call() -> str:
        return await threads.run(lambda: "again")

    assert asyncio.run(call()) == "again"


@pytest.mark.parametrize("start_threads", [MediaThreads, started_threads])
def test_if_a_thread_cannot_start_the_others_end_and_a_shortage_is_raised(
    monkeypatch: pytest.MonkeyPatch, start_threads: Callable[[int, str], object]
):
    start, allowed = threading.Thread.start, [2]

    def start_or_refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("scarce"):
            if not allowed[0]:
                raise RuntimeError("can't start new thread")
            allowed[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)

    with pytest.raises(ShortageError, match="TasksMax"):
        start_threads(3, "scarce")

    for thread in threading.enumerate():
        if thread.name.startswith("scarce"):
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


async def _rested(threads: MediaThreads) -> int:
    """Where the next call goes when all threads are idle."""
    async with asyncio.timeout(DEADLINE_S):
        while len(threads._idle) < 2:  # noqa: ASYNC110 - no event says so
            await asyncio.sleep(0.001)
    return await threads.run(threading.get_ident)
