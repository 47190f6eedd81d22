"""How a start fails or is interrupted, and how the server ends with its terminal."""

import contextlib
import fcntl
import io
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, START_DEADLINE_S, STOP_DEADLINE_S, running_server
from tests.media.test_server import child_pids, run_server
from tests.times import seconds

SMALL = ("--port", "0", "--tls", "off", "--analysis-processes", "0")
SERVER = (sys.executable, "server.py")


@pytest.mark.parametrize(
    ("family", "host", "state", "ours"),
    [
        (socket.AF_INET, "127.0.0.1", "listening", "127.0.0.1"),
        (socket.AF_INET, "127.0.0.1", "bound for itself", "127.0.0.1"),
        (socket.AF_INET6, "::1", "listening", "::1"),
        (socket.AF_INET, "0.0.0.0", "listening", "::"),
    ],
)
def test_a_port_in_use_is_reported_in_one_sentence(
    family: socket.AddressFamily, host: str, state: str, ours: str
):
    with socket.socket(family) as other:
        if state == "listening":
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, 0))
        if state == "listening":
            other.listen()
        port = other.getsockname()[1]

        ended = run_server("--host", ours, "--port", str(port), "--auth", "none", "--tls", "off")

    assert ended.returncode == 2
    assert f"cannot listen on {ours}:{port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_of_two_servers_starting_on_one_port_one_serves_and_one_reports_the_port(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    logs = [tmp_path / "one.log", tmp_path / "two.log"]

    with contextlib.ExitStack() as files:
        both = [
            subprocess.Popen(
                [*SERVER, "--port", port, "--tls", "off", "--analysis-processes", "1"],
                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=files.enter_context(log.open("w")),
            )
            for log in logs
        ]  # fmt: skip
        try:
            deadline_s = time.monotonic() + START_DEADLINE_S
            while all(server.poll() is None for server in both) and time.monotonic() < deadline_s:
                time.sleep(0.05)
            running = [server.poll() is None for server in both]
        finally:
            for server in both:
                server.send_signal(signal.SIGTERM)
            codes = [server.wait(STOP_DEADLINE_S) for server in both]

    assert sorted(running) == [False, True]
    assert sorted(codes) == [0, 2]
    refused = logs[running.index(False)].read_text()
    assert f"cannot listen on 127.0.0.1:{port}" in refused
    assert "Traceback" not in refused + logs[running.index(True)].read_text()


@pytest.mark.parametrize("address", ["203.0.113.9", "0.0.0.0"])
def test_a_media_address_of_another_machine_is_rejected_at_the_start(address: str):
    ended = run_server(*SMALL, "--ice-address", address)

    assert ended.returncode == 2
    assert f"ice_address: {address}" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("host", ["x" * 70, "a\u0308" * 40, "fe80::1%nowhere"])
