"""session.json: what made the results of a clip or session, with which settings, and their totals.

Reads and writes no file.
"""

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from facestream import __version__
from facestream.analysis.faces import EMOTIONS
from facestream.analysis.model_files import models_of
from facestream.analysis.options import AnalysisOptions
from facestream.results.record import FrameResult

VERSION = 1
"""Of the layout of session.json."""
LIBRARIES = ("ai-edge-litert", "av", "dlib-bin", "numpy", "opencv-python-headless")
"""The libraries on which the numbers depend."""
MAX_KINDS = 32
"""Kinds of faults of a plug-in that are counted."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known about a clip or session before its first frame."""

    source: str = ""
    """The file, device or address, without credentials; of a live session its id."""
    began_at: str = ""
    """When the session or the analysis began, as ISO 8601 with its offset; empty: not said."""
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By name: file, version, sha256 and licence, from `models_used`."""
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    """The options of the analysis and of the command, as far as the results depend on them."""


@dataclass(slots=True)
class SessionNotes:
    """What becomes known about a session while it runs, and what its owner adds."""

    names: dict[int, str] = field(default_factory=dict)
    """Names that a person gave to faces, by face id."""
    baselines: dict[int, "Baseline"] = field(default_factory=dict)
    """How faces look at rest, by face id."""
    neutral_missing: str = ""
    """A sentence about faces of which that should be known, and is not; empty: there are none."""
    record: Mapping[str, JsonValue] = field(default_factory=dict)
    """What a server that keeps sessions says about this one; empty: no server keeps it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a face looks at rest."""

    probabilities: tuple[float, ...]
    """Seven values 0..1 in the order of EMOTIONS."""
    from_time_s: float
    """From this time on, the tables have the differences to it."""
    span_s: tuple[float, float] | None = None
    """The part of a clip over which it was measured, from and to; None: a peer has said how the face looks."""
    measured_s: float = 0.0
    """How long the face was measured in that part."""
    frames: int = 0
    """How many readings it is the mean of."""


class Totals:
    """Adds up the results of a session; memory does not grow with its length, only with its number of faces."""

    def __init__(self) -> None:
        self._frames = 0
        self._without_face = 0
        self._unanalysed: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        self._extra_faults: Counter[str] = Counter()
        self._ids: set[int] = set()
        self._first: FrameResult | None = None
        self._last: FrameResult | None = None

    def add(self, result: FrameResult) -> None:
        """Count a frame."""
        self._frames += 1
        self._first = self._first or result
        self._last = result
        if result.unanalysed:
            self._unanalysed[result.unanalysed] += 1
        elif not result.faces:
            self._without_face += 1
        if result.extra_fault and (
            result.extra_fault in self._extra_faults or len(self._extra_faults) < MAX_KINDS
        ):
            self._extra_faults[result.extra_fault] += 1
        for face in result.faces:
            self._ids.add(face.id)
            self._labels[face.label] += 1

    def as_json(self) -> dict[str, JsonValue]:
        """Counts of frames, faces and labels, the times of the first and last frame, and the size of the last."""
        size_wh = self._last and self._last.size_wh
        return {
            "frames": self._frames,
            "frames_without_face": self._without_face,
            "frames_unanalysed": dict(sorted(self._unanalysed.items())),
            "frames_extra_failed": dict(sorted(self._extra_faults.items())),
            "faces": len(self._ids),
            "rows_by_label": dict(sorted(self._labels.items())),
            "first_time_s": None if self._first is None else round(self._first.time_s, 3),
            "last_time_s": None if self._last is None else round(self._last.time_s, 3),
            "size_wh": list(size_wh) if size_wh else None,
        }


def models_used(models_dir: Path, options: AnalysisOptions) -> dict[str, dict[str, str]]:
    """The model files that these options need, for `SessionFacts.models`. Raises ModelFileError.

    dlib's detector is part of dlib.
    """
    return {
        name: {"file": entry.file, "version": entry.version, "sha256": entry.sha256, "licence": entry.licence}
        for name, entry in models_of(models_dir, options).items()
    }


def session_json(
    facts: SessionFacts,
    totals: Totals,
    files: Mapping[str, str],
    notes: SessionNotes,
    *,
    whole: bool,
    why_not_whole: str = "",
) -> dict[str, Any]:
    """The content of session.json.

    `files`: names by format. `whole`: whether the results were written to their end; if they never will be,
    `why_not_whole` says why.
    """
    return {
        "session_file_version": VERSION,
        "whole": whole,
        "why_not_whole": why_not_whole or None,
        "source": facts.source,
        "began_at": facts.began_at or None,
        "versions": {"facestream": __version__, "python": platform.python_version(), **_libraries()},
        "models": {name: dict(model) for name, model in facts.models.items()},
        "settings": dict(facts.settings),
        "files": dict(files),
        "names": {str(face): name for face, name in sorted(notes.names.items())},
        "neutral": {str(face): _baseline_json(rest) for face, rest in sorted(notes.baselines.items())},
        "neutral_missing": notes.neutral_missing or None,
        "record": dict(notes.record) or None,
        "totals": totals.as_json(),
    }


def _baseline_json(baseline: Baseline) -> dict[str, JsonValue]:
    pairs = zip(EMOTIONS, baseline.probabilities, strict=True)
    emotions: dict[str, JsonValue] = {str(name): round(p, 3) for name, p in pairs}
    measured: dict[str, JsonValue] = (
        {
            "span_s": list(baseline.span_s),
            "measured_s": round(baseline.measured_s, 3),
            "frames": baseline.frames,
        }
        if baseline.span_s
        else {}
    )
    return {"from_time_s": round(baseline.from_time_s, 3), "emotions": emotions, **measured}


def _libraries() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # another distribution of the same library, such as opencv-python
    return versions
