"""What the server counts about itself: plain numbers, cheap enough for every frame; knows no format and no clock.

Whoever shows them reads them when asked (`web/routes/metrics.py`), so that nothing below the web knows of Prometheus.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from facestream.messages.telemetry import StageTimes

STAGE_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 200.0, 500.0, 1000.0)
LAG_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
STAGES = tuple(StageTimes.model_fields)

# Sentences for people begin like this; the label of a counter must not grow with what they end with.
ENDINGS = {
    "peer said goodbye": "goodbye",
    "peer left the page": "page_closed",
    "peer ended the session": "deleted",
    "an admin ended the session": "ended_by_admin",
    "its peer has connected anew": "resumed",
    "the peer's video ended": "video_ended",
    "its time is over": "time_over",
    "connection ": "connection_lost",
    "the peer closed its socket": "connection_lost",
    "its request ended": "connection_lost",
    "nothing heard": "silence",
    "no frame came": "setup_timeout",
    "frame of": "frame_refused",
    "H264": "frame_refused",
    "a JPEG": "frame_refused",
    "a picture": "frame_refused",
    "picture message": "frame_refused",
    "server stopping": "server_stopping",
    "cancelled": "server_stopping",
    "fault": "fault",
}
OTHER_ENDING = "other"


class Histogram:
    """How many observations fell into each interval."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """One for each bound (up to and including it), and one for what lies above all."""
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: Self) -> None:
        """Count what another of the same bounds has counted."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


def _stage_histograms() -> dict[str, Histogram]:
    return {stage: Histogram(STAGE_BOUNDS_MS) for stage in STAGES}


@dataclass(slots=True)
class StreamCounts:
    """What became of the frames of one connection, or of several."""

    frames_in: int = 0
    frames_analysed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Frames by the point where they were dropped (media/drop_points.py)."""
    telemetry_dropped: int = 0
    """Messages left out because the channel was behind or not open."""
    stages: dict[str, Histogram] = field(default_factory=_stage_histograms)
    """Milliseconds of the analysed frames in each stage."""

    def observe(self, times: StageTimes) -> None:
        """Count the stages of one analysed frame."""
        for stage, histogram in self.stages.items():
            histogram.observe(getattr(times, stage))

    def add(self, other: Self) -> None:
        """Count what another has counted."""
        self.frames_in += other.frames_in
        self.frames_analysed += other.frames_analysed
        self.dropped.update(other.dropped)
        self.telemetry_dropped += other.telemetry_dropped
        for stage, histogram in self.stages.items():
            histogram.add(other.stages[stage])


@dataclass(frozen=True, slots=True)
class StreamUse:
    """What the analysed frames of one stream have cost; each number only grows."""

    frames: int = 0
    pixels: int = 0
    """Pixels of all frames together."""
    analysis_s: float = 0.0
    """Seconds that analysis processes worked for this stream."""

    def with_frame(self, pixels: int, analysis_s: float) -> Self:
        """Add one frame."""
        return type(self)(self.frames + 1, self.pixels + pixels, self.analysis_s + analysis_s)


class Measures:
    """Everything counted since the start; owned by the registry of sessions, written on the event loop only."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        """Sessions by kind."""
        self.closed: Counter[tuple[str, str]] = Counter()
        """Sessions by kind and class of ending."""
        self.refused: Counter[str] = Counter()
        """Requests by reason."""
        self.ice: Counter[str] = Counter()
        """Ended WebRTC sessions by the kinds of both ends of their path; none: no connection came about."""
        self.loop_lag = Histogram(LAG_BOUNDS_MS)
        """Milliseconds that the event loop was late."""
        self._ended = StreamCounts()

    def session_ended(self, kind: str, reason: str, counts: StreamCounts) -> None:
        """A session is over; its frames stay counted."""
        self.closed[kind, ending_class(reason)] += 1
        self._ended.add(counts)

    def frames(self, running: Iterable[StreamCounts]) -> StreamCounts:
        """The frames of all sessions, those that have ended and the running ones."""
        total = StreamCounts()
        total.add(self._ended)
        for counts in running:
            total.add(counts)
        return total


def ending_class(reason: str) -> str:
    """The label for a reason that was written for people."""
    return next((label for start, label in ENDINGS.items() if reason.startswith(start)), OTHER_ENDING)
