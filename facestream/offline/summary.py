"""Write what became of all sources: `sources.csv`, and the text at the end of the command."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facestream.logs import printable
from facestream.offline.journal import SUMMARY, Entry, ResultFolder
from facestream.offline.sources import Source, as_utf8


class Fate(StrEnum):
    """What became of a source."""

    ANALYSED = "analysed"  # in this run
    SKIPPED = "skipped"  # in an earlier run, from the same file with the same settings
    FAILED = "failed"  # there are no results
    LEFT = "left"  # the run ended before its turn


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """A source and what became of it."""

    source: Source
    fate: Fate
    name: str
    """Folder of the results; empty: none."""
    entry: Entry | None = None
    problem: str = ""
    """Why it failed, or what is wrong with its results."""

    @property
    def status(self) -> str:
        """In `sources.csv`: `done`, also by an earlier run, `incomplete`, `failed` or `not_reached`."""
        if self.fate is Fate.LEFT:
            return "not_reached"
        if self.fate is Fate.FAILED:
            return "failed"
        return "incomplete" if self.problem else "done"

    @property
    def is_good(self) -> bool:
        return self.fate in {Fate.ANALYSED, Fate.SKIPPED} and not self.problem


COLUMNS = (
    "input", "folder", "status", "frames", "frames_with_faces", "faces", "duration_s", "width", "height", "problem",
)  # fmt: skip


def write_summary(folder: ResultFolder, outcomes: Sequence[SourceOutcome]) -> None:
    """Write `sources.csv`: a row for each source of this run; raises OSError."""
    rows = [COLUMNS, *(_row(outcome) for outcome in outcomes)]
    folder.put(SUMMARY, lambda part: write_rows(part, rows))


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV; raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def as_text(outcomes: Sequence[SourceOutcome], folder: Path, video_s: float, elapsed_s: float) -> str:
    """One or two lines: how many sources became what, and where the tables are."""
    count = Counter(outcome.fate for outcome in outcomes)
    parts = [f"{count[Fate.ANALYSED]} of {len(outcomes)} analysed"]
    if count[Fate.SKIPPED]:
        parts.append(f"{count[Fate.SKIPPED]} skipped (done before: same file, same settings)")
    if count[Fate.FAILED]:
        parts.append(f"{count[Fate.FAILED]} failed")
    if count[Fate.LEFT]:
        parts.append(f"{count[Fate.LEFT]} left")
    speed = ""
    if video_s > 0 and elapsed_s > 0:
        speed = f"; {video_s:.0f} s of video in {elapsed_s:.0f} s ({video_s / elapsed_s:.1f} times real time)"
    whole = [outcome for outcome in outcomes if outcome.entry is not None]
    where = whole[0].name if len(outcomes) == len(whole) == 1 else "NAME"
    tables = f"{folder / where}: the tables; " if whole else ""
    return f"{', '.join(parts)}{speed}\n{tables}{folder / SUMMARY}: all sources"


def as_problems(outcomes: Sequence[SourceOutcome]) -> str:
    """A table of what failed and why, and of results that lack something; empty: nothing did."""
    bad = [outcome for outcome in outcomes if outcome.problem]
    if not bad:
        return ""
    shown = [f"{printable(outcome.source.shown)}" for outcome in bad]
    width = min(40, max(map(len, shown)))
    lines = [
        f"  {name:<{width}}  {outcome.status}: {printable(_without_name(outcome.problem, outcome.source))}"
        for name, outcome in zip(shown, bad, strict=True)
    ]
    verb = "has" if len(bad) == 1 else "have"
    return "\n".join([f"{len(bad)} of {len(outcomes)} sources {verb} a problem:", *lines])


def _without_name(problem: str, source: Source) -> str:
    """A sentence without the path at its start, which the table has already."""
    return problem.removeprefix(f"{source.shown}: ")


def _row(outcome: SourceOutcome) -> Sequence[object]:
    totals = outcome.entry and outcome.entry.totals
    numbers: Sequence[object] = (
        (
            totals.frames,
            totals.frames_with_faces,
            totals.faces,
            f"{totals.seconds:.3f}",
            *totals.size_wh,
        )
        if totals
        else [""] * 6
    )
    return (
        outcome.source.shown_utf8,
        outcome.name if totals else "",
        outcome.status,
        *numbers,
        as_utf8(outcome.problem),
    )
