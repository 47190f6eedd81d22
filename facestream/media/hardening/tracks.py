"""The peer's decoded track, with a bound: the newest frames wait, the oldest leave.

Never decodes and never waits for a reader.
"""

import asyncio
from collections import deque

from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from av import VideoFrame
from av.frame import Frame

from facestream.errors import FrameError

# The reader takes each at once; 8 bridge a quarter of a second in which the loop stalls. Of large ones fewer wait.
MAX_WAITING_FRAMES = 8
MAX_WAITING_BYTES = 16 * 1024 * 1024


class NewestFrames:
    """The newest frames, few where they are large; one thread puts, another takes."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=MAX_WAITING_FRAMES)

    def put(self, frame: Frame) -> None:
        """Keep a frame; the oldest make room."""
        self._frames.append(frame)
        room = max(1, MAX_WAITING_BYTES // max(1, _bytes_of(frame)))
        while len(self._frames) > room:
            self.take()

    def take(self) -> Frame | None:
        """The oldest that waits; None where none does."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None

    def clear(self) -> None:
        self._frames.clear()

    def __len__(self) -> int:
        return len(self._frames)


class BoundedRemoteTrack(RemoteStreamTrack):
    """A remote track that nobody has to read (F6), and that ends even then (F12)."""

    def __init__(self, kind: str, id: str | None = None) -> None:
        super().__init__(kind, id)
        self._frames = NewestFrames()
        self._changed = asyncio.Event()
        self._refusal: FrameError | None = None

    def offer(self, frame: Frame) -> None:
        """Take one decoded frame; the oldest that wait make room."""
        self._frames.put(frame)
        self._changed.set()

    def refuse(self, error: FrameError) -> None:
        """End with an error instead of an end; whoever reads gets it."""
        self._refusal = error
        self.stop()

    def stop(self) -> None:
        super().stop()
        self._frames.clear()
        self._changed.set()

    async def recv(self) -> Frame:
        while (frame := self._frames.take()) is None:
            if self.readyState != "live":
                raise self._refusal or MediaStreamError
            self._changed.clear()
            await self._changed.wait()
        return frame


def _bytes_of(frame: Frame) -> int:
    return sum(plane.buffer_size for plane in frame.planes) if isinstance(frame, VideoFrame) else 0
