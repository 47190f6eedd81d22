"""Steady what the emotion net reads of one face: the mean that is reported, and a label that speech does not flip.

The mean follows every reading. The label changes by evidence over time: each reading counts by how far another emotion
leads the label, for as long as it was the newest, and what speaks for the label takes it back (a cumulative sum, Page
1954). So a clear change shows at once, a weak one after a while, and what alternates never does. While the lips move as
in speech, more is needed. Pure: needs no model and no clock.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from facestream.analysis.faces import EMOTIONS, NEVER_S, UNSURE

SWITCH_MARGIN = 0.05
"""A lead below this speaks for the label."""
SWITCH_AFTER, CLOSE_AFTER, CLOSE_ENDS_AFTER = 2 / 3, 5 / 3, 1.0
"""In smoothing times: a full lead for this long changes the label; about equal emotions for this long make it CLOSE; a
clear one for this long ends that."""
SPEECH_FACTOR = 3.0
"""Each of these takes this many times as long while somebody speaks: longer than a syllable."""
CLOSE_ENTER, CLOSE_LEAVE = 0.10, 0.18
"""The two most probable emotions are about equal below the first difference, and clearly apart above the second."""
CLOSE_AT_ONCE = 0.06
"""The same of a reading that stands alone, as of a still: no time can tell whether it is chance."""
SETTLED_APART = 0.3
"""Between the two most probable emotions; below it, a reading may soon speak against the label."""
FORGET_AFTER_S = 2.0
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class EmotionState:
    """The emotion of one face up to its last reading."""

    probabilities: tuple[float, ...]
    """Seven values 0..1 that sum to 1, in the order of EMOTIONS; empty: nothing was read yet."""
    label: str
    """The emotion to show unless `close`; UNSURE only before the first reading."""
    time_s: float
    """When the emotion was last read."""
    close: bool = False
    """True while the two most probable emotions are about equal."""
    against: float = 0.0
    """Evidence against the label: seconds of a full lead of others."""
    otherwise_s: float = 0.0
    """Evidence that `close` is no longer right, in seconds."""

    @property
    def settled(self) -> bool:
        """Whether nothing speaks against the label, and the most probable emotion is far ahead."""
        doubted = self.close or self.against > 0 or self.otherwise_s > 0
        return bool(self.probabilities) and not doubted and _apart(self.probabilities) > SETTLED_APART

    def __post_init__(self) -> None:
        known = EMOTIONS if self.probabilities else (UNSURE,)
        if self.label not in known or len(self.probabilities) not in {0, len(EMOTIONS)}:
            raise ValueError(
                f"label {self.label!r:.50} with {len(self.probabilities)} probabilities; expected one of "
                f"{', '.join(known)} with {len(EMOTIONS)}, or {UNSURE} with none"
            )
        if self.probabilities and not (
            min(self.probabilities) >= -_TOLERANCE and abs(math.fsum(self.probabilities) - 1) <= _TOLERANCE
        ):
            raise ValueError("the probabilities are not seven values of 0 or more that sum to 1")


NO_EMOTION_STATE = EmotionState((), UNSURE, NEVER_S)


def next_emotion_state(
    state: EmotionState, read: Sequence[float], time_s: float, smoothing_s: float, speech: float = 0.0
) -> EmotionState:
    """The state after a reading of seven probabilities, 0 or more, in the order of EMOTIONS.

    `smoothing_s` is the time constant of the mean, and the label is as much slower as it is; 0 takes each reading as it
    is. `speech`: how much the lips move, 0..1 (`Lips.speech`).
    """
    total = max(1e-9, math.fsum(read))
    read = [float(each) / total for each in read]
    step_s = time_s - state.time_s
    if not state.probabilities or step_s > FORGET_AFTER_S or smoothing_s <= 0:
        return EmotionState(tuple(read), _best(read), time_s, _apart(read) < CLOSE_AT_ONCE)
    step_s = max(0.0, step_s)
    share = 1 - math.exp(-step_s / smoothing_s)
    mean = tuple(old + share * (new - old) for old, new in zip(state.probabilities, read, strict=True))
    # After a gap, one reading must not count for all of it.
    counted_s = min(step_s, smoothing_s)
    scale_s = smoothing_s * (1 + (SPEECH_FACTOR - 1) * speech)
    close, otherwise_s = _next_close(state, mean, counted_s, scale_s)
    needed_s = SWITCH_AFTER * scale_s
    lead = _lead_of_others(read, EMOTIONS.index(state.label)) - SWITCH_MARGIN
    against = min(max(0.0, state.against + counted_s * lead), needed_s)
    best = _best(mean)
    if best != state.label and (against >= needed_s or (state.close and not close)):
        # While no word was shown, no word can flip.
        return EmotionState(mean, best, time_s, close, 0.0, otherwise_s)
    return EmotionState(mean, state.label, time_s, close, against, otherwise_s)


def _next_close(
    state: EmotionState, mean: Sequence[float], counted_s: float, scale_s: float
) -> tuple[bool, float]:
    """Whether the face is CLOSE, and the evidence for the opposite in seconds."""
    apart = _apart(mean)
    otherwise = apart > CLOSE_LEAVE if state.close else apart < CLOSE_ENTER
    otherwise_s = max(0.0, state.otherwise_s + (counted_s if otherwise else -counted_s))
    if otherwise_s >= scale_s * (CLOSE_ENDS_AFTER if state.close else CLOSE_AFTER):
        return not state.close, 0.0
    return state.close, otherwise_s


def _lead_of_others(read: Sequence[float], known: int) -> float:
    """How far the most probable other emotion leads this one, -1..1: their difference as a share of both.

    It is the same at 0.9 and 0.1 as at 0.45 and 0.05: what the rest of the emotions share says nothing about these two.
    """
    other = max(each for number, each in enumerate(read) if number != known)
    return (other - read[known]) / max(1e-9, other + read[known])


def _best(shares: Sequence[float]) -> str:
    return str(EMOTIONS[max(range(len(shares)), key=shares.__getitem__)])


def _apart(shares: Sequence[float]) -> float:
    second, first = sorted(shares)[-2:]
    return first - second
