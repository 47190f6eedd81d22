"""The peer's decoded track, with a bound: the newest frames wait, the oldest leave.

Never decodes and never waits for a reader.
"""

import asyncio
from collections import deque

from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from av.frame import Frame

MAX_WAITING_FRAMES = (
    8  # the reader takes each at once; 8 bridge a quarter of a second in which the loop stalls
)


class BoundedRemoteTrack(RemoteStreamTrack):
    """A remote track that nobody has to read (F6), and that ends even then (F12)."""

    def __init__(self, kind: str, id: str | None = None) -> None:
        super().__init__(kind, id)
        self._frames: deque[Frame] = deque(maxlen=MAX_WAITING_FRAMES)
        self._changed = asyncio.Event()

    def offer(self, frame: Frame) -> None:
        """Take one decoded frame; the oldest that waits makes room."""
        self._frames.append(frame)
        self._changed.set()

    def stop(self) -> None:
        super().stop()
        self._frames.clear()
        self._changed.set()

    async def recv(self) -> Frame:
        while not self._frames:
            if self.readyState != "live":
                raise MediaStreamError
            self._changed.clear()
            await self._changed.wait()
        return self._frames.popleft()
