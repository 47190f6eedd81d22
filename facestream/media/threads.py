"""Run functions in threads for the event loop, with as few wake-ups as possible.

The executors of CPython 3.11 wake two threads for a call, take their threads in turn, and make two futures. Here a call
wakes one thread, the one that worked last: its stack is still in the caches. Never starts a thread later than at the
beginning, because there might be none left.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Self, TypeVar

from facestream.workers.shortage import shortage

T = TypeVar("T")


class MediaThreads:
    """A fixed number of threads; calls that find none idle wait in order."""

    def __init__(self, count: int, name: str) -> None:
        """Start all threads. Raises ShortageError."""
        self._mutex = threading.Lock()
        self._idle: list[_Seat] = []
        self._waiting: deque[_Call] = deque()
        self._closed = False
        try:
            for number in range(count):
                # Daemon: a codec that hangs must not prevent the end of the process.
                threading.Thread(target=self._work, name=f"{name}_{number}", daemon=True).start()
        except (RuntimeError, MemoryError) as error:
            self.close()
            raise shortage(f"{count} threads ({name}) cannot start", error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def run(self, function: Callable[..., T], *args: object) -> "asyncio.Future[T]":
        """Call a function in a thread; the future of the running event loop gets its result or its exception.

        A call whose future is cancelled before it begins is left out.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = _Call(future, function, args)
        with self._mutex:
            if self._closed:
                raise RuntimeError("the threads have been closed")
            if self._idle:
                self._idle.pop().give(call)
            else:
                self._waiting.append(call)
        return future

    def close(self) -> None:
        """End the threads when they have done what was asked for; returns at once and may be called twice."""
        with self._mutex:
            self._closed = True
            while self._idle:
                self._idle.pop().give(None)

    # In the threads

    def _work(self) -> None:
        seat = _Seat()
        while (call := self._next(seat)) is not None:
            call.perform()
            del call  # otherwise the frame would be kept until the next call

    def _next(self, seat: "_Seat") -> "_Call | None":
        with self._mutex:
            if self._waiting:
                return self._waiting.popleft()
            if self._closed:
                return None
            self._idle.append(seat)
        return seat.take()


class _Seat:
    """Where an idle thread waits for its next call."""

    __slots__ = ("_call", "_given")

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._given = threading.Lock()
        self._given.acquire()

    def give(self, call: "_Call | None") -> None:
        """Wake the thread; None: it ends."""
        self._call = call
        self._given.release()

    def take(self) -> "_Call | None":
        self._given.acquire()
        call, self._call = self._call, None
        return call


class _Call:
    """A call and the future that waits for it."""

    __slots__ = ("_args", "_function", "_future", "_loop")

    def __init__(
        self, future: "asyncio.Future[Any]", function: Callable[..., object], args: tuple[object, ...]
    ) -> None:
        self._future, self._function, self._args = future, function, args
        self._loop = future.get_loop()

    def perform(self) -> None:
        if self._future.cancelled():
            return
        try:
            result = self._function(*self._args)
        except BaseException as error:  # noqa: BLE001 - the thread boundary: the caller gets it
            self._settle(self._future.set_exception, error)
        else:
            self._settle(self._future.set_result, result)

    def _settle(self, settle: Callable[[Any], None], outcome: object) -> None:
        try:
            self._loop.call_soon_threadsafe(self._unless_cancelled, settle, outcome)
        except RuntimeError:
            return  # the loop is closed: the server has ended

    def _unless_cancelled(self, settle: Callable[[Any], None], outcome: object) -> None:
        if not self._future.done():
            settle(outcome)
