"""Measure the interval between frames from their timestamps; ignore timestamps that do not advance.

Pure: reads no other clock.
"""

from av import VideoFrame

FIRST_INTERVAL_S = 1 / 30
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 1 / 240, 1 / 5
SMOOTHING = 1 / 8  # of each new interval
LARGEST_STEP = 4  # times the current interval: after a pause only one frame is late


class FrameClock:
    """The smoothed interval between frames, updated with each frame."""

    def __init__(self) -> None:
        self.interval_s = FIRST_INTERVAL_S
        self.intervals = 0
        """How many intervals have been measured."""
        self._last_s: float | None = None

    @property
    def fps(self) -> float:
        return 1 / self.interval_s

    def tick(self, frame: VideoFrame) -> None:
        """Learn from the time stamp of the next frame."""
        if frame.pts is None or frame.time_base is None:
            return
        now_s = float(frame.pts * frame.time_base)
        last_s, self._last_s = self._last_s, now_s
        if last_s is None or now_s <= last_s:
            return
        step_s = min(now_s - last_s, LARGEST_STEP * self.interval_s)
        weight = max(SMOOTHING, 1 / (self.intervals + 1))
        interval_s = self.interval_s + weight * (step_s - self.interval_s)
        self.interval_s = min(max(interval_s, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
        self.intervals += 1
