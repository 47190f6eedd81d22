"""Make standard output and error writable, in any state that the shell leaves them; say a sentence to the user."""

import contextlib
import io
import os
import select
import sys
from typing import TextIO

STDIN, STDOUT, STDERR = 0, 1, 2


def open_standard_streams() -> None:
    """Make all three standard descriptors and streams usable; call it once, before anything else opens a file.

    The next socket would get a descriptor that the shell has closed (`>&-`), and C libraries would write into it.
    """
    for number in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free descriptor, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or _text_stream(STDOUT)
    sys.stderr = sys.stderr or _text_stream(STDERR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that the terminal's encoding lacks is written as an escape.
            stream.reconfigure(errors="backslashreplace")


def say(sentence: str) -> None:
    """Tell the user something on standard error, at once."""
    sys.stderr.write(f"facestream: {sentence}\n")
    sys.stderr.flush()


def can_write(stream: TextIO, text: str) -> bool:
    """Whether the encoding of a stream can represent a text."""
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_error(text: str) -> None:
    """Write to stderr; do nothing if it cannot be written to."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        _give_up(sys.stderr, STDERR)


def finish() -> OSError | None:
    """Flush standard output and error; returns why standard output cannot be written to.

    Otherwise the interpreter flushes at exit and reports a closed pipe with a traceback.
    """
    failure = None
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = error
        _give_up(sys.stdout, STDOUT)
    except ValueError:
        pass  # closed deliberately
    write_error("")
    return failure


def output_is_gone() -> bool:
    """Whether the reader of standard output or standard error has closed it."""
    poll = select.poll()
    for number in (STDOUT, STDERR):
        poll.register(number, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _text_stream(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


def _give_up(stream: TextIO, number: int) -> None:
    """Discard buffered and further output."""
    # Without a free descriptor, nothing changes.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        stream.flush()
