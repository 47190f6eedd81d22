"""How long each frame of a clip or session counts: until the next one, unless there is a gap. Pure."""

BRIDGE_S = 2.0
"""A longer time without a frame is a gap, in which nothing was measured."""
REGULAR = 2.0
"""Unless frames are that far apart anyway: it is at most this many times as long as the time between the two before."""
LONE_FRAME_S = 0.04
"""How long a frame counts that has none before or after it."""


class FrameClock:
    """How long each frame counts: until the next one, unless there is a gap."""

    def __init__(self) -> None:
        self._before_s: float | None = None
        self._usual_s = LONE_FRAME_S

    def length_of(self, time_s: float, next_s: float | None, after_s: float | None) -> tuple[float, float]:
        """How long the frame at `time_s` counts, and how long the gap after it is.

        `next_s` and `after_s` are the times of the two frames after it; None: there is none.
        """
        if next_s is None:
            return self._usual_s, 0.0
        step_s = next_s - time_s
        other_s = self._before_s
        if other_s is None:
            other_s = after_s - next_s if after_s is not None else 0.0
        self._before_s = step_s
        if step_s <= max(BRIDGE_S, REGULAR * other_s):
            self._usual_s = step_s or self._usual_s
            return step_s, 0.0
        return self._usual_s, step_s - self._usual_s
