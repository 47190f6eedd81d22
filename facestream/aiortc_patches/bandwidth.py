"""Estimate the bitrate that the path from a peer allows, as aiortc does, with fewer steps for each packet.

aiortc 1.16 counts the received bytes in one object for each of the last 1,000 milliseconds, and visits 33 of them for
each frame; after an hour without packets it visits 3.6 million at once. Here each packet is visited twice. Pure; the
estimates are the same. Obsolete when the rate counter of aiortc does not walk through empty milliseconds.
"""

from collections import deque

from aiortc.rate import MIN_FRAME_PERIOD_HISTORY_LENGTH, OveruseEstimator, RateCounter, RemoteBitrateEstimator

WINDOW_MS = 1000


class ReceivedRate(RateCounter):
    """Bits per second over the last second; `datagrams.py` limits how many packets a second may have."""

    def __init__(self) -> None:
        super().__init__(window_size=0)

    def reset(self) -> None:
        self._packets: deque[tuple[int, int]] = deque()
        """Times in milliseconds, and bytes."""
        self._bytes = 0
        self._begin_ms: int | None = None
        """Where the window begins: with the first packet, or a second ago."""

    def add(self, value: int, now_ms: int) -> None:
        """Add a packet of `value` bytes."""
        if self._begin_ms is None:
            self._begin_ms = now_ms
        self._packets.append((now_ms, value))
        self._bytes += value

    def rate(self, now_ms: int) -> int | None:
        """Bits per second; None: no packets, or all of them in one millisecond."""
        if self._begin_ms is None:
            return None
        self._begin_ms = begin_ms = max(self._begin_ms, now_ms - WINDOW_MS + 1)
        packets = self._packets
        while packets and packets[0][0] < begin_ms:
            self._bytes -= packets.popleft()[1]
        window_ms = now_ms - begin_ms + 1
        return round(8000 * self._bytes / window_ms) if packets and window_ms > 1 else None


class _FrameIntervals(OveruseEstimator):
    """The estimator of aiortc; finds the shortest of the last intervals in one step."""

    def update_min_frame_period(self, ts_delta: float) -> float:
        if len(self.ts_delta_hist) >= MIN_FRAME_PERIOD_HISTORY_LENGTH:
            del self.ts_delta_hist[0]
        self.ts_delta_hist.append(ts_delta)
        return min(self.ts_delta_hist)


def bitrate_estimator() -> RemoteBitrateEstimator:
    """An estimator for one stream."""
    estimator = RemoteBitrateEstimator()
    estimator.incoming_bitrate, estimator.estimator = ReceivedRate(), _FrameIntervals()
    return estimator
