"""Measure the frame interval of a stream, and decide the bitrate of its encoder. Encodes nothing.

aiortc 1.16 assumes 30 frames per second, applies every estimate of the peer at once, and makes a new encoder for each
change of 10 %, which costs a keyframe. Obsolete when aiortc uses the timestamps of frames and smooths estimates.
"""

import time

from av import VideoFrame

from facestream.aiortc_patches.settings import settings
from facestream.media.planes import seconds_of

FIRST_INTERVAL_S = 1 / 30
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 1 / 240, 1 / 5
INTERVAL_SMOOTHING = 1 / 8  # weight of each new interval
LARGEST_STEP = 4  # times the current interval: a pause delays one frame only
REBUILD_CHANGE = 0.3  # a VP8 encoder cannot change its bitrate: each change needs a new one and a keyframe
REBUILD_INTERVAL_S = 5.0
CONGESTION_CHANGE = 0.4  # a larger decrease means congestion and applies sooner
CONGESTION_INTERVAL_S = 1.0
SMOOTHING = 0.3  # weight of a higher estimate
FALL_SMOOTHING = 0.6  # weight of a lower estimate


class FrameClock:
    """The smoothed interval between frames. Reads only their timestamps; ignores a timestamp that does not advance."""

    def __init__(self) -> None:
        self.interval_s = FIRST_INTERVAL_S
        self.intervals = 0
        """Number of intervals measured."""
        self._last_s: float | None = None

    @property
    def fps(self) -> float:
        return 1 / self.interval_s

    def tick(self, frame: VideoFrame) -> None:
        """Update the interval with the timestamp of the next frame."""
        now_s = seconds_of(frame)
        if now_s is None:
            return
        last_s, self._last_s = self._last_s, now_s
        if last_s is None or now_s <= last_s:
            return
        step_s = min(now_s - last_s, LARGEST_STEP * self.interval_s)
        weight = max(INTERVAL_SMOOTHING, 1 / (self.intervals + 1))
        interval_s = self.interval_s + weight * (step_s - self.interval_s)
        self.interval_s = min(max(interval_s, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
        self.intervals += 1


class TargetBitrate:
    """The estimates of the peer (REMB), smoothed and kept within the bitrates of the operator."""

    def __init__(self) -> None:
        self._bounds = settings.bitrates
        self.bps = self._bounds.start_bps

    def add_estimate(self, estimate_bps: int) -> None:
        """Update the target with one estimate."""
        weight = FALL_SMOOTHING if estimate_bps < self.bps else SMOOTHING
        smoothed = round(self.bps + weight * (estimate_bps - self.bps))
        self.bps = max(self._bounds.min_bps, min(smoothed, self._bounds.max_bps))


class RebuildRule:
    """Decides when a changed target justifies a new encoder and its keyframe."""

    def __init__(self) -> None:
        self._built_s = time.monotonic()

    def built(self) -> None:
        """Record that there is a new encoder."""
        self._built_s = time.monotonic()

    def is_worth_it(self, current_bps: int, target_bps: int) -> bool:
        """Whether to make a new encoder now."""
        age_s = time.monotonic() - self._built_s
        change = (target_bps - current_bps) / current_bps
        if change < -CONGESTION_CHANGE:
            return age_s >= CONGESTION_INTERVAL_S
        return abs(change) > REBUILD_CHANGE and age_s >= REBUILD_INTERVAL_S


class FollowsTarget:
    """Smooths the bitrate that aiortc's sender sets; must precede aiortc's encoder in the base classes."""

    _target: TargetBitrate

    @property
    def target_bitrate(self) -> int:
        return self._target.bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target.add_estimate(bitrate)
