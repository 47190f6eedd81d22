"""The exit codes and messages for everything that ends a command."""

import asyncio
import errno
import os
import signal

import pytest

from facestream.cli.exit_codes import Stopped, exit_code
from facestream.errors import ConfigError, FacestreamError

FULL = OSError(errno.ENOSPC, "No space left on device", "/var/a.jsonl")
FAULT = TypeError("of ours at 192.0.2.7")


def raising(error: BaseException) -> int:
    """The exit code of a command that raises this."""

    def command() -> int:
        raise error

    return exit_code(command)


def test_a_command_that_ends_returns_its_own_exit_code():
    assert exit_code(lambda: 1) == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("port: taken"), 2, "facestream: port: taken\n"),
        (FULL, 71, "facestream: /var/a.jsonl: No space left on device; free up space"),
        (OSError(errno.EMFILE, "Too many open files"), 71, "ulimit -n"),
        (MemoryError(), 71, "facestream: out of memory; close other programs"),
        (RuntimeError("can't start new thread"), 71, "can't start new thread; close"),
        (ModuleNotFoundError("No module named 'av'", name="av"), 71, "library av is not installed"),
        (
            ImportError("libGL.so.1: cannot open shared object file", name="cv2"),
            71,
            "cannot be loaded (libGL",
        ),
    ],
)
def test_an_error_of_the_machine_is_reported_in_one_sentence(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, message: str
):
    assert raising(error) == code

    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped(signal.SIGTERM), asyncio.CancelledError()])
def test_an_interruption_prints_nothing(capsys: pytest.CaptureFixture[str], error: BaseException):
    assert raising(error) == 130

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped(signal.SIGTERM)])
def test_a_library_that_is_interrupted_while_loading_is_not_reported_as_broken(
    capsys: pytest.CaptureFixture[str], error: BaseException
):
    def command() -> int:
        try:
            raise ImportError("initialization failed") from error  # as pybind11 does
        except ImportError as failed:
            raise ImportError("the library cannot be loaded") from failed

    assert exit_code(command) == 130

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "error",
    [
        FAULT,
        OSError(errno.EBADF, "Bad file descriptor"),
        TimeoutError(),
        ValueError("of ours"),
        ImportError("cannot import name 'x'", name="facestream.config"),
    ],
)
def test_a_bug_is_reported_as_a_fault_in_facestream_with_its_traceback(
    capsys: pytest.CaptureFixture[str], error: Exception
):
    assert raising(error) == 70

    printed = capsys.readouterr().err
    assert printed.startswith("Traceback")
    assert "this is a fault in facestream" in printed.splitlines()[-1]


def test_a_traceback_contains_no_address(capsys: pytest.CaptureFixture[str]):
    raising(ExceptionGroup("tasks", [FAULT]))

    traceback, _, _ = capsys.readouterr().err.rpartition("\nfacestream: ")
    assert "of ours at" in traceback
    assert "192.0.2.7" not in traceback


@pytest.mark.parametrize(
    ("inside", "code", "message"),
    [
        ([ConfigError("port: taken")], 2, "facestream: port: taken"),
        ([FULL, ConfigError("port: taken")], 2, "facestream: port: taken"),
        ([ExceptionGroup("inner", [FULL])], 71, "free up space"),
        ([ConfigError("port: taken"), FAULT], 70, "fault in facestream"),
    ],
)
def test_a_group_is_reported_by_its_cause(
    capsys: pytest.CaptureFixture[str], inside: list[Exception], code: int, message: str
):
    assert raising(ExceptionGroup("unhandled errors in a TaskGroup", inside)) == code

    printed = capsys.readouterr().err
    assert message in printed
    assert ("Traceback" in printed) == (code == 70)


def test_an_interrupted_group_prints_nothing(capsys: pytest.CaptureFixture[str]):
    assert raising(BaseExceptionGroup("tasks", [KeyboardInterrupt(), FacestreamError("too")])) == 130

    assert capsys.readouterr().err == ""


def test_the_traceback_of_an_error_of_the_machine_is_shown_on_demand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FACESTREAM_LOG_LEVEL", "DEBUG")

    raising(FULL)

    assert "Traceback" in capsys.readouterr().err


def test_a_broken_pipe_other_than_standard_output_is_an_error(capsys: pytest.CaptureFixture[str]):
    assert raising(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))) == 71

    assert "Broken pipe" in capsys.readouterr().err


def test_an_exit_of_argparse_passes():
    with pytest.raises(SystemExit):
        raising(SystemExit(2))
