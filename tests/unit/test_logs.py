import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from facestream import logs
from tests.times import seconds

library = logging.getLogger("aiortc.something")
own = logging.getLogger("facestream.something")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with kept_environment(logs.FORMAT_VARIABLE, logs.LEVEL_VARIABLE):
        yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@contextlib.contextmanager
def kept_environment(*names: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in names}
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def test_a_line_of_json_has_its_session_as_a_field(capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", "json")

    with logs.of_session("abc"):
        own.info("a keyframe of %d pixels", 7)

    line = json.loads(capsys.readouterr().err)
    assert line["session"] == "abc"
    assert line["message"] == "a keyframe of 7 pixels"
    assert {"time", "level", "logger"} <= line.keys()


def test_a_line_of_text_names_its_session_once(capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", "text")

    with logs.of_session("abc"):
        own.info("session %s: opened", "abc")
        own.info("late")

    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("session abc: opened")
    assert second.endswith("late [session abc]")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "personal",
    ["192.0.2.77", "2001:db8::77", "::1", "fe80::abcd", "a=ice-pwd:beVyfroSyOfeg8XwTz34ts1Z"],
)
def test_addresses_and_sdp_of_libraries_are_redacted(
    form: logs.Format, personal: str, capsys: pytest.CaptureFixture[str]
):
    logs.set_up("INFO", form)

    library.warning("unhappy with\n%s", personal)

    assert personal not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_keeps_its_lines_without_addresses(form: logs.Format, capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", form)

    try:
        refuse("192.0.2.77")
    except OSError:
        own.exception("fault")

    said = capsys.readouterr().err
    assert "192.0.2.77" not in said
    assert "in refuse" in said


FORGED = "x\n2026-01-01 00:00:00,000 INFO facestream: forged"


@pytest.mark.parametrize(
    "char",
    [
        "\n", "\r", "\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_message_is_one_line_of_printable_characters(
    form: logs.Format, char: str, capsys: pytest.CaptureFixture[str]
):
    logs.set_up("INFO", form)

    own.info("got %s; expected a name", f"a{char}b")
    library.warning("got %s", f"a{char}b")
    logging.getLogger(f"facestream.{char}").error("named")

    said = capsys.readouterr().err
    assert said.removesuffix("\n").replace("\n", "").isprintable()
    assert said.count("\n") == 3


def test_control_characters_are_escaped_and_letters_are_kept(capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", "text")

    own.info("got %s", "a\x1b[2Jb\u2028c é 漢")

    assert "got a\\x1b[2Jb\\u2028c é 漢" in capsys.readouterr().err


def test_a_message_can_be_escaped_without_a_free_descriptor():
    program = """
import resource
from facestream import logs
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
print(logs.printable("a\\nb"))
"""

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=seconds(30), check=False
    )

    assert (ended.stdout, ended.stderr) == ("a\\nb\n", "")


def test_no_line_of_a_traceback_looks_like_a_message(capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", "text")

    try:
        refuse(f"\x1b[2J{FORGED}")
    except OSError:
        with logs.of_session("abc"):
            own.exception("fault", stack_info=True)

    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("fault [session abc]")
    assert all(line.startswith("  ") and line.isprintable() for line in rest)
    assert any("in refuse" in line for line in rest)


@pytest.mark.parametrize("form", ["text", "json"])
def test_long_messages_of_libraries_are_cut(form: logs.Format, capsys: pytest.CaptureFixture[str]):
    logs.set_up("INFO", form)

    library.warning("got %s", "9" * 100_000)

    assert len(capsys.readouterr().err) < 3000


def refuse(address: str) -> None:
    raise OSError(f"connection to {address} refused")


@pytest.mark.parametrize("text", ["at 12:30:59", "aiortc 1.16.0", "facestream.web: started", "10.5 ms: 3"])
def test_text_that_only_looks_like_an_address_stays(text: str):
    assert logs.without_personal_data(text) == text
