"""The label of a face by the rule before and by the present one, from the same readings, and what each is worth.

Readings are those of an analyzer with `smoothing_s` 0, one of each frame, because faces and mirror images are read in
turn: of every second frame alone, all would be of one kind. A real change is one between two majorities of half a
second that last half a second each. It is shown from the first frame after half of the way that names the second
emotion.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from facestream.analysis.emotion.steadying import NO_EMOTION_STATE, next_emotion_state
from facestream.analysis.faces import EMOTIONS, UNSURE, Face, UnsureReason
from facestream.analysis.tracking.lips import NO_LIPS, next_lips

SMOOTHING_S = 0.3
OLD_SWITCH_MARGIN, OLD_CLOSE_ENTER, OLD_CLOSE_LEAVE = 0.08, 0.10, 0.18
MAJORITY_WITHIN_S, LASTS_S = 0.5, 0.5
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class Reading:
    """What one frame shows of one face, before any rule."""

    time_s: float
    face: Face


def by_old_rule(readings: Sequence[Reading]) -> list[str]:
    """The rule up to November 2026: the mean of the last 0.3 s, a margin of probability, none of time."""
    shown, mean, label, close, read_s = list[str](), np.empty(0), UNSURE, False, -math.inf
    for reading in readings:
        read = np.array(reading.face.probabilities)
        share = 1 - math.exp(-(reading.time_s - read_s) / SMOOTHING_S)
        mean = mean + share * (read - mean) if mean.size else read
        read_s = reading.time_s
        second, first = np.sort(mean)[-2:]
        close = bool(first - second < (OLD_CLOSE_LEAVE if close else OLD_CLOSE_ENTER))
        best = int(mean.argmax())
        if label == UNSURE or mean[best] - mean[EMOTIONS.index(label)] >= OLD_SWITCH_MARGIN:
            label = str(EMOTIONS[best])
        shown.append(_shown(reading.face, label, close=close))
    return shown


def by_new_rule(readings: Sequence[Reading]) -> list[str]:
    """The present rule on the same readings."""
    shown, state, lips = list[str](), NO_EMOTION_STATE, NO_LIPS
    for reading in readings:
        face, time_s = reading.face, reading.time_s
        state = next_emotion_state(state, face.probabilities, time_s, SMOOTHING_S, lips.speech)
        lips = next_lips(lips, face.mouth_opening, time_s)
        shown.append(_shown(face, state.label, close=state.close))
    return shown


def at_rate(readings: Sequence[Reading], fps: float) -> list[Reading]:
    """The readings of a camera with fewer frames per second."""
    kept: list[Reading] = []
    for reading in readings:
        if not kept or reading.time_s - kept[-1].time_s >= 1 / fps - _SLACK_S:
            kept.append(reading)
    return kept


def worth(readings: Sequence[Reading], shown: Sequence[str]) -> dict[str, object]:
    """How steady, how fast and how right the shown labels are."""
    minutes = (readings[-1].time_s - readings[0].time_s) / 60
    majorities = majority(readings, MAJORITY_WITHIN_S)
    named = [(label, most) for label, most in zip(shown, majorities, strict=True) if label != UNSURE]
    delays = [_delay_s(readings, shown, change) for change in _real_changes(readings)]
    seen = [delay for delay in delays if delay is not None]
    return {
        "changes_per_minute": round(changes(shown) / minutes, 1),
        "changes_per_minute_without_unsure": round(changes([label for label, _ in named]) / minutes, 1),
        "unsure_share": round(1 - len(named) / len(shown), 3),
        "named_as_the_majority_of_the_second": round(sum(one == most for one, most in named) / len(shown), 3),
        "of_the_named": round(sum(one == most for one, most in named) / max(1, len(named)), 3),
        "real_changes": len(delays),
        "never_shown": len(delays) - len(seen),
        "delay_s": {"p50": measured.median(seen), "max": max(seen, default=None)},
    }


def changes(labels: Sequence[str]) -> int:
    """How often the next label is another one."""
    return sum(one != other for one, other in pairwise(labels))


def majority(readings: Sequence[Reading], within_s: float) -> list[str]:
    """The emotion that is most often the most probable, this long before and after each reading."""
    times = np.array([reading.time_s for reading in readings])
    best = np.array([int(np.argmax(reading.face.probabilities)) for reading in readings])
    first = np.searchsorted(times, times - within_s)
    end = np.searchsorted(times, times + within_s + _SLACK_S)
    return [
        str(EMOTIONS[int(np.bincount(best[a:b], minlength=len(EMOTIONS)).argmax())])
        for a, b in zip(first, end, strict=True)
    ]


def _shown(face: Face, label: str, *, close: bool) -> str:
    return UNSURE if close or face.unsure not in {None, UnsureReason.CLOSE} else label


def _real_changes(readings: Sequence[Reading]) -> list[tuple[range, range]]:
    """The spells before and after each real change."""
    spells, start = [], 0
    for _, same in groupby(majority(readings, MAJORITY_WITHIN_S / 2)):
        end = start + len(list(same))
        spells.append(range(start, end))
        start = end
    return [
        (one, other)
        for one, other in pairwise(spells)
        if all(readings[each[-1]].time_s - readings[each[0]].time_s >= LASTS_S for each in (one, other))
    ]


def _delay_s(readings: Sequence[Reading], shown: Sequence[str], change: tuple[range, range]) -> float | None:
    before, after = change
    read: NDArray[np.float64] = np.array([reading.face.probabilities for reading in readings])
    emotion = EMOTIONS[int(read[after.start : after.stop].mean(axis=0).argmax())]
    shares = read[:, EMOTIONS.index(emotion)]
    half = (shares[before.start : before.stop].mean() + shares[after.start : after.stop].mean()) / 2
    # The majority may lag: the first of two readings above half of the way, up to half a second before it.
    early = [
        number
        for number in before
        if readings[after.start].time_s - readings[number].time_s <= MAJORITY_WITHIN_S
    ]
    candidates = [*early, *after]
    half_way = next(
        (one for one, next_one in pairwise(candidates) if min(shares[one], shares[next_one]) > half),
        after.start,
    )
    return next(
        (
            round(readings[number].time_s - readings[half_way].time_s, 3)
            for number in range(half_way, after.stop)
            if shown[number] == emotion
        ),
        None,
    )
