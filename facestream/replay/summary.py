"""Count what a headless peer sends and receives, and summarise it; no clock, no connection."""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from facestream.messages.telemetry import Telemetry
from facestream.replay.stamp import COUNTER_VALUES


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the milliseconds from giving a frame to the encoder to its return, decoded; None: not measured."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None

    def as_text(self) -> str:
        """One line of text."""
        if self.max is None:
            return "latency   not measured: no received frame has a readable number"
        return (
            f"latency   p50 {_text(self.p50)}, p95 {_text(self.p95)}, p99 {_text(self.p99)}, "
            f"max {_text(self.max)}"
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Counters and times of one peer's replay; the fields are the keys of the JSON."""

    sent_frames: int
    received_frames: int
    analysed_frames: int
    """Frames that were analysed, according to the telemetry."""
    dropped_frames: int
    """Frames that the server dropped for a newer one, according to the telemetry."""
    fps_received: float
    """Frames per second, between the first and the last that was received."""
    setup_ms: float | None
    """Milliseconds from the start to the connection; None if there was none."""
    first_frame_ms: float | None
    """Milliseconds from the start to the first received frame; None if there was none."""
    latency_ms: Latency
    faces_seen: int
    """Number of different face ids."""
    emotions: dict[str, float]
    """Share of each label among the faces of all frames, 0..1 each, with sum 1; empty without faces."""
    moves: int
    """How often the server asked the peer to move and it did."""
    away_ms_max: float | None
    """The longest time from the last frame before a move to the first one after it; None if there was no move."""

    def as_json(self) -> dict[str, object]:
        """The JSON that `--summary` writes."""
        return asdict(self)

    def as_text(self) -> str:
        """Four lines of text, and one about moves if there were any."""
        shares = ", ".join(f"{label} {share:.0%}" for label, share in self.emotions.items())
        lines = [
            f"frames    {self.sent_frames} sent, {self.received_frames} received at {self.fps_received:.1f} FPS, "
            f"{self.analysed_frames} analysed, {self.dropped_frames} dropped",
            f"times     connected after {_text(self.setup_ms)}, first frame received after "
            f"{_text(self.first_frame_ms)}",
            self.latency_ms.as_text(),
            f"faces     {self.faces_seen} found{f': {shares}' if shares else ''}",
        ]
        return "\n".join(lines + moves_as_text(self.moves, self.away_ms_max))


def moves_as_text(moves: int, away_ms_max: float | None) -> list[str]:
    """A line about the moves to other servers; none if there were none."""
    if not moves:
        return []
    away = "" if away_ms_max is None else f", {away_ms_max:.0f} ms without frames at most"
    return [f"moves     {moves} to another server{away}"]


class Tally:
    """Counters of one peer; all times are in seconds of one monotonic clock."""

    def __init__(self, started_s: float) -> None:
        self.skipped = 0
        """Frame intervals in which nothing was sent because this machine was late."""
        self.sent = self.received = self.reports = self.analysed = self.dropped = 0
        self.connected_s: float | None = None
        self.first_received_s: float | None = None
        self.last_received_s: float | None = None
        self.last_heard_s = started_s
        self.latencies_ms = array("d")
        self._started_s = started_s
        self._first_analysed_s: float | None = None
        self._last_analysed_s: float | None = None
        self._sent_at_s: dict[int, float] = {}
        self._face_ids: set[int] = set()
        self.with_faces = 0
        """Analysed frames with at least one face."""
        self.labels: Counter[str] = Counter()
        """How often each label was given, over the faces of all frames."""
        self.moves = 0
        self.away_ms_max: float | None = None
        self._dropped_before = 0

    def count_sent(self, counter: int | None, now_s: float) -> None:
        """Count a frame given to the encoder; `counter` is its number, None if it has none."""
        self.sent += 1
        if counter is not None:
            self._sent_at_s[counter % COUNTER_VALUES] = now_s

    def count_received(self, counter: int | None, now_s: float) -> None:
        """Count a received frame; `counter` is its number, None if it cannot be read."""
        self.received += 1
        self.last_received_s = self.last_heard_s = now_s
        if self.first_received_s is None:
            self.first_received_s = now_s
        # Removed, so that a frame that is received twice counts once.
        sent_s = None if counter is None else self._sent_at_s.pop(counter, None)
        if sent_s is not None:
            self.latencies_ms.append((now_s - sent_s) * 1000)

    def count_report(self, report: Telemetry, now_s: float) -> None:
        """Count a telemetry message."""
        self.reports += 1
        self.last_heard_s = now_s
        if report.analysed:
            self.analysed += 1
            self._last_analysed_s = now_s
            self._first_analysed_s = self._first_analysed_s or now_s
        # The channel is unordered, so an older message may arrive later.
        self.dropped = max(self.dropped, self._dropped_before + report.dropped)
        self._face_ids.update(face.id for face in report.faces)
        self.with_faces += report.analysed and bool(report.faces)
        self.labels.update(face.label for face in report.faces)

    def count_move(self, *, resumed: bool) -> None:
        """Count a move; if the next server does not continue the session, it counts dropped frames from 0."""
        self.moves += 1
        if not resumed:
            self._dropped_before = self.dropped

    def count_away(self, now_s: float) -> None:
        """The first frame after a move has arrived; call it before that frame is counted."""
        if self.last_received_s is not None:
            away_ms = round((now_s - self.last_received_s) * 1000, 1)
            self.away_ms_max = max(self.away_ms_max or 0.0, away_ms)

    @property
    def last_face_id(self) -> int:
        """The largest face id so far; 0: none."""
        return max(self._face_ids, default=0)

    @property
    def fps_analysed(self) -> float:
        """Analysed frames per second, between the first report and the last."""
        return _rate(self.analysed, self._first_analysed_s, self._last_analysed_s)

    def summary(self) -> Summary:
        """The summary so far, with rounded values."""
        faces = self.labels.total()
        return Summary(
            sent_frames=self.sent,
            received_frames=self.received,
            analysed_frames=self.analysed,
            dropped_frames=self.dropped,
            fps_received=round(_rate(self.received, self.first_received_s, self.last_received_s), 2),
            setup_ms=self._since_start_ms(self.connected_s),
            first_frame_ms=self._since_start_ms(self.first_received_s),
            latency_ms=latency_of(self.latencies_ms),
            faces_seen=len(self._face_ids),
            emotions={label: round(count / faces, 4) for label, count in self.labels.most_common()},
            moves=self.moves,
            away_ms_max=self.away_ms_max,
        )

    def _since_start_ms(self, time_s: float | None) -> float | None:
        return None if time_s is None else round((time_s - self._started_s) * 1000, 1)


def latency_of(latencies_ms: Sequence[float]) -> Latency:
    """The percentiles of a summary; each is a measured latency, not an interpolation."""
    if not latencies_ms:
        return Latency()
    ordered = sorted(latencies_ms)

    def percentile(percent: float) -> float:
        return round(ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)], 1)

    return Latency(percentile(50), percentile(95), percentile(99), percentile(100))


def _rate(count: int, first_s: float | None, last_s: float | None) -> float:
    if first_s is None or last_s is None or last_s <= first_s:
        return 0.0
    return (count - 1) / (last_s - first_s)


def _text(milliseconds: float | None) -> str:
    return "never" if milliseconds is None else f"{milliseconds:.0f} ms"
