"""Count the frames of one stream and measure their rates; reads no clock of its own."""

from collections import Counter, deque
from collections.abc import Mapping

from facestream.media.drop_points import DropPoint
from facestream.metrics import StreamCounts, StreamUse

WINDOW_S = 2.0
MAX_EVENTS = 512  # enough for 256 events per second; a flood uses no more memory
MIN_SPAN_S = 0.25
"""Two frames that arrive together, as the first ones of a connection do, are no rate."""
DURATION_SHARE = 0.1
"""Weight of the last frame in the mean duration."""


class RateMeter:
    """Events per second over the last two seconds."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=MAX_EVENTS)

    def tick(self, now_s: float) -> None:
        """Record an event at `now_s` of a monotonic clock."""
        self._times_s.append(now_s)

    def rate(self, now_s: float) -> float:
        """Events per second; 0 while those in the window are fewer than two or span less than a quarter of a second."""
        while self._times_s and self._times_s[0] < now_s - WINDOW_S:
            self._times_s.popleft()
        if len(self._times_s) < 2:
            return 0.0
        span_s = self._times_s[-1] - self._times_s[0]
        # A flood fills the window in less.
        if span_s < MIN_SPAN_S and len(self._times_s) < MAX_EVENTS:
            return 0.0
        return (len(self._times_s) - 1) / max(1e-3, span_s)


class StreamMeter:
    """The counts, rates and costs of one stream. Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.frames_in = 0
        """Frames received, including those of earlier connections of the peer."""
        self.frames_analysed = 0
        """Frames analysed, including those of earlier connections of the peer."""
        self.use = StreamUse()
        """What the analysed frames have cost."""
        self._in_rate, self._out_rate = RateMeter(), RateMeter()
        self._duration_s = 0.0
        self._earlier = 0, 0

    def resume(self, frames_in: int, frames_analysed: int) -> None:
        """Continue the counts of an earlier connection of the peer."""
        self._earlier = self.frames_in, self.frames_analysed = frames_in, frames_analysed

    def received(self, now_s: float) -> None:
        """Count a frame that has arrived."""
        self.frames_in += 1
        self._in_rate.tick(now_s)

    def analysed(self, now_s: float) -> None:
        """Count a frame that was analysed."""
        self.frames_analysed += 1
        self._out_rate.tick(now_s)

    def used(self, pixels: int, analysis_s: float) -> None:
        """Add the cost of an analysed frame."""
        self.use = self.use.with_frame(pixels, analysis_s)

    def shown(self, duration_s: float) -> None:
        """Update the mean time from a frame waiting for analysis to its hand-over to the sender."""
        share = DURATION_SHARE if self._duration_s else 1.0
        self._duration_s += share * (duration_s - self._duration_s)

    def fps_in(self, now_s: float) -> float:
        """Frames per second that arrive; 0 before the first two."""
        return self._in_rate.rate(now_s)

    def fps_out(self, now_s: float) -> float:
        """Frames per second that are analysed; 0 before the first two."""
        return self._out_rate.rate(now_s)

    def fps_possible(self, now_s: float) -> float:
        """Frames per second that would be analysed if one were always waiting; 0 before the first two.

        With bursty input the analysed rate understates capacity: most of a burst is dropped, then the stream is idle.
        """
        fps_out = self.fps_out(now_s)
        return max(fps_out, 1 / self._duration_s) if fps_out and self._duration_s else fps_out

    def counts(self, dropped: Mapping[DropPoint, int], telemetry_dropped: int) -> StreamCounts:
        """What became of the frames of this connection, without those of earlier connections."""
        frames_in_earlier, frames_analysed_earlier = self._earlier
        return StreamCounts(
            frames_in=self.frames_in - frames_in_earlier,
            frames_analysed=self.frames_analysed - frames_analysed_earlier,
            dropped=Counter({point.value: frames for point, frames in dropped.items()}),
            telemetry_dropped=telemetry_dropped,
        )
