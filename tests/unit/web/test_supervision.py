"""Auxiliary tasks restart with growing pauses; a critical one that ends is an error."""

import asyncio
from types import SimpleNamespace

import pytest

from facestream.web import supervision
from facestream.web.supervision import CriticalTaskError, Supervisor
from tests.times import seconds

PAUSE_S = 0.01


class Flaky:
    """A task that fails `failures` times and then works."""

    def __init__(self, failures: int) -> None:
        self.left = failures
        self.started = 0
        self.works = asyncio.Event()

    async def run(self) -> None:
        self.started += 1
        if self.left:
            self.left -= 1
            raise RuntimeError("injected")
        self.works.set()
        await asyncio.Event().wait()


async def test_an_auxiliary_task_restarts_until_it_works():
    task, supervisor = Flaky(3), Supervisor(PAUSE_S)

    running = asyncio.create_task(supervisor.run_auxiliary("flaky", task.run))
    await asyncio.wait_for(task.works.wait(), seconds(5))

    assert task.started == 4
    assert supervisor.impaired() == []
    running.cancel()


async def test_a_task_waiting_for_its_restart_is_reported():
    task, supervisor = Flaky(1), Supervisor(first_pause_s=60)

    running = asyncio.create_task(supervisor.run_auxiliary("flaky", task.run))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert supervisor.impaired() == ["flaky: failure 1 in a row; restarts in 60 s, see the log"]
    running.cancel()


async def test_the_pauses_grow_up_to_a_limit(monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    task, supervisor = Flaky(9), Supervisor(first_pause_s=1)

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    running = asyncio.create_task(supervisor.run_auxiliary("flaky", task.run))
    await asyncio.wait_for(task.works.wait(), seconds(5))

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    running.cancel()


async def test_after_a_long_run_the_pauses_begin_again_with_the_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    now_s = 100.0
    works_for_s = iter([0.0, 0.0, supervision.STEADY_S, supervision.STEADY_S + 1, 0.0])
    pauses: list[float] = []

    async def fails_after_a_while() -> None:
        nonlocal now_s
        if (works_s := next(works_for_s, None)) is not None:
            now_s += works_s
            raise RuntimeError("injected")

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    monkeypatch.setattr(supervision, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    await Supervisor(first_pause_s=1).run_auxiliary("flaky", fails_after_a_while)

    assert pauses == [1, 2, 4, 1, 2]
    assert "flaky failed 1 times in a row" in caplog.records[3].getMessage()


async def test_the_same_fault_is_logged_with_one_traceback(caplog: pytest.LogCaptureFixture):
    task, supervisor = Flaky(3), Supervisor(PAUSE_S)

    running = asyncio.create_task(supervisor.run_auxiliary("flaky", task.run))
    await asyncio.wait_for(task.works.wait(), seconds(5))

    assert [record.exc_info is not None for record in caplog.records] == [True, False, False]
    running.cancel()


async def cancelled_from_inside() -> None:
    """Await something that another task has cancelled."""
    awaited = asyncio.get_running_loop().create_future()
    awaited.cancel()
    await awaited


async def test_an_auxiliary_task_restarts_after_a_cancellation_that_is_not_its_own():
    task, supervisor = Flaky(0), Supervisor(PAUSE_S)
    works = iter([cancelled_from_inside, task.run])

    running = asyncio.create_task(supervisor.run_auxiliary("flaky", lambda: next(works)()))
    await asyncio.wait_for(task.works.wait(), seconds(5))

    assert task.started == 1
    running.cancel()


async def test_a_critical_task_must_not_end_by_a_cancellation_that_is_not_its_own():
    with pytest.raises(CriticalTaskError, match="CancelledError"):
        await Supervisor().run_critical("flaky", cancelled_from_inside)


@pytest.mark.parametrize("kind", ["critical", "auxiliary"])
async def test_a_task_that_is_cancelled_ends_at_once(kind: str):
    task, supervisor = Flaky(0), Supervisor()
    run = supervisor.run_critical if kind == "critical" else supervisor.run_auxiliary

    running = asyncio.create_task(run("flaky", task.run))
    await asyncio.wait_for(task.works.wait(), seconds(5))
    running.cancel()
    await asyncio.wait([running], timeout=seconds(5))

    assert running.cancelled()
    assert task.started == 1


async def test_an_auxiliary_task_may_end():
    async def nothing_to_do() -> None:
        return

    await asyncio.wait_for(Supervisor().run_auxiliary("idle", nothing_to_do), seconds(1))


async def test_a_critical_task_that_fails_keeps_its_cause():
    with pytest.raises(CriticalTaskError, match="flaky") as ended:
        await Supervisor().run_critical("flaky", Flaky(1).run)

    assert isinstance(ended.value.__cause__, RuntimeError)


async def test_a_critical_task_must_not_return():
    async def returns() -> None:
        return

    with pytest.raises(CriticalTaskError, match="returned"):
        await Supervisor().run_critical("short", returns)


async def test_the_failure_of_a_critical_task_names_the_exception_in_a_group():
    async def fails() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Flaky(1).run())

    with pytest.raises(CriticalTaskError, match=r"\(RuntimeError\)"):
        await Supervisor().run_critical("group", fails)
