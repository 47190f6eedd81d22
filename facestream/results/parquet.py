"""faces.parquet: the rows of faces.csv with types, for pandas, R's arrow, DuckDB and Spark; by pyarrow."""

import contextlib
import importlib.util
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from facestream.errors import ConfigError
from facestream.resources import INSTALL_PARQUET
from facestream.results.faces_table import FACES
from facestream.results.record import FrameResult
from facestream.results.tables import Cell, TableOptions

ROWS_PER_GROUP = 1024
"""Rows that are kept before they are written together: about 5 MB with landmarks."""
ROWS_PER_JOINED_GROUP = 16_384
"""In a joined file: about 10 MB with landmarks. Its directory grows with the groups, and is in memory until the end."""


def check_pyarrow() -> None:
    """Raise ConfigError if pyarrow is not installed; does not import it."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ConfigError(
            f"format is parquet, which needs the package pyarrow; run `{INSTALL_PARQUET}`, or choose csv",
            "format",
        )


class ParquetWriter:
    """Writes the faces as Parquet. The file can be read only after `close`, because its directory is at its end."""

    def __init__(self, file: TextIO, options: TableOptions) -> None:
        """Writes bytes to the buffer below `file`, which every file that was opened as text has."""
        check_pyarrow()
        import pyarrow
        from pyarrow import parquet

        self._options = options
        columns = FACES.columns(options)
        types = {"integer": pyarrow.int32(), "number": pyarrow.float32(), "text": pyarrow.string()}
        # Times of long clips have more digits than a float32.
        self._schema: pyarrow.Schema = pyarrow.schema(
            [
                (column.name, pyarrow.float64() if column.name == "time_s" else types[column.kind])
                for column in columns
            ]
        )
        self._rows: list[list[Cell]] = []
        self._writer = parquet.ParquetWriter(file.buffer, self._schema, compression="zstd")

    def write(self, result: FrameResult) -> None:
        self._rows.extend([_known(cell) for cell in row] for row in FACES.rows(result, self._options))
        if len(self._rows) >= ROWS_PER_GROUP:
            self._write_group()

    def take_rows(self, earlier: Path) -> None:
        """Begin with the rows of a whole file that lacks some of the last columns; raises OSError."""
        import pyarrow
        from pyarrow import parquet

        with parquet.ParquetFile(earlier) as file:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                for field in list(self._schema)[table.num_columns :]:
                    table = table.append_column(field, pyarrow.nulls(table.num_rows, field.type))
                self._writer.write_table(table)

    def close(self) -> None:
        if self._rows:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        import pyarrow

        columns = zip(*self._rows, strict=True)
        arrays = [
            pyarrow.array(cells, field.type) for cells, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()


def join_parquet(tables: Sequence[tuple[str, Path]], to: Path) -> None:
    """Join files into one with a first column `input`, which has the text that is given with each file.

    A file that lacks a column of another one has nulls there. Raises OSError, and ValueError for a file that is no such
    table.
    """
    import pyarrow
    from pyarrow import parquet

    fields: dict[str, Any] = {}
    for _, path in tables:
        with _opened(path) as source:
            for field in source.schema_arrow:
                fields.setdefault(field.name, field)
    fields["input"] = pyarrow.field("input", pyarrow.string())
    schema = pyarrow.schema([fields.pop("input"), *fields.values()])
    waiting: list[Any] = []
    with to.open("wb") as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for shown, path in tables:
            for batch in _batches(path):
                waiting.append(_with_input(batch, shown, schema))
                if sum(part.num_rows for part in waiting) >= ROWS_PER_JOINED_GROUP:
                    writer.write_table(pyarrow.Table.from_batches(waiting))
                    waiting.clear()
        if waiting:
            writer.write_table(pyarrow.Table.from_batches(waiting))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A Parquet file; raises ValueError if it is none, or a part of it cannot be read."""
    import pyarrow
    from pyarrow import parquet

    # Opened by Python, so that any name is possible.
    with path.open("rb") as file:
        try:
            with parquet.ParquetFile(file) as source:
                yield source
        except (pyarrow.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise ValueError(f"{path} is no Parquet file that can be read ({error})") from error


def _batches(path: Path) -> Iterator[Any]:
    with _opened(path) as source:
        yield from source.iter_batches(ROWS_PER_GROUP)


def _with_input(batch: Any, shown: str, schema: Any) -> Any:
    import pyarrow

    columns = [
        pyarrow.repeat(pyarrow.scalar(shown, field.type), batch.num_rows)
        if field.name == "input"
        else batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pyarrow.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pyarrow.record_batch(columns, schema=schema)


def _known(cell: Cell) -> Cell:
    """None for what is an empty cell in faces.csv: a number that is not finite, an empty text."""
    return None if cell == "" or (isinstance(cell, float) and not math.isfinite(cell)) else cell
