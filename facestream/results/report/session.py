"""What the report says beside the results: where they come from, what was set, what happened; and its options."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from facestream import __version__
from facestream.analysis.drawing.words import Language
from facestream.results.session_file import Baseline, SessionFacts

EventKind = Literal["marker", "marker_note"]


@dataclass(frozen=True, slots=True)
class ReportEvent:
    """Something that happened at a time: a marker, the start of a stimulus."""

    time_s: float
    """On the clock of the results."""
    text: str
    note: str = ""
    """What a person wrote beside it."""
    id: int = 0
    """Its number in the session; 0: it has none."""
    kind: EventKind = "marker"
    """`marker_note`: the earlier event of the same id, now with its note."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.time_s):
            raise ValueError(f"event at {self.time_s} s; expected a finite time")


@dataclass(frozen=True, slots=True)
class ReportSession:
    """What the report says about its session; every text may come from outside."""

    title: str = ""
    """A name for the report; empty: none."""
    source: str = ""
    """The file, device or address that was analysed; without credentials."""
    made_at: str = ""
    """When the report was made, or the session began, in words or as ISO 8601."""
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    """Name and checksum, by the task of the model."""
    settings: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    """Names that a person gave to faces, by face id."""
    baselines: Mapping[int, Baseline] = field(default_factory=dict)
    """How faces look at rest, by face id."""
    notes: tuple[str, ...] = ()
    """Sentences about the session, for example why it ended early."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The options of a report."""

    language: Language = Language.ENGLISH
    images: bool = False
    """Show images of the faces at moments of change. Off by default: a report without them identifies nobody."""


def report_session(source: str, facts: SessionFacts | None) -> ReportSession:
    """What the report says about a session with these facts; `source` is shown if they name none."""
    if facts is None:
        return ReportSession(source=source)
    return ReportSession(
        source=facts.source or source,
        made_at=facts.began_at,
        versions={"facestream": __version__},
        models={
            name: f"{model['version']}, sha256 {model['sha256']}" for name, model in facts.models.items()
        },
        settings={name: str(value) for name, value in facts.settings.items() if value is not None},
    )
