"""Fixtures of all tests: the test media, and a real server in a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.times import seconds

pytest_plugins = ("tests.kinds", "tests.leftovers", "tests.processes")

ROOT = Path(__file__).resolve().parents[1]
START_DEADLINE_S = seconds(90.0)  # the models load from a cold disk, beside other tests
STOP_DEADLINE_S = seconds(20.0)
# Independent of certificates in certs/ and of the load by other tests; tests of TLS and admission override these.
STEADY = ("--tls", "off", "--min-fps", "0")
ON_LOOPBACK = ("--ice-address", "127.0.0.1", *STEADY)


def pytest_configure() -> None:
    # nohup and the background of a shell ignore these signals. A child would inherit that; a handler it does not.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-offers", action="store_true", help="write what the browsers offer into tests/data"
    )


def environment_of_the_checkout() -> dict[str, str]:
    """The environment of a program that a user starts in another folder with the Python that `make setup` prepared.

    If this Python belongs to another working tree, PYTHONPATH names this one.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if Path(sys.prefix).resolve().parent != ROOT:
        environment["PYTHONPATH"] = str(ROOT)
    return environment


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server process, its URL and its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """Send SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_DEADLINE_S)


@contextlib.contextmanager
def running_server(
    log: Path,
    *arguments: str,
    files: int = 0,
    program: Sequence[str] = (sys.executable, "server.py"),
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = None,
    steady: Sequence[str] = ON_LOOPBACK,
) -> Iterator[RunningServer]:
    """Run `python server.py` on a free port, as a user starts it; stops it at the end, and kills it after a deadline.

    `files` is the soft and hard limit of open files; 0 inherits the limit. `environment` and `stdin`: None inherits
    it. `steady`: the options of every server.
    """
    limit = ["prlimit", f"--nofile={files}:{files}"] if files else []
    said = log.with_suffix(".out")
    with log.open("w") as stderr, said.open("w") as stdout:
        process = subprocess.Popen(
            [
                *limit,
                *program,
                "--port",
                "0",
                *steady,
                *arguments,
            ],
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    try:
        yield RunningServer(_announced_url(process, said, log), process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _announced_url(process: subprocess.Popen[bytes], said: Path, log: Path) -> str:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if found := re.search(r"(https?)://localhost:(\d+)", said.read_text()):
            return f"{found[1]}://127.0.0.1:{found[2]}"
        time.sleep(0.05)
    pytest.fail(f"the server did not start (exit code {process.poll()}): {log.read_text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server, shared by all tests that do not change it."""
    with running_server(tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: RunningServer) -> str:
    return server.url


def has_begun(path: Path) -> bool:
    """Whether a command has written to this output, which has a hidden name until it is whole."""
    return any(part.stat().st_size > 0 for part in path.parent.glob(f".{path.name}.*"))


@pytest.fixture(scope="session")
def media_dir() -> Path:
    """The clips and images with faces; `make test-media` fetches them."""
    path = Path(os.environ.get("FACESTREAM_TEST_MEDIA", ROOT / "build" / "media"))
    if not (path / "single_face.mp4").is_file():
        pytest.fail(f"no test media in {path}; run `make test-media`")
    return path
