"""Replace functions by ones that enter a station while they run, from outside: the product's code stays as it is.

Knows functions, coroutines and generators; a coroutine or a generator is at its station only while it runs, and not
while it waits.
"""

import contextlib
import functools
import importlib
import inspect
import time
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Mapping
from typing import Any

from benchmarks.stations.clock import CALL, STEP, Kind, clocks

CALIBRATION_CALLS = 20_000


def wrap_all(*tables: Mapping[str, Iterable[str]]) -> list[str]:
    """Wrap every function, named as module:Class.function, by station; returns the stations that have none.

    Another commit does not have every function.
    """
    found: dict[str, bool] = {}
    for table in tables:
        for station, names in table.items():
            found.setdefault(station, False)
            for name in names:
                with contextlib.suppress(ImportError, AttributeError, KeyError):
                    wrap(name, station)
                    found[station] = True
    return [station for station, has_function in found.items() if not has_function]


def wrap(name: str, station: str) -> None:
    """Wrap one function where it is looked up. Raises ImportError, AttributeError and KeyError."""
    owner, attribute = find_owner(name)
    found = vars(owner)[attribute]
    if isinstance(found, staticmethod | classmethod):
        setattr(owner, attribute, type(found)(timed(found.__func__, station)))
    else:
        setattr(owner, attribute, timed(found, station))


def find_owner(name: str) -> tuple[Any, str]:
    """The module or class in which module:Class.function is defined, and the function's name in it."""
    module, _, path = name.partition(":")
    *classes, attribute = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in classes:
        owner = getattr(owner, each)
    return owner, attribute


def timed(function: Callable[..., Any], station: str) -> Callable[..., Any]:
    """The function, at a station while it runs."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def start(*args: Any, **named: Any) -> TimedCoroutine:
            return TimedCoroutine(function(*args, **named), station)

        return start
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **named: Any) -> Iterator[Any]:
            return TimedGenerator(function(*args, **named), station)

        return generate

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        clock = clocks.here()
        clock.enter(station, CALL)
        try:
            return function(*args, **named)
        finally:
            clock.leave()

    return call


class TimedCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine that is at a station in each of its steps."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], station: str) -> None:
        self._coroutine, self._station = coroutine, station

    def __await__(self) -> "Generator[Any, Any, Any]":
        return self  # it has the methods that `await` uses

    def __iter__(self) -> "TimedCoroutine":
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        clock = clocks.here()
        clock.enter(self._station, STEP)
        try:
            return self._coroutine.send(value)
        finally:
            clock.leave()

    def throw(self, *error: Any) -> Any:
        clock = clocks.here()
        clock.enter(self._station, STEP)
        try:
            return self._coroutine.throw(*error)
        finally:
            clock.leave()

    def close(self) -> None:
        self._coroutine.close()


class TimedGenerator(Iterator[Any]):
    """A generator that is at a station while it makes its next value."""

    def __init__(self, generator: Iterator[Any], station: str) -> None:
        self._generator, self._station = generator, station

    def __next__(self) -> Any:
        clock = clocks.here()
        clock.enter(self._station, STEP)
        try:
            return next(self._generator)
        finally:
            clock.leave()


def measuring_ns() -> dict[str, list[float]]:
    """What one call costs only because it is measured, by kind: at the station itself, and at the one around it.

    Measured in a loop, where everything is in the caches; in a server it may cost more.
    """
    found: dict[str, list[float]] = {"inner": [], "outer": []}
    for kind in (CALL, STEP):
        bare = _loop_ns(kind, _nothing if kind == CALL else _nothing_async)
        before = _at(("calibration", "calibration/call"))
        wrapped = timed(_nothing if kind == CALL else _nothing_async, "calibration/call")
        clock = clocks.here()
        clock.enter("calibration", CALL)
        _loop_ns(kind, wrapped)
        clock.leave()
        outer, inner = (
            (now - then) / CALIBRATION_CALLS
            for now, then in zip(_at(("calibration", "calibration/call")), before, strict=True)
        )
        # The bare call is not part of the measuring; most of it takes place around the function.
        found["inner"].append(inner)
        found["outer"].append(max(0.0, outer - bare))
    return found


def _at(stations: tuple[str, str]) -> list[int]:
    return [clocks.here().spent_ns[station] for station in stations]


def _loop_ns(kind: Kind, function: Callable[[], Any]) -> float:
    began_ns = time.thread_time_ns()
    if kind == CALL:
        for _ in range(CALIBRATION_CALLS):
            function()
    else:
        for _ in range(CALIBRATION_CALLS):
            _finish(function())
    return (time.thread_time_ns() - began_ns) / CALIBRATION_CALLS


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return


def _nothing() -> None:
    return


async def _nothing_async() -> None:
    return
