"""What is logged and how: lines for people or JSON for a collector, each with its session, none with an address.

What facestream itself writes above DEBUG names no peer. What libraries write, and tracebacks, may: there, addresses and
SDP are blotted out.
"""

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]

# Processes that this one starts log in the same way.
FORMAT_VARIABLE, LEVEL_VARIABLE = "FACESTREAM_LOG_FORMAT", "FACESTREAM_LOG_LEVEL"
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_BLOTTED = "(blotted out)"
_SDP_LINE = re.compile(r"^\s*[a-z]=.*$", re.MULTILINE)
_MAYBE_ADDRESS = re.compile(r"(?<![\w.:])[0-9a-f:]*[.:][0-9a-f.:]*[0-9a-f](?![\w])", re.IGNORECASE)
_session: ContextVar[str] = ContextVar("session", default="")


@contextlib.contextmanager
def of_session(session_id: str) -> Iterator[None]:
    """Whatever is logged inside, and in the tasks that are started inside, belongs to this session."""
    token = _session.set(session_id)
    try:
        yield
    finally:
        _session.reset(token)


def set_up(level: str, form: Format) -> None:
    """Log to stderr from now on, in this process and in those it starts."""
    os.environ[FORMAT_VARIABLE], os.environ[LEVEL_VARIABLE] = form, level
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else _Lines(_TEXT))
    handler.addFilter(_prepare)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        # They log the addresses of peers at INFO.
        for name in ("aioice", "aiortc"):
            logging.getLogger(name).setLevel(logging.WARNING)


def set_up_as_parent() -> None:
    """Log as the process that started this one does."""
    if FORMAT_VARIABLE in os.environ:
        set_up(
            os.environ.get(LEVEL_VARIABLE, "INFO"),
            "json" if os.environ[FORMAT_VARIABLE] == "json" else "text",
        )


def without_personal_data(text: str) -> str:
    """The text with addresses and SDP blotted out."""
    return _MAYBE_ADDRESS.sub(_blotted, _SDP_LINE.sub(_BLOTTED, text))


def _blotted(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:
        return found[0]  # a time, a version, the end of a name
    return _BLOTTED


def _prepare(record: logging.LogRecord) -> bool:
    """Name the session; take out of a foreign message what is nobody's business."""
    if _is_strangers_fault(record):
        return False
    record.session = _session.get()
    if record.levelno > logging.DEBUG and record.name.partition(".")[0] != "facestream":
        record.msg, record.args = without_personal_data(record.getMessage()), ()
    return True


def _is_strangers_fault(record: logging.LogRecord) -> bool:
    """A request that is no HTTP: aiohttp 3.14 logs each with a traceback, and so anybody could fill a disk."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ == "aiohttp.http_exceptions"


class _Lines(logging.Formatter):
    """A line for people; the session stands behind it where the sentence does not name it."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        session: str = getattr(record, "session", "")
        return f"{line} [session {session}]" if session and session not in line else line

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        return without_personal_data(super().formatException(ei))  # type: ignore[arg-type]


class _JsonLines(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, session, and exception where there is one."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s %(session)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="time",
        )

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        return without_personal_data(super().formatException(ei))  # type: ignore[arg-type]
