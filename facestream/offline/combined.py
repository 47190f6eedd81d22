"""Join the tables of all sources into one for each format, with a first column `input`; reads some rows at a time."""

import csv
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from facestream.errors import ConfigError
from facestream.offline.journal import JOINED, ResultFolder
from facestream.offline.summary import SourceOutcome, write_rows
from facestream.results.parquet import join_parquet

Tables = Sequence[tuple[str, Path]]
"""What `input` says of a source, and its table."""


def write_combined(
    folder: ResultFolder, outcomes: Sequence[SourceOutcome], file_names: Iterable[str]
) -> list[Path]:
    """Join the tables with these names, of those in JOINED; raises OSError, and ConfigError for one that is damaged.

    Returns the files. A table that lacks a column of another one has empty cells there.
    """
    written = list[Path]()
    for file_name in file_names:
        tables = [
            (outcome.source.shown_utf8, folder.path / outcome.name / file_name)
            for outcome in outcomes
            if outcome.entry is not None and (folder.path / outcome.name / file_name).is_file()
        ]
        if file_name in JOINED and tables:
            written.append(folder.put(file_name, functools.partial(_join, tables)))
    return written


def _join(tables: Tables, part: Path) -> None:
    try:
        if part.suffixes[-2] == ".csv":
            write_rows(part, _rows(tables))
        else:
            join_parquet(tables, part)
    except ValueError as error:
        raise ConfigError(
            f"--combine: {error}, so the tables are not joined; delete that file, and run the command again to make it "
            "anew",
            "--combine",
        ) from error


def _rows(tables: Tables) -> Iterable[Sequence[object]]:
    columns = dict[str, None]()
    for _, path in tables:
        columns.update(dict.fromkeys(next(_read(path), [])))
    columns.pop("input", None)
    yield ["input", *columns]
    for shown, path in tables:
        rows = _read(path)
        place = {name: number for number, name in enumerate(next(rows, []))}
        order = [place.get(name) for name in columns]
        for row in rows:
            if len(row) != len(place):
                raise ValueError(f"{path} has a row of {len(row)} cells, expected {len(place)}")
            yield [shown, *("" if at is None else row[at] for at in order)]


def _read(path: Path) -> Iterator[list[str]]:
    """The rows of a table; raises ValueError if somebody has changed it, so that it is none any more."""
    with path.open(encoding="utf-8", newline="") as file:
        try:
            yield from csv.reader(file)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is no table ({error})") from error
