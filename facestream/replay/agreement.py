"""Compare what a server said live with what was found offline in the same clip: labels, boxes and landmarks.

Reads a faces.csv or a frames.jsonl that `facestream analyze` has written; needs no server.
"""

import bisect
import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facestream.errors import ConfigError
from facestream.messages.telemetry import Telemetry
from facestream.results.frames_jsonl import read_messages
from facestream.results.record import FaceResult, result_of_telemetry

MAX_FACES: Final = 500_000
"""Faces that are read or kept; about 300 MB with landmarks."""
MAX_APART_S: Final = 0.1
MIN_OVERLAP: Final = 0.3
_MAX_LATE_FRAMES = (
    30  # a server's clock starts with the first frame that it decodes, which may not be the clip's first
)
_TRIED_FRAMES = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """One face of a frame, as far as it is compared."""

    box: tuple[float, float, float, float]
    label: str
    landmarks_xy: NDArray[np.float32] | None


Frames = list[tuple[float, tuple[Seen, ...]]]
"""Time in seconds and faces, in order of time."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far live and offline results of one clip agree; the fields are the keys of `compare` in the summary."""

    frames: int
    """Live frames that were compared."""
    faces: int
    """Faces of these frames, live and offline, that are the same face."""
    faces_live_only: int
    faces_offline_only: int
    same_label: float | None
    """Share of the same faces with the same label, 0..1; None: there is none."""
    agreement: float | None
    """As `same_label`, but of all faces: one that only one side has does not agree; None: no side has a face."""
    box_overlap: float | None
    """Mean intersection over union of their boxes, 0..1."""
    landmarks_percent: float | None
    """Mean distance of their landmarks, in percent of the width of the offline box; None: one side has none."""
    shift_s: float
    """Seconds by which the live clock is behind the clip's."""

    def as_json(self) -> dict[str, object]:
        """`compare` of the summary."""
        return asdict(self)

    def as_text(self) -> str:
        """Two lines of text."""
        if not self.frames:
            return "compare   no live frame has the time of a frame in the file: is it of the same clip?"
        if self.same_label is None:
            return f"compare   {self.frames} frames, in which no face was found both live and offline"
        landmarks = (
            "landmarks not in both"
            if self.landmarks_percent is None
            else f"landmarks {self.landmarks_percent:.1f} % of a face's width apart"
        )
        return (
            f"compare   {self.frames} frames, {self.faces} faces in both, {self.faces_live_only} live only, "
            f"{self.faces_offline_only} offline only\n"
            f"          same label {self.same_label:.1%}, boxes overlap {self.box_overlap:.1%}, {landmarks}"
        )


class Comparison:
    """Collects the telemetry of a replay and compares it with a file."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ConfigError."""
        self._offline = read_results(path)
        self._live: Frames = []
        self._kept = 0

    def add(self, report: Telemetry) -> None:
        """Take one message; messages may come in any order. Beyond MAX_FACES, they are left out."""
        if report.analysed and self._kept < MAX_FACES:
            self._kept += 1 + len(report.faces)
            self._live.append((report.pts, tuple(map(_seen, result_of_telemetry(report).faces))))

    def agreement(self) -> Agreement:
        """The result so far."""
        return agreement_of(sorted(self._live, key=lambda frame: frame[0]), self._offline)


