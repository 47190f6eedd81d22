"""Hold the decoded frames of a peer in a bounded track: the newest frames wait, the oldest are dropped.

The track of aiortc 1.16 queues decoded frames without a bound (F6) and does not end without a reader (F12). Never
decodes and never waits for a reader. Obsolete when aiortc bounds that queue.
"""

import asyncio
from collections import deque

from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from av import VideoFrame
from av.frame import Frame

from facestream.errors import FrameError

# The reader takes each frame at once; 8 frames cover a stall of a quarter of a second. Fewer large frames may wait.
MAX_WAITING_FRAMES = 8
MAX_WAITING_BYTES = 16 * 1024 * 1024


class NewestFrames:
    """The newest frames, bounded by number and bytes; one thread puts frames, another takes them."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=MAX_WAITING_FRAMES)

    def put(self, frame: Frame) -> None:
        """Add a frame; drop the oldest ones beyond the bounds."""
        self._frames.append(frame)
        room = max(1, MAX_WAITING_BYTES // max(1, _bytes_of(frame)))
        while len(self._frames) > room:
            self.take()

    def take(self) -> Frame | None:
        """Take the oldest waiting frame; None: there is none."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None

    def clear(self) -> None:
        self._frames.clear()

    def __len__(self) -> int:
        return len(self._frames)


class BoundedRemoteTrack(RemoteStreamTrack):
    """A remote track that needs no reader (F6), and ends without one, too (F12)."""

    def __init__(self, kind: str, id: str | None = None) -> None:
        super().__init__(kind, id)
        self._frames = NewestFrames()
        self._changed = asyncio.Event()
        self._rejection: FrameError | None = None

    def offer(self, frame: Frame) -> None:
        """Add one decoded frame; the oldest ones beyond the bounds are dropped."""
        self._frames.put(frame)
        self._changed.set()

    def reject(self, error: FrameError) -> None:
        """End the track; its reader gets the error."""
        self._rejection = error
        self.stop()

    def stop(self) -> None:
        super().stop()
        self._frames.clear()
        self._changed.set()

    async def recv(self) -> Frame:
        while (frame := self._frames.take()) is None:
            if self.readyState != "live":
                raise self._rejection or MediaStreamError
            self._changed.clear()
            await self._changed.wait()
        return frame


def _bytes_of(frame: Frame) -> int:
    # 4:2:0; the decoders accept nothing else.
    return frame.width * frame.height * 3 // 2 if isinstance(frame, VideoFrame) else 0
