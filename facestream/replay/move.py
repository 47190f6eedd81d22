"""A move of a headless peer to another server: tries until the next connection works, while the present one runs."""

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction

from av import VideoFrame

from facestream.errors import ServerUnreachableError
from facestream.replay.link import Link

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 15.0
FIRST_FRAME_DEADLINE_S = 3.0
"""After this time the old connection is closed, even if no frame has come back through the next one."""
_REJECTED_FOR_NOW = frozenset({0, 429, 500, 502, 503, 504})
"""HTTP status of a try after which another may succeed; 0: no response."""


class Move:
    """Opens the next connection; the present one goes on, so a try that fails loses nothing."""

    def __init__(self, open_next: Callable[[], Awaitable[Link]]) -> None:
        """`open_next` makes one try; it raises ServerUnreachableError and leaves nothing open then."""
        self._open_next = open_next
        self.is_trying = True
        """Whether a try runs, which may already have taken over the session of the present connection."""

    async def next_link(self, is_present: Callable[[], bool]) -> Link | None:
        """The next connection. None: the server rejects this peer for good, or the present connection has ended."""
        delay_s = FIRST_RETRY_S
        while True:
            self.is_trying = True
            try:
                return await self._open_next()
            except ServerUnreachableError as error:
                if error.status not in _REJECTED_FOR_NOW:
                    return None
                pause_s = max(delay_s, error.retry_after_s)
            except OSError:
                pause_s = delay_s  # this machine lacks a port or a descriptor
            finally:
                self.is_trying = False
            if not is_present():
                return None
            await asyncio.sleep(pause_s)
            delay_s = min(2 * delay_s, LONGEST_RETRY_S)
            if not is_present():
                return None


class FrameTimes:
    """Times of frames that arrive over several connections, each of which counts from its own start."""

    def __init__(self) -> None:
        self._offset: int | None = 0
        self._last: tuple[int, float] | None = None

    def begin_connection(self) -> None:
        """The next frame is the first of another connection."""
        self._offset = None

    def place(self, frame: VideoFrame, now_s: float) -> None:
        """Give the frame the time that it has after those before it: between two connections, the clock counts."""
        if frame.pts is None:
            return
        if self._offset is None:
            self._offset = self._after_last(frame.time_base, now_s) - frame.pts
        frame.pts += self._offset
        self._last = frame.pts, now_s

    def _after_last(self, time_base: Fraction | None, now_s: float) -> int:
        if self._last is None:
            return 0
        pts, then_s = self._last
        return pts + max(1, round((now_s - then_s) / (time_base or Fraction(1, 90_000))))
