"""The time of each frame as the analysis sees it."""

import time

RESUMED_AFTER_S = 1 / 30


class AnalysisClock:
    """Counts by the arrival of the frames or by their `pts`, and goes on where the connection before ended.

    Faces are followed by their motion per second, so a frame must be analysed at the time at which it was captured.
    Frames of WebRTC arrive in step with the camera. A peer of the compatibility mode may send a file at any pace.
    """

    def __init__(self, *, by_pts: bool) -> None:
        self._by_pts = by_pts
        self._shift_s = 0.0
        self._last_s = 0.0

    def resume(self, ended_s: float) -> None:
        """Go on from what `end_s` of the earlier connection returned; call this before the first frame.

        The analysis sees no gap between the two, so it finds a face where it was and keeps its id.
        """
        self._last_s = ended_s
        # The `pts` of each connection begin at 0.
        self._shift_s = ended_s + RESUMED_AFTER_S if self._by_pts else ended_s - time.monotonic()

    def time_s(self, pts_s: float, arrived_s: float) -> float:
        """The time of a frame that arrived at `arrived_s` of the monotonic clock."""
        self._last_s = (pts_s if self._by_pts else arrived_s) + self._shift_s
        return self._last_s

    def end_s(self) -> float:
        """Its time now, at the end of the connection."""
        return self._last_s if self._by_pts else time.monotonic() + self._shift_s
