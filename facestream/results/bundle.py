"""A folder with the results of one clip or session: a file for each format, codebook.csv and session.json.

Writes each frame at once and keeps none, so memory does not grow with the length of a clip. What was written before a
process is killed is in the files; then `whole` in session.json is false.
"""

import csv
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO, TypeVar, runtime_checkable

from facestream.results.events_file import EVENT_COLUMNS, EventsFile
from facestream.results.formats import FORMATS, ResultWriter, check_formats
from facestream.results.record import FrameResult
from facestream.results.report.session import ReportEvent, ReportSession
from facestream.results.session_file import Baseline, SessionFacts, SessionNotes, Totals, session_json
from facestream.results.tables import Column, TableOptions

Value = TypeVar("Value")
CODEBOOK = "codebook.csv"
SESSION = "session.json"
EVENTS = "events.csv"
OF_UMASK, PRIVATE = 0o666, 0o600
"""Permissions of new files: as usual, or for their owner only."""


@runtime_checkable
class _TakesEvents(Protocol):
    def add_event(self, event: ReportEvent) -> None: ...


@runtime_checkable
class _SaysSession(Protocol):
    session: ReportSession


class Bundle:
    """Writes the results of one clip or session into a folder. One thread at a time.

    Call `finish` at the end; `close` alone leaves the files as those of an interrupted session. Every method raises
    OSError if a file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        formats: Sequence[str],
        facts: SessionFacts,
        options: TableOptions | None = None,
        notes: SessionNotes | None = None,
        flush: Literal["each frame", "by caller"] = "each frame",
        permissions: int = OF_UMASK,
    ) -> None:
        """`folder` exists; its files of the same names are replaced. Raises ConfigError, as `check_formats` does.

        With `flush="by caller"`, what was written since the last `flush` is lost if the process is killed.
        """
        check_formats(formats)
        self._folder = folder
        self._files = {name: FORMATS[name].file_name for name in dict.fromkeys(formats)}
        self._facts = facts
        self._notes = notes or SessionNotes()
        self._notes_changed = False
        self._permissions = permissions
        self._flushes_each = flush == "each frame"
        self._totals = Totals()
        self._open: list[tuple[ResultWriter, TextIO]] = []
        self._events: EventsFile | None = None
        options = replace(options or TableOptions(), facts=facts)
        with ExitStack() as stack:
            for name, file_name in self._files.items():
                file = stack.enter_context(open_text(folder / file_name, permissions))
                self._open.append((FORMATS[name].make_writer(file, options), file))
            if options.events:
                file = stack.enter_context(open_text(folder / EVENTS, permissions))
                self._events = EventsFile(file)
            with open_text(folder / CODEBOOK, permissions) as file:
                write_codebook(file, columns_of(self._files, options))
            self._write_session(whole=False)
            self._closing = stack.pop_all()

    @property
    def writers(self) -> list[ResultWriter]:
        """The writer of each format."""
        return [writer for writer, _ in self._open]

    def write(self, result: FrameResult) -> None:
        """Write one frame; frames come in order."""
        if self._notes.baselines:
            result = self._with_baselines(result)
        for writer, file in self._open:
            writer.write(result)
            if self._flushes_each:
                file.flush()
        self._totals.add(result)

    def add_event(self, event: ReportEvent) -> None:
        """Write an event, in the order of the frames, to events.csv and to the formats that have events.

        A `marker_note` changes the row of its marker.
        """
        if self._events is not None:
            self._events.add(event)
        for writer in self.writers:
            if isinstance(writer, _TakesEvents):
                writer.add_event(event)
        if self._flushes_each:
            self.flush()

    def name_face(self, face: int, name: str | None) -> None:
        """Give a face a name, or None; session.json gets it with the next `flush`."""
        _put(self._notes.names, face, name)
        self._notes_changed = True

    def set_baseline(self, face: int, baseline: Baseline | None) -> None:
        """Say how a face looks at rest; the frames from now on have the differences to it."""
        _put(self._notes.baselines, face, baseline)
        self._notes_changed = True

    def flush(self) -> None:
        """Give everything to the system; it is kept if the process is killed after that."""
        for _, file in self._open:
            file.flush()
        if self._events is not None:
            self._events.flush()
        if self._notes_changed:
            self._notes_changed = False
            self._write_session(whole=False)

    def finish(self, why_not_whole: str = "") -> None:
        """Complete all files and close them. Call it once.

        `why_not_whole`: a sentence, if the session has frames or values that are missing here.
        """
        for writer in self.writers:
            if isinstance(writer, _SaysSession):
                notes = (*writer.session.notes, *([why_not_whole] if why_not_whole else ()))
                writer.session = replace(writer.session, names=self._notes.names, notes=notes)
            writer.close()
        self.close()
        self._write_session(whole=not why_not_whole, why_not_whole=why_not_whole)

    def close(self) -> None:
        """Close the files as they are; a second call does nothing."""
        self._closing.close()

    def _with_baselines(self, result: FrameResult) -> FrameResult:
        baselines = self._notes.baselines
        faces = tuple(
            replace(face, baseline=baselines[face.id].probabilities) if face.id in baselines else face
            for face in result.faces
        )
        return replace(result, faces=faces)

    def _write_session(self, *, whole: bool, why_not_whole: str = "") -> None:
        files = self._files | ({"events": EVENTS} if self._events else {})
        content = session_json(
            self._facts, self._totals, files, self._notes, whole=whole, why_not_whole=why_not_whole
        )
        write_session_file(self._folder, content, self._permissions)


def _put(values: dict[int, Value], face: int, value: Value | None) -> None:
    if value is None:
        values.pop(face, None)
    else:
        values[face] = value


def write_session_file(folder: Path, content: dict[str, Any], permissions: int = OF_UMASK) -> None:
    """Replace session.json at once: a killed process leaves no half of it. Raises OSError."""
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    part = folder / f".{SESSION}.part"
    with open_text(part, permissions) as file:
        file.write(text.encode("utf-8", "replace").decode("utf-8"))
    part.replace(folder / SESSION)


def open_text(path: Path, permissions: int = OF_UMASK) -> TextIO:
    """A file for a writer of results: UTF-8, and LF at the end of a line on every system.

    A PRIVATE one is never opened through a link, which could lead out of the folder.
    """
    links = os.O_NOFOLLOW if permissions == PRIVATE else 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | links, permissions)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def columns_of(formats: Iterable[str], options: TableOptions) -> list[Column]:
    """The columns of these formats, each name once: in every table it means the same."""
    columns = [column for name in formats for column in FORMATS[name].columns(options)]
    columns += EVENT_COLUMNS if options.events else ()
    return list({column.name: column for column in columns}.values())


def write_codebook(file: TextIO, columns: Iterable[Column]) -> None:
    """Write a table of columns with unit, range and meaning."""
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("column", "unit", "range", "meaning"))
    table.writerows((column.name, column.unit, column.range, column.meaning) for column in columns)
