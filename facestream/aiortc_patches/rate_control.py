"""Compute the target bitrate of an encoder from the peer's estimates; encodes nothing."""

import time

from facestream.aiortc_patches.settings import settings

REBUILD_CHANGE = 0.3  # a VP8 encoder cannot change its bitrate: each change costs a keyframe
REBUILD_INTERVAL_S = 5.0
CONGESTION_CHANGE = 0.4  # a larger fall means congestion and applies sooner
CONGESTION_INTERVAL_S = 1.0
SMOOTHING = 0.3  # weight of a higher estimate; a lower one weighs more
FALL_SMOOTHING = 0.6


class TargetBitrate:
    """The peer's estimates (REMB), smoothed and kept within the operator's bounds."""

    def __init__(self) -> None:
        self._bounds = settings.bitrates
        self.bps = self._bounds.start_bps

    def hear(self, estimate_bps: int) -> None:
        """Add one estimate of the peer."""
        weight = FALL_SMOOTHING if estimate_bps < self.bps else SMOOTHING
        smoothed = round(self.bps + weight * (estimate_bps - self.bps))
        self.bps = max(self._bounds.min_bps, min(smoothed, self._bounds.max_bps))


class RebuildRule:
    """Decides when a changed target justifies a new encoder and its keyframe."""

    def __init__(self) -> None:
        self._built_s = time.monotonic()

    def built(self) -> None:
        self._built_s = time.monotonic()

    def is_worth_it(self, current_bps: int, target_bps: int) -> bool:
        age_s = time.monotonic() - self._built_s
        change = (target_bps - current_bps) / current_bps
        if change < -CONGESTION_CHANGE:
            return age_s >= CONGESTION_INTERVAL_S
        return abs(change) > REBUILD_CHANGE and age_s >= REBUILD_INTERVAL_S


class FollowsTarget:
    """The bitrate that aiortc's sender sets, smoothed; must precede aiortc's encoder in the bases."""

    _target: TargetBitrate

    @property
    def target_bitrate(self) -> int:
        return self._target.bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target.hear(bitrate)
