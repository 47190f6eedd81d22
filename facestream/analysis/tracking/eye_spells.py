"""Notice that the eyes of one face stay closed for longer than a blink. Pure.

The landmarks do not show what the eyes look at: a person who looks down, such as at a keyboard, lowers the lids as far
as one who closes them.
"""

from dataclasses import dataclass

from facestream.analysis.faces import NEVER_S, HeadPose
from facestream.analysis.tracking.blinks import LONGEST_S, shallower

SHUT_BELOW, OPEN_ABOVE = 0.55, 0.68
"""Shares of the usual opening: eyes narrowed by a smile are not closed."""
SHUT_AT_MOST, OPEN_FROM = 0.20, 0.22
"""Eye aspect ratios: wide eyes that become normal are not closed."""
SURELY_SHUT_BELOW = 0.10
"""Eye aspect ratio that no open eye has, for a face whose eyes were closed from its first frame on."""
LEAST_USUAL = 0.20
MOST_YAW_DEG = 30.0
"""As for the gaze: the lids of a face that is turned further are guesses."""
GAP_S = 1.0


@dataclass(frozen=True, slots=True)
class EyeSpell:
    """Whether the eyes of one face are closed, up to its last frame."""

    since_s: float | None
    """When they closed; None: they are open, or not to be seen."""
    usual_opening: float
    """Eye aspect ratio of the open eyes before they closed."""
    count: int
    """Spells so far that were longer than a blink, with the present one."""
    time_s: float

    @property
    def length_s(self) -> float:
        """For how long the eyes have been closed; 0: open, closed for no longer than a blink, or not to be seen."""
        closed_s = 0.0 if self.since_s is None else self.time_s - self.since_s
        return closed_s if closed_s > LONGEST_S else 0.0


NO_EYE_SPELL = EyeSpell(None, 0.0, 0, NEVER_S)


def next_eye_spell(
    spell: EyeSpell,
    opening: float,
    usual_opening: float,
    pose: HeadPose | None,
    time_s: float,
    depth: float = 1.0,
) -> EyeSpell:
    """The state after a frame with the eye aspect ratio `opening`; `usual_opening`: that of the open eyes lately.

    A spell ends when the head turns too far to see the lids (`pose`; None: not known), and none begins while it is.
    `depth` as in `blinks.LID_DEPTH`.
    """
    since_s, usual, count = spell.since_s, spell.usual_opening, spell.count
    if pose is None or abs(pose.yaw_deg) > MOST_YAW_DEG:
        return EyeSpell(None, usual, count, time_s)
    if not 0 <= time_s - spell.time_s < GAP_S:
        # Nobody knows what the eyes did in between.
        since_s = None
    if since_s is None:
        narrow = opening < shallower(SHUT_BELOW, depth) * usual_opening and opening < SHUT_AT_MOST
        if not narrow and opening >= SURELY_SHUT_BELOW:
            return EyeSpell(None, usual, count, time_s)
        # The usual opening falls while the eyes are closed, so the one before counts.
        return EyeSpell(time_s, max(LEAST_USUAL, usual_opening), count, time_s)
    if opening > shallower(OPEN_ABOVE, depth) * usual or opening > OPEN_FROM:
        return EyeSpell(None, usual, count, time_s)
    becomes_long = spell.length_s == 0 and time_s - since_s > LONGEST_S
    return EyeSpell(since_s, usual, count + becomes_long, time_s)
