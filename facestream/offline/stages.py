"""Run the stages of one source at the same time: decode ahead in a thread, write behind in another.

Decoding, encoding and the models release Python's lock, so the stages share the cores. Every queue is bounded, so the
slowest stage sets the pace and the memory does not grow with the length of the source.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.1
"""How often a waiting stage looks whether the other one has ended."""


@contextlib.contextmanager
def ahead(items: Iterable[T], most: int, name: str) -> Iterator[Iterator[T]]:
    """The items, made in a thread of their own, up to `most` of them before they are taken.

    An exception of the items is raised where they are taken. At the end of the context the thread has ended.
    """
    # Bounded: `most` decoded frames.
    made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: T | None, failure: BaseException | None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                made.put((item, failure), timeout=LOOK_EVERY_S)
                return

    def make() -> None:
        try:
            for item in items:
                put(item, None)
                if stopped.is_set():
                    return
            put(None, _EndOfItems())
        except BaseException as failure:  # noqa: BLE001 - raised in the thread that takes the items
            put(None, failure)

    def taken() -> Iterator[T]:
        while True:
            item, failure = made.get()
            if isinstance(failure, _EndOfItems):
                return
            if failure is not None:
                raise failure
            yield item  # type: ignore[misc]

    thread = threading.Thread(target=make, name=name, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        thread.join()


class _EndOfItems(Exception):
    """There are no more items."""


class Behind(Generic[T]):
    """A thread that consumes items in order, with up to `most` of them waiting."""

    def __init__(self, consume: Callable[[T], None], most: int, name: str) -> None:
        self._consume = consume
        # Bounded: `most` analysed frames.
        self._waiting: queue.Queue[T | None] = queue.Queue(most)
        self._failure: BaseException | None = None
        self._dropping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Add an item; waits while the queue is full. Raises what consuming an earlier item has raised."""
        if self._failure is not None:
            raise self._failure
        self._waiting.put(item)

    def finish(self) -> None:
        """Wait until all items are consumed; raises what consuming one has raised."""
        self._end()
        if self._failure is not None:
            raise self._failure

    def drop(self) -> None:
        """End without consuming the items that wait; may be called after `finish`."""
        self._dropping = True
        self._end()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            # After a failure, empty the queue, so that no `put` waits for ever.
            if self._failure is None and not self._dropping:
                try:
                    self._consume(item)
                except BaseException as failure:  # noqa: BLE001 - raised in the thread that puts the items
                    self._failure = failure
