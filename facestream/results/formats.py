"""The formats of results by name, and the protocol of their writers; opens no file."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TextIO

from facestream.errors import ConfigError
from facestream.results.faces_table import FACES
from facestream.results.frames_jsonl import JsonlWriter, jsonl_fields
from facestream.results.openface_table import OPENFACE
from facestream.results.parquet import ParquetWriter, check_pyarrow
from facestream.results.pyfeat_table import PYFEAT
from facestream.results.record import FrameResult
from facestream.results.tables import Column, CsvWriter, Table, TableOptions


class ResultWriter(Protocol):
    """Writes the results of one clip or session, in the order of their frames; keeps at most a bounded number."""

    def write(self, result: FrameResult) -> None:
        """Write one frame."""

    def close(self) -> None:
        """Write what is left; leaves the file open, for its owner to close."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of results."""

    file_name: str
    """Its name in a folder of results."""
    columns: Callable[[TableOptions], tuple[Column, ...]]
    """Empty: not a table."""
    make_writer: Callable[[TextIO, TableOptions], ResultWriter]
    """A table writes its head at once, a report everything at the end. The file is UTF-8, with `newline=""`."""
    check: Callable[[], None] = lambda: None
    """Raises ConfigError if a package is missing."""
    has_changes: bool = False
    """Whether it has the difference of each face to its baseline, frame by frame."""
    grows: bool = False
    """Whether it has a column for each value of your own analysis: then its writer has `take_rows`."""


def _html(file: TextIO, options: TableOptions) -> ResultWriter:
    # Most results are tables only, and need nothing of a report.
    from facestream.results.report.session import report_session
    from facestream.results.report.writer import ReportWriter

    return ReportWriter(file, report_session(options.source, options.facts), options.report)


def _csv(file_name: str, table: Table) -> Format:
    return Format(file_name, table.columns, lambda file, options: CsvWriter(table, file, options), grows=True)


FORMATS: Mapping[str, Format] = {
    "csv": replace(_csv("faces.csv", FACES), has_changes=True),
    "pyfeat": _csv("pyfeat.csv", PYFEAT),
    "openface": _csv("openface.csv", OPENFACE),
    "parquet": Format(
        "faces.parquet", FACES.columns, ParquetWriter, check_pyarrow, has_changes=True, grows=True
    ),
    "jsonl": Format("frames.jsonl", jsonl_fields, JsonlWriter),
    "html": Format("report.html", lambda _: (), _html),
}
"""By the name that `--format` takes."""


def format_named(name: str) -> Format:
    """Raises ConfigError for a name that is not in FORMATS."""
    if name not in FORMATS:
        raise ConfigError(f"format is {name!r}; expected one of {', '.join(FORMATS)}", "format")
    return FORMATS[name]


def check_formats(names: Iterable[str]) -> None:
    """Raise ConfigError for a name that is not in FORMATS, or a format whose package is not installed."""
    for name in names:
        format_named(name).check()