def test_an_invalid_host_is_reported_in_one_sentence(host: str):
    ended = run_server(*SMALL, "--host", host, "--auth", "none")

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("after_s", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_no_process_and_prints_nothing(
    tmp_path: Path, number: signal.Signals, after_s: float
):
    """The signal goes to the whole process group twice, like Ctrl-C, while the workers import and load models."""
    log = tmp_path / "server.log"
    with log.open("w") as stderr:
        server = subprocess.Popen(
            [*SERVER, "--port", "0", "--tls", "off", "--analysis-processes", "2"],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True,
        )  # fmt: skip
        deadline_s = time.monotonic() + START_DEADLINE_S
        while not (children := child_pids(server.pid)) and time.monotonic() < deadline_s:
            time.sleep(0.01)
        time.sleep(after_s)

        os.killpg(server.pid, number)
        time.sleep(0.1)
        children += child_pids(server.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)

        assert server.wait(STOP_DEADLINE_S) == 0
    assert children
    assert [line for line in log.read_text().splitlines() if "TensorFlow" not in line] == []
    wait_until(lambda: not any(map(is_running, children)))


def test_the_program_that_starts_a_server_learns_its_address_from_a_descriptor():
    ready, tell_ready = os.pipe()
    with os.fdopen(ready) as announcement:
        server = subprocess.Popen(
            [*SERVER, *SMALL, "--ready-fd", str(tell_ready)],
            cwd=ROOT, stdout=subprocess.DEVNULL, pass_fds=[tell_ready],
        )  # fmt: skip
        os.close(tell_ready)
        try:
            [url] = json.loads(announcement.readline())["urls"]

            assert answers(url)
            assert announcement.read() == ""
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(STOP_DEADLINE_S) == 0


def test_a_descriptor_that_cannot_be_written_to_does_not_stop_a_server(tmp_path: Path):
    with running_server(tmp_path / "log", *SMALL[2:], "--ready-fd", "77") as server:
        assert answers(server.url)

    assert "--ready-fd: descriptor 77" in server.log.read_text()


def wait_until(holds: Callable[[], object], deadline_s: float = 10) -> None:
    ends_s = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < ends_s
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def answers(url: str) -> bool:
    """Whether a server responds with any status; without workers, 503 is normal."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=seconds(5)):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class AtTerminal:
    """A server that was started from a terminal."""

    leader: subprocess.Popen[bytes]
    terminal: io.FileIO
    """The controlling side of the pseudo-terminal; closing it hangs up."""
    url: str
    pid: int
    """The pid of the server itself; make or a shell may be its parent."""


@contextlib.contextmanager
def at_a_terminal(*command: str) -> Iterator[AtTerminal]:
    """Start a command as the session leader of a new pseudo-terminal; kills what is left at the end."""
    ours, theirs = os.openpty()

    def take_the_terminal() -> None:
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    leader = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=take_the_terminal,
    )  # fmt: skip
    os.close(theirs)
    server = 0
    terminal = io.FileIO(ours)
    try:
        url = announced(ours)
        server = next(pid for pid in [leader.pid, *descendants(leader.pid)] if is_server(pid))
        yield AtTerminal(leader, terminal, url, server)
    finally:
        terminal.close()
        for pid in {leader.pid, server} - {0}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        leader.wait()


def announced(terminal: int) -> str:
    said = b""
    deadline_s = time.monotonic() + START_DEADLINE_S
    while (left_s := deadline_s - time.monotonic()) > 0 and select.select([terminal], [], [], left_s)[0]:
        said += os.read(terminal, 4096)
        if found := re.search(rb"http://localhost:(\d+)", said):
            return f"http://127.0.0.1:{found[1].decode()}"
    pytest.fail(f"not started: {said.decode(errors='replace')}")


def descendants(pid: int) -> Iterator[int]:
    for child in child_pids(pid):
        yield child
        yield from descendants(child)


def is_server(pid: int) -> bool:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"server.py" in words and b"python" in words[0]


def make_run() -> list[str]:
    # Treat the stamps as made, so that the test installs nothing.
    stamps = [
        ".venv/bin/.product",
        ".venv/bin/python",
        "client/node_modules/.installed",
        "models/cache/.checked",
    ]
    assert shutil.which("make")
    return ["make", *(word for stamp in stamps for word in ("-o", stamp)), "run", f"ARGS={' '.join(SMALL)}"]


@pytest.mark.parametrize(
    "command",
    [
        [*SERVER, *SMALL],
        make_run(),
        ["bash", "-c", " ".join(f"'{word}'" for word in make_run()) + "; true"],
        ["bash", "-mc", " ".join(f"'{word}'" for word in [*SERVER, *SMALL]) + "; true"],
    ],
    ids=["alone", "make", "make in a shell", "job of a shell"],
)
def test_a_server_ends_with_its_terminal(command: list[str]):
    with at_a_terminal(*command) as server:
        server.terminal.close()

        wait_until(lambda: not is_running(server.pid), STOP_DEADLINE_S)


def test_a_disowned_background_job_outlives_its_terminal():
    line = " ".join(f"'{word}'" for word in [*SERVER, *SMALL])
    with at_a_terminal("bash", "-mc", f"{line} & disown; sleep 60") as server:
        server.terminal.close()
        wait_until(lambda: server.leader.poll() is not None)
        for _ in range(3):
            time.sleep(0.5)

        assert answers(server.url)
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not is_running(server.pid), STOP_DEADLINE_S)


def test_a_manual_hangup_does_not_end_the_server_while_the_terminal_exists():
    with at_a_terminal(*SERVER, *SMALL) as server:
        for _ in range(3):
            os.kill(server.pid, signal.SIGHUP)
            time.sleep(0.5)

        assert answers(server.url)
        assert is_running(server.pid)


def test_a_server_that_ignores_hangups_outlives_its_terminal():
    # As nohup does, but without its output file.
    ignoring = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", sys.executable, "server.py", *SMALL]
    with at_a_terminal(*ignoring) as server:
        server.terminal.close()
        os.kill(server.pid, signal.SIGHUP)
        time.sleep(0.5)

        assert answers(server.url)
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not is_running(server.pid), STOP_DEADLINE_S)


@pytest.mark.parametrize("output", [">/dev/full", "<&- >&- 2>&-", "2>/dev/full | true"])
def test_a_server_serves_without_standard_output(output: str):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    line = " ".join(f"'{word}'" for word in [*SERVER, *SMALL, "--port", port])
    with subprocess.Popen(["bash", "-c", f"{line} {output}"], cwd=ROOT, start_new_session=True) as shell:
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}"), START_DEADLINE_S)
        finally:
            os.killpg(shell.pid, signal.SIGTERM)


def test_a_service_survives_a_hangup_even_while_starting(tmp_path: Path):
    said, log = tmp_path / "out", tmp_path / "log"
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-of-a-client\n")
    with said.open("w") as stdout, log.open("w") as stderr:
        server = subprocess.Popen(
            [*SERVER, "--port", "0", "--tls", "off", "--analysis-processes", "1", "--tokens-file", str(tokens)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: child_pids(server.pid), START_DEADLINE_S)
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: "localhost" in said.read_text(), START_DEADLINE_S)
        tokens.write_text("short\n")
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: "tokens_file is not reloaded" in log.read_text())
        server.send_signal(signal.SIGTERM)

        assert server.wait(STOP_DEADLINE_S) == 0
    finally:
        server.kill()
        server.wait()
