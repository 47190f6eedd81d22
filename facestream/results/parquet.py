"""faces.parquet: the rows of faces.csv with types, for pandas, R's arrow, DuckDB and Spark; pyarrow writes it."""

import importlib.util
import math
from pathlib import Path
from typing import TextIO

from facestream.errors import ConfigError
from facestream.resources import INSTALL_PARQUET
from facestream.results.faces_table import FACES
from facestream.results.record import FrameResult
from facestream.results.tables import Cell, TableOptions

ROWS_PER_GROUP = 1024
"""Rows that are kept before they are written together: about 5 MB with landmarks."""


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


def _known(cell: Cell) -> Cell:
    """None for what is an empty cell in faces.csv: a number that is not finite, an empty text."""
    return None if cell == "" or (isinstance(cell, float) and not math.isfinite(cell)) else cell
