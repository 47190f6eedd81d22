"""The points where frames are dropped and counted, and `LatestSlot`, which keeps only the newest item.

These points count what they drop, and the telemetry and `/metrics` show the counts. Before these points, three bounded
buffers drop without a count, so that a peer's flood uses no memory: datagrams (`aiortc_patches/datagrams.py`), encoded
frames (`aiortc_patches/decoders.py`) and decoded frames (`aiortc_patches/tracks.py`).
"""

import asyncio
import enum
from typing import Generic, TypeVar

T = TypeVar("T")


class DropPoint(enum.StrEnum):
    """Where a frame is dropped, in the order in which it passes the points; the values are labels of `/metrics`."""

    BEFORE_DECODING = "before_decoding"
    """`JpegTrack` (media/tracks.py): a newer JPEG replaced this frame, or arrived earlier."""
    OVER_RATE = "over_rate"
    """`FramePipeline.receive` (media/pipeline.py): the peer sends more frames per second than `max_fps`."""
    BEFORE_ANALYSIS = "before_analysis"
    """`FramePipeline.receive` (media/pipeline.py): a newer frame replaced this one before a worker was free."""
    BEFORE_ENCODING = "before_encoding"
    """`AnnotatedVideoTrack` (media/tracks.py): a newer frame replaced this one before the sender took it."""


class LatestSlot(Generic[T]):
    """Holds one item; a newer one replaces it. `put` never waits, `take` waits for an item; one reader at a time."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._filled = asyncio.Event()
        self.dropped = 0
        """Items that were replaced before they were taken."""

    def put(self, item: T) -> None:
        """Store an item; an item that was not taken yet is dropped."""
        if self._item is not None:
            self.dropped += 1
        self._item = item
        self._filled.set()

    async def wait(self) -> None:
        """Wait until there is an item, without taking it: a newer one may still replace it."""
        await self._filled.wait()

    async def take(self) -> T:
        """Wait for an item and take it."""
        while self._item is None:
            await self._filled.wait()
        item = self._item
        self._item = None
        self._filled.clear()
        return item
