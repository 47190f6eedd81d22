"""What the server counts about itself; written on the event loop only, read by `web/routes/metrics.py` when asked.

Counters are plain numbers. Histograms are prometheus_client's: observing the five stages of a frame takes about 6 us.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from prometheus_client import Histogram

from facestream.messages.telemetry import StageTimes

STAGE_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 200.0, 500.0, 1000.0)
LAG_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0)
LAG_SAMPLE_EVERY_S = 0.5
STAGES = tuple(StageTimes.model_fields)


@dataclass(slots=True)
class StreamCounts:
    """What happened to the frames of one connection, or of several."""

    frames_in: int = 0
    frames_analysed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Frames by the point where they were dropped (media/drop_points.py)."""
    telemetry_dropped: int = 0
    """Telemetry messages dropped because the channel was behind or not open."""
    plugin_faults: int = 0
    """Frames in which the plug-in that `analyzer` names has failed."""

    def add(self, other: Self) -> None:
        """Add the counts of another one."""
        self.frames_in += other.frames_in
        self.frames_analysed += other.frames_analysed
        self.dropped.update(other.dropped)
        self.telemetry_dropped += other.telemetry_dropped
        self.plugin_faults += other.plugin_faults


@dataclass(frozen=True, slots=True)
class StreamUse:
    """What the analysed frames of one stream have cost; the numbers never decrease."""

    frames: int = 0
    pixels: int = 0
    """Pixels of all frames together."""
    analysis_s: float = 0.0
    """Seconds that workers have spent for this stream."""

    def with_frame(self, pixels: int, analysis_s: float) -> Self:
        """Add one frame."""
        return type(self)(self.frames + 1, self.pixels + pixels, self.analysis_s + analysis_s)


class Measures:
    """Everything counted since the start; owned by the registry of sessions."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        """Sessions by kind."""
        self.closed: Counter[tuple[str, str]] = Counter()
        """Sessions by kind and label of ending."""
        self.rejected: Counter[str] = Counter()
        """Rejected requests by reason."""
        self.ice: Counter[str] = Counter()
        """Ended WebRTC sessions by the candidate types of their path; `none`: never connected."""
        self.listeners = 0
        """Programs that listen to the events of a session now."""
        self.events_lost = 0
        """Messages that listeners have lost, because they read too slowly."""
        self.loop_lag_ms = Histogram(
            "facestream_loop_lag_ms",
            f"Milliseconds that the event loop was late, measured every {LAG_SAMPLE_EVERY_S} s.",
            buckets=LAG_BOUNDS_MS,
            registry=None,
        )
        self.stage_ms = Histogram(
            "facestream_stage_ms",
            "Milliseconds of an analysed frame in each stage.",
            ["stage"],
            buckets=STAGE_BOUNDS_MS,
            registry=None,
        )
        self._stages = [(stage, self.stage_ms.labels(stage)) for stage in STAGES]
        self._ended = StreamCounts()

    def observe_stages(self, times: StageTimes) -> None:
        """Count the stages of one analysed frame."""
        for stage, histogram in self._stages:
            histogram.observe(getattr(times, stage))

    def count_lost_event(self) -> None:
        """Count a message that a listener has lost."""
        self.events_lost += 1

    def session_ended(self, kind: str, ending: str, counts: StreamCounts) -> None:
        """Count an ended session; its frames stay counted."""
        self.closed[kind, ending] += 1
        self._ended.add(counts)

    def frames(self, running: Iterable[StreamCounts]) -> StreamCounts:
        """The frames of all sessions, those that have ended and the running ones."""
        total = StreamCounts()
        total.add(self._ended)
        for counts in running:
            total.add(counts)
        return total
