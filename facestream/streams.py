"""Standard output and error that can be written to, whatever the shell has made of them; chooses no content."""

import contextlib
import io
import os
import select
import sys
from typing import TextIO

STDIN, STDOUT, STDERR = 0, 1, 2


def open_standard_streams() -> None:
    """Make all three descriptors and streams usable; call once, before anything else opens a file.

    A descriptor that the shell has closed (`>&-`) would go to the next socket, into which C libraries would then write.
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
            # What a terminal's encoding lacks is written as an escape.
            stream.reconfigure(errors="backslashreplace")


def can_write(stream: TextIO, text: str) -> bool:
    """Whether the encoding of a stream has every character of a text."""
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_error(text: str) -> None:
    """Write to stderr; where nobody can read it, nothing happens."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        _give_up(sys.stderr, STDERR)


def finish() -> OSError | None:
    """Write what is left to standard output and error; returns why standard output cannot be written to.

    Otherwise the interpreter does it later, and reports a closed pipe with a traceback.
    """
    failure = None
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = error
        _give_up(sys.stdout, STDOUT)
    except ValueError:
        pass  # closed by whoever needed it
    write_error("")
    return failure


def output_is_gone() -> bool:
    """Whether nobody reads standard output or standard error any more."""
    poll = select.poll()
    for number in (STDOUT, STDERR):
        poll.register(number, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _text_stream(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


def _give_up(stream: TextIO, number: int) -> None:
    """Let what is still buffered, and whatever comes, go nowhere."""
    # Without a free descriptor it stays as it is.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        stream.flush()
