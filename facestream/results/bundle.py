"""A folder with the results of one clip or session: a file for each format, codebook.csv and session.json.

Writes each frame at once and keeps none, so memory does not grow with the length of a clip. What was written before a
process is killed is in the files; then `whole` in session.json is false.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from facestream.results.formats import FORMATS, ResultWriter, check_formats
from facestream.results.record import FrameResult
from facestream.results.session_file import SessionFacts, Totals, session_json
from facestream.results.tables import Column, TableOptions

CODEBOOK = "codebook.csv"
SESSION = "session.json"


class Bundle:
    """Writes the results of one clip or session into a folder. One thread at a time.

    Call `finish` at the end; `close` alone leaves the files as those of an interrupted session. Every method raises
    OSError if a file cannot be written.
    """

    def __init__(
        self, folder: Path, formats: Sequence[str], facts: SessionFacts, options: TableOptions | None = None
    ) -> None:
        """`folder` exists; its files of the same names are replaced. Raises ConfigError, as `check_formats` does."""
        check_formats(formats)
        self._folder = folder
        self._files = {name: FORMATS[name].file_name for name in dict.fromkeys(formats)}
        self._facts = facts
        self._totals = Totals()
        self._open: list[tuple[ResultWriter, TextIO]] = []
        options = replace(options or TableOptions(), facts=facts)
        with ExitStack() as stack:
            for name, file_name in self._files.items():
                file = stack.enter_context(open_text(folder / file_name))
                self._open.append((FORMATS[name].make_writer(file, options), file))
            with open_text(folder / CODEBOOK) as file:
                write_codebook(file, columns_of(self._files, options))
            self._write_session(whole=False)
            self._closing = stack.pop_all()

    @property
    def writers(self) -> list[ResultWriter]:
        """The writer of each format."""
        return [writer for writer, _ in self._open]

    def write(self, result: FrameResult) -> None:
        """Write one frame; frames come in order."""
        for writer, file in self._open:
            writer.write(result)
            file.flush()
        self._totals.add(result)

    def finish(self) -> None:
        """Complete all files and close them. Call it once."""
        for writer, _ in self._open:
            writer.close()
        self.close()
        self._write_session(whole=True)

    def close(self) -> None:
        """Close the files as they are; a second call does nothing."""
        self._closing.close()

    def _write_session(self, *, whole: bool) -> None:
        content = session_json(self._facts, self._totals, self._files, whole=whole)
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        # Replaced at once: a killed process leaves no half of it.
        part = self._folder / f".{SESSION}.part"
        part.write_text(text, encoding="utf-8", errors="replace", newline="")
        part.replace(self._folder / SESSION)


def open_text(path: Path) -> TextIO:
    """A file for a writer of results: UTF-8, and LF at the end of a line on every system."""
    return path.open("w", encoding="utf-8", newline="")


def columns_of(formats: Iterable[str], options: TableOptions) -> list[Column]:
    """The columns of these formats, each name once: in every table it means the same."""
    columns = (column for name in formats for column in FORMATS[name].columns(options))
    return list({column.name: column for column in columns}.values())


def write_codebook(file: TextIO, columns: Iterable[Column]) -> None:
    """Write a table of columns with unit, range and meaning."""
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("column", "unit", "range", "meaning"))
    table.writerows((column.name, column.unit, column.range, column.meaning) for column in columns)
