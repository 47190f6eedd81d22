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

# The reader takes each frame at once; 8 cover a stall of a quarter of a second. Fewer large frames may wait.
MAX_WAITING_FRAMES = 8
MAX_WAITING_BYTES = 16 * 1024 * 1024


class NewestFrames:
    """The newest frames, bounded by count and bytes; one thread puts, another takes."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=MAX_WAITING_FRAMES)

    def put(self, frame: Frame) -> None:
        """Add a frame; drop the oldest ones over the bounds."""
        self._frames.append(frame)
        room = max(1, MAX_WAITING_BYTES // max(1, _bytes_of(frame)))
        while len(self._frames) > room:
            self.take()

    def take(self) -> Frame | None:
        """The oldest waiting frame; None: there is none."""
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
        """Add one decoded frame; the oldest waiting ones are dropped over the bounds."""
        self._frames.put(frame)
        self._changed.set()

    def refuse(self, error: FrameError) -> None:
        """End the track with an error, which its reader gets."""
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
