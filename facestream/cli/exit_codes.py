"""End the program: map everything that a command raises to an exit code and at most one sentence.

The top-level handler of all commands. Imports nothing that could be missing. docs/operations.md lists the exit codes.
"""

import contextlib
import errno
import os
import signal
import sys
import traceback
import warnings
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from types import FrameType

from facestream.cli import streams
from facestream.errors import FacestreamError, ShortageError
from facestream.remedies import remedy_of
from facestream.resources import IS_CHECKOUT, REINSTALL, ROOT
from facestream.web.terminal import Terminal

LEVEL_VARIABLE = "FACESTREAM_LOG_LEVEL"  # read by logs.py, which needs a library
SERVERS = ["serve"], ["gateway"]
"""Commands that run until a signal stops them, which is no failure."""
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"


class Exit(IntEnum):
    """Why a command failed; of several causes, the one defined last here is reported."""

    MACHINE = 71  # sysexits.h: EX_OSERR
    BAD_INPUT = 2  # a setting, a file or an argument must be changed
    CLOSED_PIPE = 141  # 128 + SIGPIPE
    INTERRUPTED = 130  # 128 + SIGINT
    FAULT = 70  # sysexits.h: EX_SOFTWARE


_ORDER = list(Exit)
# Errors of a wrong call, in contrast to errors of the environment.
_FAULTS = {None, errno.EBADF, errno.EFAULT, errno.EINVAL, errno.ENOTSOCK, errno.EDOM, errno.ERANGE}


class Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP; a KeyboardInterrupt, so that asyncio and the libraries clean up as for Ctrl-C."""


def exit_code(command: Callable[[], int]) -> int:
    """Run a command; print what it raises to stderr and return an exit code. SystemExit passes through."""
    try:
        return command()
    except (Exception, KeyboardInterrupt, CancelledError, BaseExceptionGroup) as error:  # noqa: BLE001 - the last boundary
        return _report(error)


def run_process(arguments: Sequence[str]) -> int:
    """Run a command line as this process, with its streams, signals and exit code."""

    def command() -> int:
        # Imported here, because it imports the libraries that may be missing.
        return int(import_module("facestream.cli.main").run(arguments))

    streams.open_standard_streams()
    serves = arguments[:1] in SERVERS
    if not serves:
        # A signal may arrive between the making of a coroutine and its await, in a library too: nothing to report.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    stopped_by = _raise_on_signals(Terminal() if serves else None)
    try:
        code = exit_code(command)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else Exit.BAD_INPUT
    # Everything is cleaned up, and a second Ctrl-C must not print a traceback.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    failure = streams.finish()
    if failure is not None and code == 0:
        code = Exit.CLOSED_PIPE if isinstance(failure, BrokenPipeError) else _report(failure)
    if stopped_by and not serves:
        # End by the signal, so that its sender sees the usual exit status.
        signal.signal(stopped_by[0], signal.SIG_DFL)
        os.kill(os.getpid(), stopped_by[0])
    if serves:
        # The server has shut down in order. The interpreter would still wait for the threads and children left,
        # without a limit: about once in some hundred stops, SIGALRM ended the process 7 s later.
        os._exit(0 if code == Exit.INTERRUPTED else code)
    if code == Exit.INTERRUPTED:
        # CPython 3.11 ends by SIGINT if the signal arrived in code run from a string, as in eval(), even though it was
        # caught.
        os._exit(code)
    return code


def _raise_on_signals(terminal: Terminal | None) -> list[int]:
    """Raise Stopped at the first SIGTERM or SIGHUP; returns a list that then holds the signal."""
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and terminal is not None and not terminal.gone:
            return  # a server that has not read its files yet need not reload them
        if not received:
            received.append(number)
            raise Stopped(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    return received


def _report(error: BaseException) -> int:
    """Print why the program ends, and return the exit code."""
    cause, ending = max(
        ((leaf, _ending(leaf)) for leaf in _leaves(error)), key=lambda of: _ORDER.index(of[1])
    )
    if ending is Exit.FAULT:
        _show_trace(error)
        streams.write_error(
            f"facestream: {type(cause).__name__}: {cause}; this is a fault in facestream: please report it with the "
            "traceback above and what you did\n"
        )
    elif ending in {Exit.BAD_INPUT, Exit.MACHINE}:
        if os.environ.get(LEVEL_VARIABLE) == "DEBUG":
            _show_trace(error)
        streams.write_error(f"facestream: {_sentence(cause)}\n")
    return int(ending)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _interrupted(error: BaseException | None) -> bool:
    """Whether a signal caused an error: a C library that is interrupted while it loads raises ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _ending(error: BaseException) -> Exit:
    match error:
        case KeyboardInterrupt() | CancelledError():
            return Exit.INTERRUPTED
        case ImportError() if _interrupted(error):
            return Exit.INTERRUPTED
        case ShortageError():
            return Exit.MACHINE
        case FacestreamError():
            return Exit.BAD_INPUT
        case BrokenPipeError() if streams.output_is_gone():
            return Exit.CLOSED_PIPE
        case ImportError() if (error.name or "").partition(".")[0] != "facestream":
            return Exit.MACHINE
        case MemoryError():
            return Exit.MACHINE
        case OSError() if error.errno not in _FAULTS:
            return Exit.MACHINE
        # CPython raises it without attributes, also in asyncio.to_thread and in libraries: no ShortageError there.
        case RuntimeError() if "can't start new thread" in str(error):
            return Exit.MACHINE
        case _:
            return Exit.FAULT


def _sentence(error: BaseException) -> str:
    match error:
        case FacestreamError():
            return str(error)
        case ImportError():
            missing = isinstance(error, ModuleNotFoundError)
            got = (
                f"the library {error.name} is not installed"
                if missing
                else f"a library cannot be loaded ({error})"
            )
            if VENV_PYTHON.exists() and Path(sys.prefix).resolve() != VENV_PYTHON.parents[1].resolve():
                return f"{got} for {sys.executable}; start it with {VENV_PYTHON}, or run `make setup`"
            start = ", and start it with .venv/bin/python" if IS_CHECKOUT else ""
            return f"{got} for {sys.executable}; {REINSTALL}{start}"
        case OSError():
            named = f"{error.filename}: " if error.filename else ""
            return f"{named}{error.strerror}; {remedy_of(error)} ({LEVEL_VARIABLE}=DEBUG shows where)"
        case _:
            # Out of memory, or no new thread.
            return f"{str(error) or 'out of memory'}; {remedy_of(OSError(errno.ENOMEM, ''))}"


def _show_trace(error: BaseException) -> None:
    """Print the traceback to stderr, without addresses, as in the log."""
    text = "".join(traceback.format_exception(error))
    # If logs.py cannot be imported, no peer has been served.
    with contextlib.suppress(ImportError):
        text = import_module("facestream.logs").without_personal_data(text)
    streams.write_error(text)
