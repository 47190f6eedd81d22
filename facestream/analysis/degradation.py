"""Step down when frames cost more than their budget, and back up when there is room. Pure."""

import math
from dataclasses import replace

from facestream.analysis.faces import DegradationLevel
from facestream.analysis.tracking.tracks import NEVER_S, Tracks

AVERAGE_S = 0.5
FRAME_S = 1 / 30
DOWN_AFTER_S = 0.5
UP_AFTER_S = 2.0
UP_SHARE = 0.6
"""Room enough for the dearer step: without this gap the ladder would swing."""


def next_degradation(tracks: Tracks, cost_ms: float, time_s: float, budget_ms: float) -> Tracks:
    """The stream's state after a frame that cost `cost_ms`."""
    share = 1 - math.exp(-FRAME_S / AVERAGE_S)
    average = cost_ms if tracks.frame <= 1 else tracks.cost_ms + share * (cost_ms - tracks.cost_ms)
    # A stream's first frames are dear by nature; it gets the same time as any later change.
    since_s = time_s if tracks.degradation_since_s == NEVER_S else tracks.degradation_since_s
    tracks = replace(tracks, cost_ms=average, degradation_since_s=since_s)
    since_s = time_s - tracks.degradation_since_s
    if average > budget_ms and tracks.degradation < max(DegradationLevel) and since_s >= DOWN_AFTER_S:
        return replace(
            tracks, degradation=DegradationLevel(tracks.degradation + 1), degradation_since_s=time_s
        )
    if (
        average < UP_SHARE * budget_ms
        and tracks.degradation > DegradationLevel.NONE
        and since_s >= UP_AFTER_S
    ):
        return replace(
            tracks, degradation=DegradationLevel(tracks.degradation - 1), degradation_since_s=time_s
        )
    return tracks
