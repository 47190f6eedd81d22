"""A table in a file that gets a column for each value of your own analysis when the value appears first.

The table is written again beside the old file, and replaces it when it is whole: a process that is killed at any moment
leaves the old or the new file. The new column is empty before.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from facestream.results.files import open_text, part_of
from facestream.results.formats import Format, ResultWriter
from facestream.results.record import FrameResult
from facestream.results.tables import TableOptions

MAX_EXTRA_NAMES = 64
"""Columns of values of your own analysis; a frame has 32 at most, but others may have other names."""


class _TakesRows(Protocol):
    def take_rows(self, earlier: Path) -> None: ...


class GrowingTable:
    """Writes a format that grows into a file. One thread at a time; methods raise OSError."""

    def __init__(self, path: Path, made_by: Format, options: TableOptions, permissions: int) -> None:
        self._path, self._format, self._options, self._permissions = path, made_by, options, permissions
        self._file = open_text(path, permissions)
        self._writer: ResultWriter = made_by.make_writer(self._file, options)

    def write(self, result: FrameResult) -> None:
        grown = with_names(self._options, result.extra)
        if grown is not self._options:
            self._options = grown
            self._write_again()
        self._writer.write(result)

    def flush(self) -> None:
        """Give everything to the system."""
        self._file.flush()

    def close(self) -> None:
        self._writer.close()

    def close_file(self) -> None:
        """Close the file as it is; a second call does nothing."""
        self._file.close()

    def _write_again(self) -> None:
        self._writer.close()
        self._file.close()
        part = part_of(self._path)
        try:
            self._file = open_text(part, self._permissions)
            self._writer = self._format.make_writer(self._file, self._options)
            cast(_TakesRows, self._writer).take_rows(self._path)
            self._file.flush()
            part.replace(self._path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise


def with_names(options: TableOptions, names: Iterable[str]) -> TableOptions:
    """The options with these names behind those that they have, up to MAX_EXTRA_NAMES; the same ones if none is new."""
    known = options.extra_names
    new = sorted(name for name in names if name not in known)[: MAX_EXTRA_NAMES - len(known)]
    return replace(options, extra_names=(*known, *new)) if new else options
