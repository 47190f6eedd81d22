"""Lower the level of analysis of a stream whose frames cost more than their budget, and raise it again.

Pure: reads no clock and measures nothing itself.
"""

import enum
import math
from dataclasses import dataclass

AVERAGE_S = 0.5
"""Time constant of the average cost."""
FRAME_S = 1 / 30
DOWN_AFTER_S = 0.5
UP_AFTER_S = 2.0
UP_SHARE = 0.6
"""Hysteresis: step up only below 60 % of the budget."""


class DegradationLevel(enum.IntEnum):
    """What the analysis of a stream leaves out; each level includes those before it."""

    NONE = 0
    RARE_SEARCH = 1  # the whole frame is searched half as often; gaze is not measured
    RARE_EMOTION = 2  # the emotion of each face is read eleven times a second at most
    FEWER_FACES = 3  # only the two largest faces are followed


@dataclass(frozen=True, slots=True)
class DegradationState:
    """The level of one stream and the costs that led to it."""

    level: DegradationLevel = DegradationLevel.NONE
    since_s: float | None = None
    """When the level last changed, or the time of the first frame; None: there was no frame yet."""
    average_ms: float | None = None
    """Analysis time of a frame, averaged over about half a second; None: there was no frame yet."""


NO_DEGRADATION = DegradationState()


def next_degradation(
    state: DegradationState, cost_ms: float, time_s: float, budget_ms: float, all_faces: float = 1.0
) -> DegradationState:
    """The state after a frame whose analysis took `cost_ms`; the level changes by one step at most.

    `all_faces`: faces that would be followed without a limit, per followed face. The level at which few are followed
    is left only if the frames of all of them fit into the budget; otherwise it would come and go every few seconds.
    """
    share = 1 - math.exp(-FRAME_S / AVERAGE_S)
    average_ms = (
        cost_ms if state.average_ms is None else state.average_ms + share * (cost_ms - state.average_ms)
    )
    # The first frames of a stream always cost more, so they get the same time as any later change.
    since_s = time_s if state.since_s is None else state.since_s
    level, unchanged_s = state.level, time_s - since_s
    if average_ms > budget_ms and level < max(DegradationLevel) and unchanged_s >= DOWN_AFTER_S:
        return DegradationState(DegradationLevel(level + 1), time_s, average_ms)
    if (
        average_ms < UP_SHARE * budget_ms
        and level > DegradationLevel.NONE
        and unchanged_s >= UP_AFTER_S
        and (level < DegradationLevel.FEWER_FACES or average_ms * all_faces < budget_ms)
    ):
        return DegradationState(DegradationLevel(level - 1), time_s, average_ms)
    return DegradationState(level, since_s, average_ms)
