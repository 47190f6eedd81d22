"""One place for the newest item: a newer one replaces it and the loss is counted; never queues."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """A bound of one. `put` never waits, `take` waits for the next item; one taker at a time."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._filled = asyncio.Event()
        self.dropped = 0
        """Items that were replaced before anybody took them."""

    def put(self, item: T) -> None:
        if self._item is not None:
            self.dropped += 1
        self._item = item
        self._filled.set()

    async def wait(self) -> None:
        """Wait until an item is there, without taking it: a newer one may still replace it."""
        await self._filled.wait()

    async def take(self) -> T:
        """Wait for an item and take it."""
        while self._item is None:
            await self._filled.wait()
        item = self._item
        self._item = None
        self._filled.clear()
        return item
