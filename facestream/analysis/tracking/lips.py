"""Tell whether the lips of one face move as in speech, from the opening of its mouth over time. Pure.

Speech opens and closes the mouth again and again. A smile, a yawn or an "oh" opens it once, and holds. So what counts
is the smaller of two sums, the opening and the closing of the last second: one movement alone counts for nothing.
"""

import math
from dataclasses import dataclass

from facestream.analysis.faces import NEVER_S

PLAY = 0.02
"""Changes of the opening up to this are noise of the landmarks."""
WITHIN_S = 1.0
"""Time constant of both sums."""
SPEECH_FROM, SPEECH_FULL = 0.12, 0.5
"""Opening that is taken back, per second, at which speech begins to count and from which it counts in full. A mouth at
rest has 0.00 to 0.05 in the test clips, one that speaks up to 2."""
GAP_S = 1.0


@dataclass(frozen=True, slots=True)
class Lips:
    """The mouth of one face up to its last frame."""

    opening: float
    """Mouth opening without the noise."""
    opened: float
    """How much the mouth has opened, per second."""
    closed: float
    """How much it has closed, per second."""
    time_s: float

    @property
    def speech(self) -> float:
        """How much the lips move as in speech, 0..1."""
        taken_back = min(self.opened, self.closed)
        return min(1.0, max(0.0, (taken_back - SPEECH_FROM) / (SPEECH_FULL - SPEECH_FROM)))


NO_LIPS = Lips(0.0, 0.0, 0.0, NEVER_S)


def next_lips(lips: Lips, opening: float, time_s: float) -> Lips:
    """The state after a frame in which the mouth opening is `opening`."""
    step_s = time_s - lips.time_s
    if not 0 <= step_s < GAP_S:
        return Lips(opening, 0.0, 0.0, time_s)
    # The opening is dragged along at the distance of the play, so noise around it does not move it.
    moved = min(max(lips.opening, opening - PLAY), opening + PLAY)
    kept = math.exp(-step_s / WITHIN_S)
    opened = kept * lips.opened + max(0.0, moved - lips.opening) / WITHIN_S
    closed = kept * lips.closed + max(0.0, lips.opening - moved) / WITHIN_S
    return Lips(moved, opened, closed, time_s)
