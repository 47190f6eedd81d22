"""Start and end of the program in unusual environments."""

import ast
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from facestream import __version__
from facestream.cli.start import OLDEST
from tests.conftest import ROOT
from tests.times import seconds

DEADLINE_S = seconds(60)
TOKEN = "facestream token --token-key-file key"
KEY = (
    "a-key-that-is-long-enough-for-the-tests-below"  # without it, `facestream token` reports that it made one
)


def in_shell(
    line: str, folder: Path, settings: dict[str, str | None] | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `facestream` is a function; a variable that is None is unset."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}
    for name, value in (settings or {}).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        ["bash", "-c", f'facestream() {{ {python} -m facestream "$@"; }}; {line}'],
        cwd=folder, env=environment, capture_output=True, timeout=DEADLINE_S, check=False,
        encoding="utf-8", errors="replace",
    )  # fmt: skip


def in_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with these arguments, in the root of the checkout."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (f"{TOKEN} --qr", {"PYTHONIOENCODING": "ascii"}),
        (f"{TOKEN} --qr", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ("facestream serve --help", {"PYTHONIOENCODING": "iso-8859-1", "LANG": "de_DE.ISO-8859-1"}),
        ("facestream certs --certs-dir b\u00fccher", {"LC_ALL": "C", "PYTHONUTF8": "0", "HOME": "/proc"}),
        (TOKEN, {"HOME": None, "TMPDIR": "/nowhere", "USER": None, "TERM": None, "PATH": "/bin"}),
    ],
)
def test_neither_a_utf_8_terminal_nor_a_home_directory_is_required(
    tmp_path: Path, command: str, settings: dict[str, str | None]
):
    (tmp_path / "key").write_text(KEY)

    ended = in_shell(command, tmp_path, settings)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


@pytest.mark.parametrize(
    ("shell", "code", "message"),
    [
        (f"{TOKEN} <&- >&- 2>&-", 0, ""),
        (f"{TOKEN} 2>/dev/full", 0, ""),
        ("facestream token --token-key-file new 2>/dev/full", 0, ""),
        (f"{TOKEN} >/dev/full", 71, "No space left on device"),
        ("facestream --version >/dev/full", 71, "No space left on device"),
        ("facestream certs --certs-dir /proc/no 2>&-", 2, ""),
        ("facestream certs --certs-dir /proc/no 2>/dev/full", 2, ""),
        ("{ sleep 0.3; facestream certs --certs-dir made; } | true; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_standard_output_may_be_closed_full_or_cut_off(tmp_path: Path, shell: str, code: int, message: str):
    (tmp_path / "key").write_text(KEY)

    ended = in_shell(shell, tmp_path)

    assert ended.returncode == code
    assert message in ended.stderr
    assert ended.stderr.count("\n") == bool(message)


@pytest.mark.parametrize(
    "line",
    [
        "cd gone && rmdir ../gone && facestream token --token-key-file key",
        "touch file && facestream certs --certs-dir file",
        "facestream token --token-key-file $(printf 'x%.0s' {1..300})",
        "mkdir facestream.toml && facestream certs",
    ],
)
def test_an_unusable_directory_or_file_is_reported_in_one_sentence(tmp_path: Path, line: str):
    (tmp_path / "gone").mkdir()

    ended = in_shell(line, tmp_path)

    assert ended.returncode == 2
    assert ended.stderr.startswith("facestream: ")
    assert "expected" in ended.stderr or "save it" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "module", ["server.py", "facestream/__init__.py", "facestream/__main__.py", "facestream/cli/start.py"]
)
def test_an_old_python_can_parse_the_modules_that_reject_it(module: str):
    ast.parse((ROOT / module).read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("pretend", "sentences"),
    [
        (
            "sys.version_info = (3, 8, 1)",
            [f"Python 3.8; expected {OLDEST[0]}.{OLDEST[1]} or newer: run `make setup`"],
        ),
        ("sys.platform = 'win32'", ["this is Windows", "expected Linux"]),
    ],
    ids=["old python", "windows"],
)
def test_an_unsupported_system_is_reported_in_one_sentence(pretend: str, sentences: list[str]):
    start = "from facestream.cli.start import main; sys.exit(main(['serve']))"

    ended = in_python("-c", f"import sys; {pretend}; {start}")

    assert ended.returncode == 2
    assert [sentence for sentence in sentences if sentence not in ended.stderr] == []
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["server.py", "--version"],
        ["-m", "facestream", "--version"],
        ["-m", "facestream", "serve", "--version"],
    ],
)
def test_every_entry_point_prints_the_version(command: list[str]):
    ended = in_python(*command)

    assert (ended.returncode, ended.stdout) == (0, f"facestream {__version__}\n")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_work_without_libraries(tmp_path: Path, option: str):
    ended = in_shell(f"facestream {option}", tmp_path, python=f"{sys.executable} -S")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("command", ["serve", "token"])
def test_a_python_without_the_libraries_is_rejected_with_what_to_do(tmp_path: Path, command: str):
    ended = in_shell(f"facestream {command}", tmp_path, python=f"{sys.executable} -S")

    assert ended.returncode == 71
    assert "is not installed" in ended.stderr
    assert "make setup" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
)
def test_a_signal_ends_a_command_quietly(tmp_path: Path, number: signal.Signals, code: int):
    with socket.create_server(("127.0.0.1", 0)) as silent, (tmp_path / "err").open("w+") as err:
        silent.settimeout(DEADLINE_S)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "facestream", "doctor", "--url", url]
        # In asyncio's debug mode, a busy machine makes it log slow steps to stderr.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=err) as process:
            asked, _ = silent.accept()

            process.send_signal(number)
            process.send_signal(number)

            assert process.wait(DEADLINE_S) == code
            asked.close()
        err.seek(0)
        assert err.read() == ""


INTERRUPTED = """
import facestream.cli.main
from facestream.cli import exit_codes


async def request(): ...


def run(_arguments):
    request()  # a signal arrives before its await
    raise KeyboardInterrupt


facestream.cli.main.run = run
exit_codes.run_process(["doctor"])
"""


def test_a_signal_between_a_coroutine_and_its_await_prints_nothing():
    ended = in_python("-c", INTERRUPTED)

    assert (ended.returncode, ended.stderr) == (130, "")