def read_results(path: Path) -> Frames:
    """The frames of a faces.csv or frames.jsonl, in order of time; raises ConfigError."""
    frames: dict[float, list[Seen]] = {}
    count = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for time_s, seen in _rows(file):
                count += 1
                if count > MAX_FACES:
                    raise _bad(path, f"has more than {MAX_FACES} faces; write it again with --every or --end")
                frames.setdefault(time_s, []).extend(() if seen is None else (seen,))
    except OSError as error:
        raise _bad(path, f"cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        detail = f"has no column {error}" if isinstance(error, KeyError) else "is damaged or of another kind"
        raise _bad(path, f"{detail} (row {count + 1})") from error
    if not frames:
        raise _bad(path, "has no frame")
    return [(time_s, tuple(frames[time_s])) for time_s in sorted(frames)]


def agreement_of(live: Frames, offline: Frames) -> Agreement:
    """Compare two runs over one clip, both in order of time."""
    shift_s = _shift_s(live, offline)
    frames = same = live_only = offline_only = equal = 0
    overlaps: list[float] = []
    apart: list[float] = []
    for seen, found in _pairs(live, offline, shift_s):
        frames += 1
        matched = _matched(seen, found)
        live_only += len(seen) - len(matched)
        offline_only += len(found) - len(matched)
        same += len(matched)
        for one, other, overlap in matched:
            equal += one.label == other.label
            overlaps.append(overlap)
            if one.landmarks_xy is not None and other.landmarks_xy is not None and other.box[2] > 0:
                distances = np.linalg.norm(one.landmarks_xy - other.landmarks_xy, axis=1)
                apart.append(float(distances.mean()) / other.box[2] * 100)
    all_faces = same + live_only + offline_only
    return Agreement(
        frames=frames,
        faces=same,
        faces_live_only=live_only,
        faces_offline_only=offline_only,
        same_label=round(equal / same, 4) if same else None,
        agreement=round(equal / all_faces, 4) if all_faces else None,
        box_overlap=round(float(np.mean(overlaps)), 4) if overlaps else None,
        landmarks_percent=round(float(np.mean(apart)), 2) if apart else None,
        shift_s=round(shift_s, 3),
    )


def _rows(file: io.TextIOWrapper) -> Iterator[tuple[float, Seen | None]]:
    start = file.read(1)
    file.seek(0)
    if start == "{":
        for report in read_messages(file):
            if isinstance(report, Telemetry) and report.analysed:
                yield report.pts, None
                yield from ((report.pts, _seen(face)) for face in result_of_telemetry(report).faces)
        return
    for row in csv.DictReader(file):
        time_s = _finite(row["time_s"])
        if not row["face_id"]:
            yield time_s, None
            continue
        left, top, width, height = (
            _finite(row[f"box_{side}"]) for side in ("left", "top", "width", "height")
        )
        yield time_s, Seen((left, top, width, height), row["label"], _landmarks(row))


def _landmarks(row: Mapping[str, str]) -> NDArray[np.float32] | None:
    if not row.get("x_0"):
        return None
    return np.array([(_finite(row[f"x_{i}"]), _finite(row[f"y_{i}"])) for i in range(68)], np.float32)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _seen(face: FaceResult) -> Seen:
    return Seen(face.box, face.label, face.landmarks_xy)


def _pairs(
    live: Frames, offline: Frames, shift_s: float
) -> Iterator[tuple[tuple[Seen, ...], tuple[Seen, ...]]]:
    times = [time_s for time_s, _ in offline]
    for time_s, seen in live:
        wanted = time_s + shift_s
        after = bisect.bisect_left(times, wanted)
        near = min(
            (index for index in (after - 1, after) if 0 <= index < len(times)),
            key=lambda index: abs(times[index] - wanted),
        )
        if abs(times[near] - wanted) <= MAX_APART_S:
            yield seen, offline[near][1]


def _shift_s(live: Frames, offline: Frames) -> float:
    """By how much the live clock is behind: the shift with which the boxes overlap best; 0 if that tells nothing."""
    some = live[:: max(1, len(live) // _TRIED_FRAMES)]
    start_s = offline[0][0]
    tried = [time_s - start_s for time_s, _ in offline[:_MAX_LATE_FRAMES]]

    def overlap(shift_s: float) -> float:
        matches = [_matched(seen, found) for seen, found in _pairs(some, offline, shift_s)]
        # Rounded, so that of equally good shifts the smallest is taken.
        return round(sum(overlap for matched in matches for _, _, overlap in matched), 1)

    return max(tried, key=overlap, default=0.0)


def _matched(live: Sequence[Seen], offline: Sequence[Seen]) -> list[tuple[Seen, Seen, float]]:
    """The faces that are the same, each at most once, those that overlap most first."""
    overlaps = sorted(
        (
            (_overlap(one.box, other.box), i, j)
            for i, one in enumerate(live)
            for j, other in enumerate(offline)
        ),
        reverse=True,
    )
    found: list[tuple[Seen, Seen, float]] = []
    left, right = set(range(len(live))), set(range(len(offline)))
    for overlap, i, j in overlaps:
        if overlap < MIN_OVERLAP:
            break
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            found.append((live[i], offline[j], overlap))
    return found


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one[2] * one[3] + other[2] * other[3] - width * height)


def _bad(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"--compare: {path} {why}; expected a faces.csv or a frames.jsonl that `facestream analyze` has written",
        "--compare",
    )
