"""events.csv: a row for each marker of a session, with the note that was written beside it then or later.

Rows are appended. A note that comes later changes the row of its marker in the file, so that a process that is killed
at any moment leaves one row for each marker.
"""

import io
import os
from dataclasses import replace
from typing import TextIO

from facestream.results.report.session import ReportEvent
from facestream.results.tables import Column, CsvFile

EVENT_COLUMNS = (
    Column("time_s", "number", "s", "from 0", "time of the frame, from the clip's own clock"),
    Column("name", "text", "", "one line", "name of the marker"),
    Column("note", "text", "", "one line", "what was written beside the marker; empty: nothing"),
)
MOST_OPEN = 64
"""Of the newest rows a note may still come; they are kept in memory: about 40 kB at most."""


class EventsFile:
    """Writes rows to an open file, which has to be a regular one. One thread at a time; methods raise OSError."""

    def __init__(self, file: TextIO) -> None:
        """The file is empty, open as UTF-8 and with `newline=""`."""
        self._file = file
        self._text = io.StringIO(newline="")
        self._csv = CsvFile(self._text, EVENT_COLUMNS)
        file.write(header := self._text.getvalue())
        self._end = len(header)
        """Where the next row begins, in bytes."""
        self._newest: list[tuple[ReportEvent, bytes]] = []

    def add(self, event: ReportEvent) -> None:
        """Append an event; a `marker_note` changes the row of its marker, if that is one of the MOST_OPEN newest."""
        if event.kind == "marker_note" and self._change(event):
            return
        row = self._row(event)
        self._newest = [*self._newest, (event, row)][-MOST_OPEN:]
        self._file.write(row.decode())
        self._end += len(row)

    def flush(self) -> None:
        """Give everything to the system."""
        self._file.flush()

    def _change(self, noted: ReportEvent) -> bool:
        """Write the row of the marker, and those after it, again; returns whether there is such a marker."""
        at = next((n for n, (event, _) in enumerate(self._newest) if event.id == noted.id), None)
        if at is None:
            return False
        old = b"".join(row for _, row in self._newest[at:])
        self._newest[at] = noted, self._row(replace(self._newest[at][0], note=noted.note))
        new = b"".join(row for _, row in self._newest[at:])
        self._file.flush()
        start, number = self._end - len(old), self._file.fileno()
        # One call, so that a process that is killed leaves either the old rows or the new ones. Spaces in place of what
        # a shorter note leaves over are no whole line, which `finish_interrupted` removes.
        if os.pwrite(number, new.ljust(len(old)), start) < len(new):
            raise OSError(f"{self._file.name}: not all of a row could be written")
        self._end = start + len(new)
        os.ftruncate(number, self._end)
        self._file.seek(0, io.SEEK_END)
        return True

    def _row(self, event: ReportEvent) -> bytes:
        self._text.seek(0)
        self._text.truncate()
        self._csv.write_row((float(event.time_s), event.text, event.note))
        return self._text.getvalue().encode()
