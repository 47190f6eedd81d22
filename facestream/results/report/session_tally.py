"""What the report says about a whole session, added up frame by frame in bounded memory. Pure."""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from facestream.results.record import FrameResult
from facestream.results.report.face_tally import MOST_REASONS, OTHER, FaceTally
from facestream.results.report.slices import Slices
from facestream.results.report.spells import Change

MOST_FACES = 64
"""Faces that are added up; of more, those that were seen shortest are dropped."""
GONE_S = 15.0
"""A face keeps its id while it is away for a shorter time."""
MOST_EXTRA = 12
ANALYSED, UNANALYSED = 0, 1
"""Columns of `SessionTally.slices`."""


@dataclass(slots=True)
class ExtraTally:
    """A number of the operator's own analysis over time."""

    slices: Slices
    """Columns: the sum, and how long it was known."""
    known_s: float = 0.0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def add(self, value: float, from_s: float, to_s: float) -> None:
        """A frame with this value."""
        self.known_s += to_s - from_s
        self.total += value * (to_s - from_s)
        self.least, self.most = min(self.least, value), max(self.most, value)
        self.slices.add(from_s, to_s, ((0, value), (1, 1.0)))


class SessionTally:
    """The sums of all frames. Times are seconds from the first frame."""

    def __init__(self) -> None:
        self.frames = self.analysed = 0
        self.analysed_s = self.empty_s = self.several_s = 0.0
        """How long frames were analysed, and showed no face, or several."""
        self.unanalysed_s: defaultdict[str, float] = defaultdict(float)
        """How long frames were not analysed, by reason."""
        self.gaps = 0
        self.gaps_s = 0.0
        self.end_s = 0.0
        self.at_once = 0
        self.sizes: dict[tuple[int, int], None] = {}
        """Sizes of the frames, in order; at most MOST_REASONS."""
        self.faces: dict[int, FaceTally] = {}
        self.dropped_faces = 0
        """Faces that are not in `faces`, because there were too many."""
        self.dropped_longest_s = 0.0
        self.extra: dict[str, ExtraTally] = {}
        self.extra_left_out: set[str] = set()
        self.slices = Slices(2)

    def add(self, result: FrameResult, from_s: float, to_s: float) -> dict[int, Change]:
        """A frame that counts between two times; returns the changes of labels that are certain now, by face id."""
        length_s = to_s - from_s
        self.frames += 1
        self.end_s = to_s
        if result.size_wh is not None and len(self.sizes) < MOST_REASONS:
            self.sizes[result.size_wh] = None
        self._add_extra(result.extra, from_s, to_s)
        if result.unanalysed:
            known = result.unanalysed in self.unanalysed_s or len(self.unanalysed_s) < MOST_REASONS
            self.unanalysed_s[result.unanalysed if known else OTHER] += length_s
            self.slices.add(from_s, to_s, ((UNANALYSED, 1.0),))
            return {}
        self.slices.add(from_s, to_s, ((ANALYSED, 1.0),))
        present = {face.id for face in result.faces}
        changes = {}
        for face in result.faces:
            tally = self.faces.get(face.id)
            if tally is None:
                self._make_room(present, from_s)
                tally = self.faces[face.id] = FaceTally(face.id, from_s)
            change = tally.add(face, from_s, to_s, self.analysed_s)
            if change is not None:
                changes[face.id] = change
        self.analysed += 1
        self.analysed_s += length_s
        self.empty_s += length_s if not present else 0.0
        self.several_s += length_s if len(present) > 1 else 0.0
        self.at_once = max(self.at_once, len(present))
        return changes

    def add_gap(self, length_s: float) -> None:
        """A time without a frame."""
        self.gaps += 1
        self.gaps_s += length_s
        self.end_s += length_s

    @property
    def measured_s(self) -> float:
        """How long there were frames."""
        return self.analysed_s + sum(self.unanalysed_s.values())

    @property
    def faces_by_time(self) -> list[FaceTally]:
        """The face that was seen longest first."""
        return sorted(self.faces.values(), key=lambda face: (-face.seen_s, face.id))

    def _make_room(self, present: set[int], now_s: float) -> None:
        if len(self.faces) < MOST_FACES:
            return
        absent = [face for face in self.faces.values() if face.id not in present]
        if not absent:
            return
        dropped = min(absent, key=lambda face: (now_s - face.last_s <= GONE_S, face.seen_s))
        del self.faces[dropped.id]
        self.dropped_faces += 1
        self.dropped_longest_s = max(self.dropped_longest_s, dropped.seen_s)

    def _add_extra(self, extra: Mapping[str, object], from_s: float, to_s: float) -> None:
        for name, value in extra.items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                continue
            if name not in self.extra:
                if len(self.extra) >= MOST_EXTRA:
                    if len(self.extra_left_out) < 1000:
                        self.extra_left_out.add(name)
                    continue
                self.extra[name] = ExtraTally(Slices(2))
            self.extra[name].add(float(value), from_s, to_s)
