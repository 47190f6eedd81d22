"""Look closely where a search has seen something like a face, to find faces that are too small for its steps.

A face of half the smallest size still has a low score in the steps of the plan, often enough the highest in its
surroundings. So a few tiles around such hints find most of the faces that all finer tiles would find.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from facestream.analysis.detection.detector import MAX_ENLARGEMENT, Hint, SearchStep
from facestream.analysis.faces import BoundingBox

CLOSER = 1.125
"""Scale of a tile around a hint, in scales of the finer tiles. Chosen of 1, 1.125, 1.25 and 1.5."""
REACH_SHARE = 0.25
"""A tile shows well what is within this share of its width around its middle."""
LOOK_AGAIN_S = 20.0
"""A place without a face is not looked at again for this long: the time is needed for the rest of the frame."""
CLEARLY_MORE = 0.1
"""Unless its score has risen by this much."""
MOST_HINTS = 16
"""Of a stream; few, because they are part of the state that is pickled after each frame."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A place that was looked at closely."""

    xy: tuple[float, float]
    score: float
    """Of the hint that led there."""
    time_s: float


def with_hints(
    hints: Iterable[Hint], more: Sequence[Hint], known: Sequence[BoundingBox], reach_px: float
) -> tuple[Hint, ...]:
    """The hints so far with those of one more step, without those at a `known` face, the best first; of many the best.

    A new hint takes the place of earlier ones near by.
    """
    earlier = (hint for hint in hints if all(math.dist(hint.xy, one.xy) >= reach_px for one in more))
    elsewhere = (hint for hint in (*earlier, *more) if not is_at_one(hint, known))
    return tuple(sorted(elsewhere, key=lambda hint: -hint.score)[:MOST_HINTS])


def best_hint(
    hints: Iterable[Hint],
    visits: Sequence[Visit],
    known: Sequence[BoundingBox],
    reach_px: float,
    time_s: float,
) -> Hint | None:
    """The first of the `hints` that is at no `known` face, nor near a recent visit without a clearly higher score."""
    recent = [visit for visit in visits if time_s - visit.time_s < LOOK_AGAIN_S]
    for hint in hints:
        seen = any(
            math.dist(hint.xy, visit.xy) < reach_px and hint.score < visit.score + CLEARLY_MORE
            for visit in recent
        )
        if not (seen or is_at_one(hint, known)):
            return hint
    return None


def is_at_one(hint: Hint, faces: Sequence[BoundingBox]) -> bool:
    """Whether the hint is nothing but one of these faces."""
    return any(math.dist(hint.xy, box.center_xy) < box.width for box in faces)


def with_visit(visits: Iterable[Visit], hint: Hint, reach_px: float, time_s: float) -> tuple[Visit, ...]:
    """The recent visits and one to this hint, which replaces earlier ones near by."""
    recent = (
        visit
        for visit in visits
        if time_s - visit.time_s < LOOK_AGAIN_S and math.dist(hint.xy, visit.xy) >= reach_px
    )
    return (*recent, Visit(hint.xy, hint.score, time_s))


def closer_step(finer: SearchStep, xy: tuple[float, float], size_wh: tuple[int, int]) -> SearchStep:
    """A tile like the `finer` one, a little closer, with this point in its middle, in a frame of `size_wh`.

    In the middle of a tile a face has the most around it. At the edge of the frame the tile stays within it.
    """
    scale = min(MAX_ENLARGEMENT, CLOSER * finer.scale)
    width = min(size_wh[0], max(1, round(finer.width * finer.scale / scale)))
    height = min(size_wh[1], max(1, round(finer.height * finer.scale / scale)))
    left = min(max(0, round(xy[0] - width / 2)), size_wh[0] - width)
    top = min(max(0, round(xy[1] - height / 2)), size_wh[1] - height)
    return replace(finer, left=left, top=top, width=width, height=height, scale=scale)
