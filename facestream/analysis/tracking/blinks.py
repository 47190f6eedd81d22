"""Count the blinks of one face from its eye opening over time. Pure.

Eyes differ: one person's open eye is as narrow as another's half closed one, and a smile narrows both. So closed is
measured against how far this person's eyes were open lately, not against a fixed number.
"""

import math

from facestream.analysis.tracking.tracks import Eyes

CLOSES_BELOW, OPENS_ABOVE = 0.70, 0.82
"""Shares of the usual opening."""
SHORTEST_S, LONGEST_S = 0.03, 0.8
"""A longer one is a look down or a nap, not a blink."""
RISE_S, FALL_S = 0.3, 10.0
"""Time constants of the usual opening: it follows eyes that open soon, eyes that narrow slowly."""
GAP_S = 1.0
LEAST_OPENING = 0.08


def next_eyes(eyes: Eyes, opening: float, time_s: float) -> Eyes:
    """The state after a frame in which the eyes were so far open."""
    step_s = time_s - eyes.time_s
    if eyes.usual_opening <= 0 or not 0 <= step_s < GAP_S:
        return Eyes(max(LEAST_OPENING, opening), None, eyes.blinks, time_s)
    within_s = RISE_S if opening > eyes.usual_opening else FALL_S
    usual = eyes.usual_opening + (1 - math.exp(-step_s / within_s)) * (opening - eyes.usual_opening)
    usual = max(LEAST_OPENING, usual)
    if eyes.closed_since_s is None:
        closes = opening < CLOSES_BELOW * usual
        return Eyes(usual, time_s if closes else None, eyes.blinks, time_s)
    if opening <= OPENS_ABOVE * usual:
        return Eyes(usual, eyes.closed_since_s, eyes.blinks, time_s)
    blinked = SHORTEST_S <= time_s - eyes.closed_since_s <= LONGEST_S
    return Eyes(usual, None, eyes.blinks + blinked, time_s)
