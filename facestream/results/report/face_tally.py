"""What the report says about one face, added up frame by frame in bounded memory. Pure."""

import math
from collections import defaultdict

from facestream.analysis.faces import EMOTIONS, UNSURE, UnsureReason
from facestream.messages.telemetry import LABELS
from facestream.results.record import FaceResult
from facestream.results.report.pose_map import PoseMap
from facestream.results.report.slices import Slices
from facestream.results.report.spells import Change, EyeSpells, LabelSpells

LOST_S = 0.2
"""A face that is missing for longer, in frames that were analysed, and comes back was lost."""
MOST_REASONS = 16
OTHER = "other"
"""A reason that has no name in the report."""
_UNREADABLE = set(map(str, UnsureReason)) - {str(UnsureReason.CLOSE)}
"""With these reasons the opening of the eyes is not known either."""
_EMOTION_COLUMNS = len(LABELS)
_KNOWN_COLUMN = len(LABELS) + len(EMOTIONS)


class FaceTally:
    """The sums of one face. All times are seconds from the first frame of the session."""

    def __init__(self, face_id: int, first_s: float) -> None:
        self.id = face_id
        self.first_s = self.last_s = first_s
        self.frames = 0
        self.seen_s = 0.0
        self.labels_s = dict.fromkeys(LABELS, 0.0)
        """How long it had each label."""
        self.unsure_s: defaultdict[str, float] = defaultdict(float)
        """How long it had no label, by reason."""
        self.hints_s: defaultdict[str, float] = defaultdict(float)
        self.blinks = 0
        self.lost = 0
        """How often it was lost and found again."""
        self.lost_s = 0.0
        self.spells = LabelSpells()
        self.eyes = EyeSpells()
        self.poses = PoseMap()
        self.slices = Slices(_KNOWN_COLUMN + 1)
        self._sums = [0.0] * len(EMOTIONS)
        self._known_s = 0.0
        self._blinks_before: int | None = None
        self._seen_until_s = 0.0

    def add(self, face: FaceResult, from_s: float, to_s: float, analysed_s: float) -> Change | None:
        """A frame with the face, which counts between two times; returns the change of label that is certain now.

        `analysed_s`: for how long frames were analysed before this one, in the whole session.
        """
        length_s = to_s - from_s
        if self.frames and analysed_s - self._seen_until_s > LOST_S:
            self.lost += 1
            self.lost_s += analysed_s - self._seen_until_s
        self._seen_until_s = analysed_s + length_s
        self.frames += 1
        self.seen_s += length_s
        self.last_s = to_s
        label, reason = _label_of(face)
        self.labels_s[label] += length_s
        if label == UNSURE:
            known = reason in self.unsure_s or len(self.unsure_s) < MOST_REASONS
            self.unsure_s[reason if known else OTHER] += length_s
        for hint in face.hints:
            if hint in self.hints_s or len(self.hints_s) < MOST_REASONS:
                self.hints_s[hint] += length_s
        self._add_probabilities(face.probabilities, label, from_s, to_s)
        self._add_eyes(face, reason, from_s, to_s)
        if face.pose_deg is not None and all(map(math.isfinite, face.pose_deg[:2])):
            self.poses.add(face.pose_deg[0], face.pose_deg[1], length_s)
        return self.spells.add(label, from_s, to_s)

    @property
    def means(self) -> list[float] | None:
        """The mean probability of each emotion while the face was seen, in the order of EMOTIONS; None: not known."""
        return [total / self._known_s for total in self._sums] if self._known_s > 0 else None

    def labels_over_time(self, count: int) -> list[str | None]:
        """The most frequent label of each slice; None: the face was not found."""
        columns = [self.slices.column(at, count) for at in range(len(LABELS))]
        slices = zip(*columns, strict=True)
        return [LABELS[spent.index(most)] if (most := max(spent)) > 0 else None for spent in slices]

    def means_over_time(self, emotion: int, count: int) -> list[float | None]:
        """The mean probability of an emotion, by its place in EMOTIONS, in each slice; None: not known."""
        sums = self.slices.column(_EMOTION_COLUMNS + emotion, count)
        known = self.slices.column(_KNOWN_COLUMN, count)
        return [
            min(1.0, total / length_s) if length_s > 0 else None
            for total, length_s in zip(sums, known, strict=True)
        ]

    def _add_probabilities(
        self, probabilities: tuple[float, ...], label: str, from_s: float, to_s: float
    ) -> None:
        amounts = [(LABELS.index(label), 1.0)]
        if len(probabilities) == len(EMOTIONS) and all(0 <= value <= 1 for value in probabilities):
            for emotion, value in enumerate(probabilities):
                self._sums[emotion] += value * (to_s - from_s)
                amounts.append((_EMOTION_COLUMNS + emotion, value))
            self._known_s += to_s - from_s
            amounts.append((_KNOWN_COLUMN, 1.0))
        self.slices.add(from_s, to_s, amounts)

    def _add_eyes(self, face: FaceResult, reason: str, from_s: float, to_s: float) -> None:
        if self._blinks_before is not None:
            self.blinks += max(0, face.blinks - self._blinks_before)
        self._blinks_before = face.blinks
        opening = face.eye_opening
        if reason in _UNREADABLE or not (math.isfinite(opening) and opening > 0):
            self.eyes.unknown()
        else:
            self.eyes.add(opening, from_s, to_s)


def _label_of(face: FaceResult) -> tuple[str, str]:
    """The label, and why it is UNSURE; a label of another version counts as UNSURE."""
    if face.label not in LABELS:
        return UNSURE, OTHER
    return face.label, (face.unsure or OTHER) if face.label == UNSURE else ""
