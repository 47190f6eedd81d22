"""Spells of one face: how long a label holds, which label follows which, how long the eyes stay closed. Pure.

The definitions that the report prints are those of this module (docs/report.md).
"""

from collections import Counter
from dataclasses import dataclass, field

from facestream.analysis.faces import UNSURE

HELD_S = 0.5
"""A label counts as a change only once it has held for so long; eyes count as closed likewise."""
FORGET_AFTER_S = 2.0
"""After a longer absence, nothing is known about what happened to the label."""
SHORTEST_GAP_S = 1e-6
EYES_CLOSED_BELOW = 0.2
"""Of the eye opening. Eyes that are narrower than most have a lower limit: OF_USUAL."""
OF_USUAL = 0.65
"""Share of this face's own usual eye opening."""
_HUNDREDTHS = range(8, 21)
MOST_SPELLS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A label that has followed another one, or is the first."""

    time_s: float
    """When the label began."""
    before: str
    """Empty: this label is the first, or the face was away for a while."""
    label: str


@dataclass(slots=True)
class LabelSpells:
    """The labels of one face over time."""

    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the first emotion was followed by the second, whether or not the label was UNSURE between."""
    longest_s: dict[str, float] = field(default_factory=dict)
    """The longest time without an interruption, by label."""
    _settled: str = ""
    _label: str = ""
    _from_s: float = 0.0
    _to_s: float = 0.0

    def add(self, label: str, from_s: float, to_s: float) -> Change | None:
        """A frame with this label; returns the change that is certain now. UNSURE is not a change."""
        if self._label and from_s - self._to_s > FORGET_AFTER_S:
            self._settled = ""
        if label != self._label or from_s - self._to_s > SHORTEST_GAP_S:
            self._label, self._from_s = label, from_s
        self._to_s = to_s
        length_s = to_s - self._from_s
        self.longest_s[label] = max(self.longest_s.get(label, 0.0), length_s)
        if label in (self._settled, UNSURE) or length_s < HELD_S - SHORTEST_GAP_S:
            return None
        before, self._settled = self._settled, label
        if before:
            self.changes[before, label] += 1
        return Change(self._from_s, before, label)


@dataclass(slots=True)
class _Closed:
    """Spells below one limit."""

    from_s: float = -1.0
    to_s: float = -1.0
    count: int = 0
    total_s: float = 0.0
    spells: list[tuple[float, float]] = field(default_factory=list)

    def add(self, from_s: float, to_s: float) -> None:
        if from_s - self.to_s > SHORTEST_GAP_S:
            self.end()
            self.from_s = from_s
        self.to_s = to_s

    def end(self) -> None:
        length_s = self.to_s - self.from_s
        if self.from_s >= 0 and length_s >= HELD_S - SHORTEST_GAP_S:
            self.count += 1
            self.total_s += length_s
            if len(self.spells) < MOST_SPELLS:
                self.spells.append((self.from_s, self.to_s))
        self.from_s = self.to_s = -1.0


class EyeSpells:
    """The eye opening of one face over time.

    Which limit suits the face is known at the end only, so the spells below each possible limit are kept.
    """

    def __init__(self) -> None:
        self._below = {hundredths: _Closed() for hundredths in _HUNDREDTHS}
        self._openings_s = [0.0] * 101
        self._is_low = False
        self.known_s = 0.0
        """How long the eyes could be read."""

    def add(self, opening: float, from_s: float, to_s: float) -> None:
        """A frame with this eye opening, 0 or more."""
        self.known_s += to_s - from_s
        self._openings_s[min(100, int(100 * opening))] += to_s - from_s
        is_low = opening < EYES_CLOSED_BELOW
        if is_low or self._is_low:
            for hundredths, closed in self._below.items():
                if opening < hundredths / 100:
                    closed.add(from_s, to_s)
                else:
                    closed.end()
        self._is_low = is_low

    def unknown(self) -> None:
        """A frame in which the eyes could not be read."""
        if self._is_low:
            for closed in self._below.values():
                closed.end()
        self._is_low = False

    @property
    def usual(self) -> float:
        """The median of the eye opening; 0: never read."""
        passed_s = 0.0
        for hundredths, spent_s in enumerate(self._openings_s):
            passed_s += spent_s
            if passed_s > self.known_s / 2:
                return (hundredths + 0.5) / 100
        return 0.0

    @property
    def limit(self) -> float | None:
        """Below it, this face's eyes count as closed. None: they are too narrow to tell, or were never read."""
        hundredths = min(round(100 * EYES_CLOSED_BELOW), int(100 * OF_USUAL * self.usual))
        return hundredths / 100 if hundredths in self._below else None

    def closed(self) -> tuple[int, float, list[tuple[float, float]]]:
        """The spells: how many, seconds in all, and from when to when the first MOST_SPELLS of them were."""
        self.unknown()
        if self.limit is None:
            return 0, 0.0, []
        closed = self._below[round(100 * self.limit)]
        return closed.count, closed.total_s, closed.spells
