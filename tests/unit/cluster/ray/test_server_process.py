"""A child process that is kept running, with a program in place of the server."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facestream.cluster.ray import server_process
from facestream.cluster.ray.names import ServerState
from facestream.cluster.ray.server_process import ServerProcess
from tests.times import seconds

READY = """
import os, sys
os.write(int(sys.argv[-1]), b'{"urls": ["http://localhost:8123"]}\\n')
os.close(int(sys.argv[-1]))
sys.stdin.read()
"""
BROKEN = "import sys; sys.exit(2)"
HANGING = 'import sys, os, time\nos.write(int(sys.argv[-1]), b\'{"urls": ["http://localhost:1"]}\\n\')\ntime.sleep(600)'


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ServerProcess]]:
    monkeypatch.setattr(server_process, "FIRST_PAUSE_S", 0.01)
    made = []

    def make(program: str) -> ServerProcess:
        server = ServerProcess([sys.executable, "-c", program], {}, "10.0.0.5", "")
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.close()


def wait_for(holds: Callable[[], object]) -> None:
    ends_s = time.monotonic() + seconds(20)
    while not holds():
        assert time.monotonic() < ends_s
        time.sleep(0.01)


def test_a_server_is_reached_at_the_address_of_the_machine_and_the_port_that_it_says(
    kept: Callable[[str], ServerProcess],
):
    server = kept(READY)

    wait_for(lambda: server.report()["state"] == ServerState.RUNNING)

    assert server.report()["url"] == "http://10.0.0.5:8123"


def test_a_server_that_ends_by_itself_starts_again_and_the_code_is_kept(kept: Callable[[str], ServerProcess]):
    server = kept(BROKEN)

    wait_for(lambda: server.report()["starts"] >= 3)

    assert server.report()["error"] == "exit code 2"
    assert server.report()["url"] == ""


def test_a_stopped_server_has_seen_the_end_of_its_input_and_stays_away(kept: Callable[[str], ServerProcess]):
    server = kept(READY)
    wait_for(lambda: server.report()["state"] == ServerState.RUNNING)

    server.stop()

    wait_for(lambda: server.report()["state"] == ServerState.EMPTY)
    assert server.report() | {"starts": 0} == {
        "state": "empty", "url": "", "pid": 0, "starts": 0, "error": "", "sessions_left": 0,
    }  # fmt: skip


def test_a_server_that_does_not_stop_is_killed(
    kept: Callable[[str], ServerProcess], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_process, "STOP_LIMIT_S", 0.1)
    server = kept(HANGING)
    wait_for(lambda: server.report()["state"] == ServerState.RUNNING)

    server.stop()

    assert server.report()["pid"] == 0


def test_an_empty_node_starts_again_when_it_is_to(kept: Callable[[str], ServerProcess]):
    server = kept(READY)
    wait_for(lambda: server.report()["state"] == ServerState.RUNNING)
    server.stop()
    wait_for(lambda: server.report()["state"] == ServerState.EMPTY)

    server.start()

    wait_for(lambda: server.report()["state"] == ServerState.RUNNING)
    assert server.report()["starts"] == 2


def test_a_program_that_does_not_exist_is_an_error_like_any_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_process, "FIRST_PAUSE_S", 0.01)
    server = ServerProcess([str(Path("/nowhere/python"))], {}, "10.0.0.5", "")
    server.start()
    try:
        wait_for(lambda: server.report()["starts"] >= 2)

        assert "/nowhere/python cannot be started" in server.report()["error"]
    finally:
        server.close()
