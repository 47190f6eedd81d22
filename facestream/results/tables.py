"""What a table of results is: its columns with their meanings, its rows, and how it is written as CSV.

Knows no particular table: `faces_table.py` and its neighbours hold them.
"""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TextIO

from pydantic import JsonValue

from facestream.analysis.faces import LandmarksXY
from facestream.analysis.options import DetectorName
from facestream.results.record import FrameResult
from facestream.results.report.session import ReportOptions
from facestream.results.session_file import SessionFacts

Cell = int | float | str | None
"""One value of a table; None, NaN and infinite: missing."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, and its line in the codebook."""

    name: str
    kind: Literal["integer", "number", "text"]
    unit: str
    """Empty: none."""
    range: str
    """Which values it may have, in words."""
    meaning: str


# Columns of several tables: a name means the same in all of them, and has one line in the codebook.
FRAME = Column(
    "frame", "integer", "", "from 0", "number of the frame in its clip or session; some may be missing"
)
FACE_ID = Column("face_id", "integer", "", "from 1", "number of the face; empty: no face in this frame")


def emotion_column(name: str) -> Column:
    """The probability of an emotion."""
    return Column(
        name, "number", "", "0 to 1", f"probability of {name}, smoothed over time; the seven sum to 1"
    )


def change_column(name: str) -> Column:
    """The difference of the probability of an emotion to that of the face at rest."""
    return Column(
        f"{name}_change", "number", "", "-1 to 1", f"{name} minus its mean while the face was neutral, as somebody "
        "has set it; empty: not set for this face, or not yet",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a table holds beside the faces."""

    source: str = ""
    """Name of the clip or image, for tables that have a column for it."""
    landmarks: bool = True
    """Whether the table has the columns of the 68 landmarks."""
    detector: DetectorName | None = None
    """Which detector gave the scores; None: not known."""
    extra_names: tuple[str, ...] = ()
    """Names of the values of plug-ins; each becomes a column `extra_NAME`, behind all others."""
    changes: bool = False
    """Whether the tidy table has the columns `EMOTION_change`: the difference to the face at rest."""
    events: bool = False
    """Whether there is a table of events, such as markers."""
    facts: SessionFacts | None = None
    """What a report says about its source; None: not known."""
    report: ReportOptions = field(default_factory=ReportOptions)

    def __post_init__(self) -> None:
        # A file's name may be bytes that are not UTF-8, which Python keeps as lone surrogates.
        source = self.source.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        object.__setattr__(self, "source", source)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `rows` yields one row for each face of a frame, in the order of the columns."""

    columns: Callable[[TableOptions], tuple[Column, ...]]
    rows: Callable[[FrameResult, TableOptions], Iterator[Sequence[Cell]]]


class CsvFile:
    """Writes rows as CSV: comma, decimal point, LF, three decimals, empty cells for missing values.

    The file must be open as UTF-8 and with `newline=""`.
    """

    def __init__(self, file: TextIO, columns: Iterable[Column]) -> None:
        self._csv = csv.writer(file, lineterminator="\n")
        self._csv.writerow([column.name for column in columns])

    def write_row(self, row: Iterable[Cell]) -> None:
        """Write one row, in the order of the columns."""
        self._csv.writerow(map(_as_text, row))


class CsvWriter:
    """Writes a table as CSV; `close` leaves the file open."""

    def __init__(self, table: Table, file: TextIO, options: TableOptions) -> None:
        self._table = table
        self._file = file
        self._options = options
        columns = table.columns(options)
        self._width = len(columns)
        self._csv = CsvFile(file, columns)

    def write(self, result: FrameResult) -> None:
        for row in self._table.rows(result, self._options):
            self._csv.write_row(row)

    def take_rows(self, earlier: Path) -> None:
        """Begin with the rows of a table that lacks some of the last columns; raises OSError."""
        with earlier.open(encoding="utf-8", newline="") as file:
            rows = whole_rows(file)
            narrower = next(csv.reader([next(rows, "")]), [])
            missing = "," * (self._width - len(narrower))
            self._file.writelines(f"{row[:-1]}{missing}\n" for row in rows)

    def close(self) -> None:
        """Nothing is left to write: each row was written at once."""


def whole_rows(file: TextIO) -> Iterator[str]:
    """The rows of a CSV file, each with its LF, of which a quoted cell may have more; not a last one that is torn."""
    row = ""
    for line in file:
        row += line
        if row.endswith("\n") and row.count('"') % 2 == 0:
            yield row
            row = ""


def landmark_columns(options: TableOptions) -> tuple[Column, ...]:
    """`x_0`..`x_67`, then `y_0`..`y_67`; none without landmarks."""
    if not options.landmarks:
        return ()
    return tuple(
        Column(
            f"{axis}_{point}", "number", "px", "a little beyond the frame at most",
            f"{words} of landmark {point} (iBUG 300-W order), from the {edge} edge of the frame",
        )
        for axis, words, edge in (("x", "horizontal position", "left"), ("y", "vertical position", "top"))
        for point in range(68)
    )  # fmt: skip


def landmark_cells(landmarks_xy: LandmarksXY | None, options: TableOptions) -> Sequence[Cell]:
    """The cells of `landmark_columns`."""
    if not options.landmarks:
        return []
    if landmarks_xy is None:
        return [None] * 136
    cells: list[float] = landmarks_xy.T.ravel().tolist()
    return cells


def extra_columns(options: TableOptions) -> tuple[Column, ...]:
    """A column for each value of a plug-in."""
    return tuple(
        Column(
            f"extra_{name}", "text", "", "a number, true, false, a text, or JSON",
            f"the value {name} of your own analysis, the same in all rows of a frame",
        )
        for name in options.extra_names
    )  # fmt: skip


def extra_cells(result: FrameResult, options: TableOptions) -> list[Cell]:
    """The cells of `extra_columns`; a value that the frame does not have is missing."""
    return [_extra_cell(result.extra.get(name)) for name in options.extra_names]


def _extra_cell(value: JsonValue) -> Cell:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_text(cell: Cell) -> str:
    if isinstance(cell, float):
        # `z`: a small negative number is 0.000, not -0.000.
        return f"{cell:z.3f}" if math.isfinite(cell) else ""
    return "" if cell is None else str(cell)
