"""Turn the timestamps of a file, which may be missing, repeat or jump, into times that strictly increase. Pure."""

from typing import Final, Literal

MAX_FILLED_GAP_S: Final = 30.0
"""A longer gap is closed up when a clip is sent: it is a fault or a new recording, and nobody waits for it."""
CLOSED_GAP_S: Final = 1.0
_REORDERED_S = 0.5  # a larger step back is another recording in the same file

Gaps = Literal["keep", "fill"]
"""`keep`: the clip's own clock. `fill`: for sending; gaps over MAX_FILLED_GAP_S become CLOSED_GAP_S."""


class ClipClock:
    """The times of the frames of one pass, in order."""

    def __init__(self, step_s: float, gaps: Gaps, first_s: float | None = None) -> None:
        """`step_s` is the time between frames without timestamps; `first_s` the timestamp that counts as 0."""
        self.long_gaps: list[tuple[float, float]] = []
        """Time and length in seconds of each gap over MAX_FILLED_GAP_S."""
        self.restarts: list[float] = []
        """Times at which the timestamps began again."""
        self._step_s, self._gaps = step_s, gaps
        self._first_s = first_s
        self._shift_s = 0.0
        self.last_s: float | None = None
        """Time of the last frame; None: there was none."""

    def at_s(self, time_s: float | None) -> float:
        """Seconds from the first frame, later than the last frame's; `time_s` is the timestamp in seconds."""
        if self._first_s is None:
            self._first_s = time_s or 0.0
        if self.last_s is None:
            self.last_s = 0.0 if time_s is None else time_s - self._first_s
            return self.last_s
        soonest_s = self.last_s + self._step_s
        at_s = soonest_s if time_s is None else time_s - self._first_s + self._shift_s
        if at_s < self.last_s - _REORDERED_S:
            self.restarts.append(self.last_s)
            self._shift_s += soonest_s - at_s
            at_s = soonest_s
        elif at_s <= self.last_s:
            at_s = soonest_s
        gap_s = at_s - self.last_s
        if gap_s > MAX_FILLED_GAP_S:
            self.long_gaps.append((self.last_s, gap_s))
            if self._gaps == "fill":
                self._shift_s -= gap_s - CLOSED_GAP_S
                at_s -= gap_s - CLOSED_GAP_S
        self.last_s = at_s
        return at_s
