"""Finish the folder of a session whose writer was cut off: lines, report and session.json. Runs no analysis.

Reads what `Bundle` has written. What is in the files stays, except a last line that was written in part. Opens no link
and no pipe: a folder that somebody else has made must not lead elsewhere, nor block.
"""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from facestream.analysis.faces import EMOTIONS
from facestream.messages.telemetry import Telemetry
from facestream.messages.validation import first_problem
from facestream.results.bundle import CODEBOOK, SESSION, write_session_file
from facestream.results.files import PRIVATE, part_of, replacing
from facestream.results.formats import FORMATS
from facestream.results.frames_jsonl import read_messages
from facestream.results.record import result_of_telemetry
from facestream.results.report.session import ReportEvent, ReportOptions, report_session
from facestream.results.report.writer import ReportWriter
from facestream.results.session_file import Baseline, SessionFacts, Totals

_LINES = ".csv", ".jsonl"
_JSONL, _HTML = FORMATS["jsonl"].file_name, FORMATS["html"].file_name


class _FoundBaseline(BaseModel):
    from_time_s: float
    emotions: dict[str, float]


class _Found(BaseModel):
    """What a session.json has that is used to finish its folder."""

    source: str | None = None
    began_at: str | None = None
    models: dict[str, dict[str, str]] | None = None
    settings: dict[str, JsonValue] | None = None
    files: dict[str, str] | None = None
    names: dict[int, str] | None = None
    neutral: dict[int, _FoundBaseline] | None = None
    totals: dict[str, JsonValue] | None = None


def read_session_file(folder: Path) -> dict[str, Any]:
    """The content of session.json; raises OSError, and ValueError if it is none."""
    with os.fdopen(_open_regular(folder / SESSION, os.O_RDONLY), encoding="utf-8") as file:
        try:
            content = json.load(file)
        except RecursionError:
            raise ValueError(f"{folder / SESSION} is too deep; expected the file of a session") from None
    if not isinstance(content, dict) or "session_file_version" not in content:
        raise ValueError(f"{folder / SESSION} is not the file of a session")
    return content


def is_unfinished(content: dict[str, Any]) -> bool:
    """Whether the session.json with this content is that of a session that is being written, or was cut off."""
    return not content.get("whole") and not content.get("why_not_whole")


def finish_interrupted(folder: Path, why: str, report: ReportOptions) -> None:
    """Make the files of a session that was cut off readable, and the report from frames.jsonl, if there is one.

    `why` is a sentence for session.json and the report. Raises OSError, and ValueError if it is no folder of a session.
    """
    content = read_session_file(folder)
    try:
        found = _Found.model_validate(content)
    except ValidationError as error:
        raise ValueError(f"{SESSION}: {first_problem(error, 'content')}") from None
    files = dict(found.files or {})
    for name in (*files.values(), CODEBOOK):
        # Of a table that was to get more columns.
        part_of(folder / Path(name).name).unlink(missing_ok=True)
    for name in files.values():
        if name.endswith(_LINES):
            with contextlib.suppress(FileNotFoundError):
                _cut_torn_line(folder / Path(name).name)
    if (folder / _JSONL).is_file():
        content["totals"] = _totals(folder) | {"size_wh": (found.totals or {}).get("size_wh")}
        if "html" in files:
            _write_report(folder, found, why, report)
    elif files.pop("html", ""):
        # It was to be written at the end, and is empty.
        (folder / _HTML).unlink(missing_ok=True)
    write_session_file(folder, content | {"files": files, "whole": False, "why_not_whole": why}, PRIVATE)


def _cut_torn_line(path: Path) -> None:
    """Remove what follows the last whole line; a quoted cell of a table may have line ends, which are none."""
    end = whole = quotes = 0
    with os.fdopen(_open_regular(path, os.O_RDWR), "r+b") as file:
        for line in file:
            end += len(line)
            quotes += line.count(b'"') if path.suffix == ".csv" else 0
            if line.endswith(b"\n") and quotes % 2 == 0:
                whole = end
        if whole != end:
            file.truncate(whole)


def _messages(folder: Path) -> Iterator[Telemetry | ReportEvent]:
    descriptor = _open_regular(folder / _JSONL, os.O_RDONLY)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            # A line that a failing disk has damaged does not cost the others.
            with contextlib.suppress(ValueError):
                yield from read_messages([line])


def _totals(folder: Path) -> dict[str, Any]:
    totals = Totals()
    for message in _messages(folder):
        if isinstance(message, Telemetry):
            totals.add(result_of_telemetry(message))
    return totals.as_json()


def _write_report(folder: Path, found: _Found, why: str, options: ReportOptions) -> None:
    facts = SessionFacts(
        source=found.source or "",
        began_at=found.began_at or "",
        models=found.models or {},
        settings=found.settings or {},
    )
    with replacing(folder / _HTML, PRIVATE) as file:
        baselines = {
            face: Baseline(tuple(rest.emotions[name] for name in EMOTIONS), rest.from_time_s)
            for face, rest in (found.neutral or {}).items()
            if rest.emotions.keys() >= {*EMOTIONS}
        }
        session = replace(
            report_session("", facts), names=found.names or {}, baselines=baselines, notes=(why,)
        )
        writer = ReportWriter(file, session, options)
        for message in _messages(folder):
            if isinstance(message, Telemetry):
                writer.write(result_of_telemetry(message))
            else:
                writer.add_event(message)
        writer.close()


def _open_regular(path: Path, flags: int) -> int:
    """Open a file, but no link, and no pipe, which would block; raises OSError."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor
