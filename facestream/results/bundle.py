"""A folder with the results of one clip or session: a file for each format, codebook.csv and session.json.

Writes each frame at once and keeps none, so memory does not grow with the length of a clip. What was written before a
process is killed is in the files; then `whole` in session.json is false.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO, TypeVar, runtime_checkable

from facestream.results.events_file import EVENT_COLUMNS, EventsFile
from facestream.results.files import OF_UMASK, open_text, replacing
from facestream.results.formats import FORMATS, ResultWriter, check_formats
from facestream.results.growing_table import MAX_EXTRA_NAMES, GrowingTable, with_names
from facestream.results.late_rows import LateWriter, with_baselines
from facestream.results.neutral_span import NeutralSpan
from facestream.results.record import FrameResult
from facestream.results.report.session import ReportEvent, ReportSession
from facestream.results.session_file import Baseline, SessionFacts, SessionNotes, Totals, session_json
from facestream.results.tables import Column, TableOptions

Value = TypeVar("Value")
CODEBOOK = "codebook.csv"
SESSION = "session.json"
EVENTS = "events.csv"


@runtime_checkable
class _TakesEvents(Protocol):
    def add_event(self, event: ReportEvent) -> None: ...


@runtime_checkable
class _SaysSession(Protocol):
    session: ReportSession


class _Flushes(Protocol):
    def flush(self) -> None: ...


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
        neutral: NeutralSpan | None = None,
    ) -> None:
        """`folder` exists; its files of the same names are replaced. Raises ConfigError, as `check_formats` does.

        With `flush="by caller"`, what was written since the last `flush` is lost if the process is killed.
        With `neutral`, all frames count against the baselines that it measures. Tables with differences then get no
        row before its span is over.
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
        self._late: LateWriter | None = None
        self.names_left_out: dict[str, None] = {}
        """Names of values of your own analysis that are in no table, because there are too many; MAX_EXTRA_NAMES of
        them."""
        self._open: list[_Flushes] = []
        self._events: EventsFile | None = None
        self._options = options = replace(options or TableOptions(), facts=facts)
        with ExitStack() as stack:
            writers = dict[str, ResultWriter]()
            for name, file_name in self._files.items():
                if FORMATS[name].grows:
                    table = GrowingTable(folder / file_name, FORMATS[name], options, permissions)
                    stack.callback(table.close_file)
                    self._open.append(table)
                    writers[name] = table
                else:
                    file = stack.enter_context(open_text(folder / file_name, permissions))
                    self._open.append(file)
                    writers[name] = FORMATS[name].make_writer(file, options)
            if neutral is not None:
                late = [writers.pop(name) for name in self._files if FORMATS[name].has_changes]
                writers["late"] = self._late = LateWriter(neutral, late, folder)
                stack.callback(self._late.discard)
            self.writers = [*writers.values()]
            """Of each format, except that those whose rows wait for baselines are one."""
            if options.events:
                file = stack.enter_context(open_text(folder / EVENTS, permissions))
                self._events = EventsFile(file)
            self._write_codebook()
            self._write_session(whole=False)
            self._closing = stack.pop_all()

    def write(self, result: FrameResult) -> None:
        """Write one frame; frames come in order."""
        if result.extra.keys() - set(self._options.extra_names):
            self._take_names(result.extra)
        if self._notes.baselines:
            result = with_baselines(result, self._notes.baselines)
        for writer in self.writers:
            writer.write(result)
        if self._flushes_each:
            self._flush_files()
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
        self._flush_files()
        if self._events is not None:
            self._events.flush()
        if self._notes_changed:
            self._notes_changed = False
            self._write_session(whole=False)

    def settle(self) -> Iterator[None]:
        """Write what waits for the baselines, after the last frame; yields now and then, because this may take minutes.

        `finish` does the same at once.
        """
        if self._late is not None:
            yield from self._late.settle()
            self._notes.baselines = self._late.span.baselines
            self._notes.neutral_missing = self._late.span.shortfall

    def finish(self, why_not_whole: str = "") -> None:
        """Complete all files and close them. Call it once.

        `why_not_whole`: a sentence, if the session has frames or values that are missing here.
        """
        for _ in self.settle():
            pass
        for writer in self.writers:
            if isinstance(writer, _SaysSession):
                writer.session = self._said(writer.session, why_not_whole)
            writer.close()
        self.close()
        self._write_session(whole=not why_not_whole, why_not_whole=why_not_whole)

    def close(self) -> None:
        """Close the files as they are; a second call does nothing."""
        self._closing.close()

    def _take_names(self, names: Iterable[str]) -> None:
        """Names of values of your own analysis, which get columns when they appear first."""
        grown = with_names(self._options, names)
        if grown is not self._options:
            self._options = grown
            self._write_codebook()
        for name in names:
            if name not in grown.extra_names and len(self.names_left_out) < MAX_EXTRA_NAMES:
                self.names_left_out[name] = None

    def _write_codebook(self) -> None:
        with replacing(self._folder / CODEBOOK, self._permissions) as file:
            write_codebook(file, columns_of(self._files, self._options))

    def _flush_files(self) -> None:
        for file in self._open:
            file.flush()

    def _said(self, session: ReportSession, why_not_whole: str) -> ReportSession:
        """What a report says about its session, with what has become known."""
        sentences = (*session.notes, self._notes.neutral_missing, why_not_whole)
        return replace(
            session,
            names=self._notes.names,
            baselines=self._notes.baselines,
            # The one about baselines may be a problem of the source, too.
            notes=tuple(dict.fromkeys(filter(None, sentences))),
        )

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
    with replacing(folder / SESSION, permissions) as file:
        file.write(text.encode("utf-8", "replace").decode("utf-8"))


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
