"""Configure logging: lines for people or JSON for a collector, each with its session id, none with an address.

Messages of facestream above DEBUG contain no addresses. Messages of libraries and tracebacks may: in them, addresses
and SDP are redacted.
"""

import codecs
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

# Child processes read these and log in the same way.
FORMAT_VARIABLE, LEVEL_VARIABLE = "FACESTREAM_LOG_FORMAT", "FACESTREAM_LOG_LEVEL"
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_FOREIGN_CHARS = 2000
"""Limit for one message of a library, which may quote remote input."""
_REDACTED = "(redacted)"
_SDP_LINE = re.compile(r"^\s*[a-z]=.*$", re.MULTILINE)
_MAYBE_ADDRESS = re.compile(r"(?<![\w.:])[0-9a-f:]*[.:][0-9a-f.:]*[0-9a-f](?![\w])", re.IGNORECASE)
# Python loads the codec from its file at the first use, which fails while no descriptor is free.
_escape = codecs.getencoder("unicode_escape")
_session: ContextVar[str] = ContextVar("session", default="")


@contextlib.contextmanager
def of_session(session_id: str) -> Iterator[None]:
    """Add this session id to every record logged inside, and in the tasks started inside."""
    token = _session.set(session_id)
    try:
        yield
    finally:
        _session.reset(token)


def set_up(level: str, form: Format) -> None:
    """Log to stderr, in this process and in its child processes."""
    os.environ[FORMAT_VARIABLE], os.environ[LEVEL_VARIABLE] = form, level
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else _Lines(_TEXT))
    handler.addFilter(_prepare)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        # These log the addresses of peers at INFO.
        for name in ("aioice", "aiortc"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # This logs a warning for each handshake with a subprotocol.
        logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)


def set_up_as_parent() -> None:
    """Log as the parent process does."""
    if FORMAT_VARIABLE in os.environ:
        set_up(
            os.environ.get(LEVEL_VARIABLE, "INFO"),
            "json" if os.environ[FORMAT_VARIABLE] == "json" else "text",
        )


def without_personal_data(text: str) -> str:
    """The text with addresses and SDP redacted."""
    return _MAYBE_ADDRESS.sub(_redacted, _SDP_LINE.sub(_REDACTED, text))


def _redacted(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:
        return found[0]  # a time, a version, the end of a name
    return _REDACTED


def _prepare(record: logging.LogRecord) -> bool:
    """Add the session id; redact third-party messages; drop those that a client can cause at will."""
    if _is_malformed_request(record):
        return False
    record.session = _session.get()
    if record.levelno > logging.DEBUG and record.name.partition(".")[0] != "facestream":
        record.msg, record.args = without_personal_data(record.getMessage())[:MAX_FOREIGN_CHARS], ()
    return True


def _is_malformed_request(record: logging.LogRecord) -> bool:
    """Whether aiohttp reports a request that is not HTTP; it logs a traceback for each, which could fill the disk."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ == "aiohttp.http_exceptions"


def printable(text: str) -> str:
    """Escape everything that a terminal would interpret or that would start another line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char)[0].decode() for char in text)


class _Lines(logging.Formatter):
    """Format one line for people, followed by the session id if the message does not contain it.

    One message is one line. The lines of its traceback are indented, so that none looks like a message.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        line = printable(super().formatMessage(record))
        session: str = getattr(record, "session", "")
        return f"{line} [session {session}]" if session and session not in line else line

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        return _indented(without_personal_data(super().formatException(ei)))  # type: ignore[arg-type]

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - the library's name
        return _indented(stack_info)


def _indented(text: str) -> str:
    return "\n".join(f"  {printable(line)}" for line in text.split("\n"))


class _JsonLines(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, session, and exception where there is one."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s %(session)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="time",
        )

    def format(self, record: logging.LogRecord) -> str:
        # JSON escapes every control character but DEL.
        return super().format(record).replace("\x7f", "\\u007f")

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        return without_personal_data(super().formatException(ei))  # type: ignore[arg-type]
