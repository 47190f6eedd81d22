"""Count the yawns of one face: the mouth opens slowly, becomes wide and stays so. Pure.

Speech, laughter and a shout open the mouth faster, less far or for a shorter time.
"""

from dataclasses import dataclass

from facestream.analysis.faces import NEVER_S

CLOSED_BELOW, WIDE_ABOVE, WIDE_UNTIL = 0.25, 0.50, 0.42
"""Openings of the mouth: where the opening begins, and where the mouth becomes and stays wide."""
SLOWEST_S, ONSET_S = 4.0, 0.35
"""A yawn takes this long from closed to wide at most and at least: in a clip whose person opens the mouth on purpose,
it takes 0.1 to 0.25 s."""
WIDE_S = 1.5
"""How long the mouth is wide, at least."""
GAP_S = 1.0


@dataclass(frozen=True, slots=True)
class Mouth:
    """The mouth of one face up to its last frame."""

    closed_s: float
    """When it was last closed."""
    wide_since_s: float | None
    """None: it is not wide, or became so too fast for a yawn."""
    counted: bool
    """True if the present opening is counted already."""
    yawns: int
    time_s: float


NO_MOUTH = Mouth(NEVER_S, None, False, 0, NEVER_S)


def next_mouth(mouth: Mouth, opening: float, time_s: float) -> Mouth:
    """The state after a frame in which `geometry.mouth_opening` is `opening`."""
    if not 0 <= time_s - mouth.time_s < GAP_S:
        mouth = Mouth(NEVER_S, None, False, mouth.yawns, time_s)
    if opening < CLOSED_BELOW:
        return Mouth(time_s, None, False, mouth.yawns, time_s)
    since_s = mouth.wide_since_s
    if since_s is None:
        onset_s = time_s - mouth.closed_s
        if opening <= WIDE_ABOVE:
            return Mouth(mouth.closed_s, None, mouth.counted, mouth.yawns, time_s)
        # One that opened too fast is no yawn until it has closed.
        slow = ONSET_S <= onset_s <= SLOWEST_S
        return Mouth(
            mouth.closed_s if slow else NEVER_S, time_s if slow else None, mouth.counted, mouth.yawns, time_s
        )
    if opening < WIDE_UNTIL:
        return Mouth(NEVER_S, None, mouth.counted, mouth.yawns, time_s)
    yawned = not mouth.counted and time_s - since_s >= WIDE_S
    return Mouth(mouth.closed_s, since_s, mouth.counted or yawned, mouth.yawns + yawned, time_s)
