"""How many events a second: a sliding window over monotonic times; no clock of its own."""

from collections import deque

WINDOW_S = 2.0
MAX_EVENTS = 512  # 256 events a second fill the window; more would only cost memory


class RateMeter:
    """Frames per second over the last two seconds."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=MAX_EVENTS)

    def tick(self, now_s: float) -> None:
        """One event happened at `now_s` seconds of a monotonic clock."""
        self._times_s.append(now_s)

    def rate(self, now_s: float) -> float:
        """Events per second; 0 until two events are in the window."""
        while self._times_s and self._times_s[0] < now_s - WINDOW_S:
            self._times_s.popleft()
        if len(self._times_s) < 2:
            return 0.0
        return (len(self._times_s) - 1) / max(1e-3, self._times_s[-1] - self._times_s[0])
