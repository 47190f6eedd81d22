"""Which clients on this machine need no access token: programs that relay for no other client."""

import contextlib
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from facestream.web.auth.local_programs import Programs, end_of
from tests.conftest import ROOT
from tests.times import seconds

# Forwards one connection and stops listening: `socat TCP-LISTEN:...` without fork.
ONE_TIME = """
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
near, _ = listener.accept()
listener.close()
far = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def copy(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)
threading.Thread(target=copy, args=(near, far)).start()
copy(far, near)
"""
ASK = b"GET /config HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def port_of(url: str) -> int:
    return int(urlsplit(url).port or 0)


def auth_through(port: int) -> str:
    """Whether the page needs a token, according to GET /config through a port of this machine."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(ASK)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["auth"])


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[str]:
    """Run a Python program as the same user; yields its first line of output."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()


def test_a_program_on_this_machine_needs_no_token(server_url: str):
    assert auth_through(port_of(server_url)) == "none"


def test_curl_needs_no_token(server_url: str):
    curl = shutil.which("curl")
    if curl is None:
        pytest.fail("curl is missing; run `apt-get install curl`")
    said = subprocess.run(
        [curl, "--silent", f"{server_url}/config"], capture_output=True, timeout=seconds(20), check=True
    )

    assert json.loads(said.stdout)["auth"] == "none"


def test_a_client_behind_a_forwarder_of_the_same_user_needs_a_token(server_url: str):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = str(ROOT / "tests" / "net" / "forward.py")
    with program(script, f"127.0.0.1:{port}", f"127.0.0.1:{port_of(server_url)}"):
        assert auth_through(port) == "token"


def test_a_client_behind_a_forwarder_that_no_longer_listens_needs_a_token(server_url: str):
    with program("-c", ONE_TIME, str(port_of(server_url))) as said:
        assert auth_through(int(said)) == "token"


def test_a_program_that_also_listens_needs_a_token(server_url: str):
    # For example a web application that fetches URLs for its clients.
    with socket.create_server(("127.0.0.1", 0)):
        assert auth_through(port_of(server_url)) == "token"


def test_many_requests_at_once_get_the_same_answer(server_url: str):
    with ThreadPoolExecutor(8) as at_once:
        assert set(at_once.map(lambda _: auth_through(port_of(server_url)), range(40))) == {"none"}


CONNECT = (
    "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); sys.stdin.read()"
)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_real_system_tells_a_client_from_a_relay(host: str):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        own = listener.getsockname()
        with subprocess.Popen(
            [sys.executable, "-c", CONNECT, host, str(own[1])], stdin=subprocess.PIPE
        ) as program:
            connection, its_end = listener.accept()
            with connection:
                assert Programs.look().is_not_a_relay(end_of(its_end), end_of(own))
            assert program.stdin is not None
            program.stdin.close()
        # This very process listens.
        with socket.create_connection((host, own[1])) as mine:
            assert not Programs.look().is_not_a_relay(end_of(mine.getsockname()), end_of(own))


# A system without /proc, such as macOS.
WITHOUT_PROC = """
import sys
from facestream.web.auth import local_programs, policy
policy.can_tell_programs = lambda: False
local_programs.Programs.look = local_programs.Programs.none
local_programs.ProgramLookup.__init__.__defaults__ = (local_programs.Programs.none,)
from facestream.cli.start import main
sys.exit(main(["serve", "--host", "127.0.0.1", "--port", "0", "--analysis-processes", "0", "--tls", "off"]))
"""


def status_of_offer(url: str, token: str) -> int:
    """The status of an empty offer: 401 without a valid token, 400 with one."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{url}/offer", b"{}", headers)
    try:
        with urllib.request.urlopen(request, timeout=seconds(10)) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_where_the_system_does_not_show_programs_the_terminal_shows_a_valid_link(tmp_path: Path):
    terminal, program_end = pty.openpty()
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WITHOUT_PROC],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=program_end, stderr=log,
        )  # fmt: skip
        os.close(program_end)
        printed = b""
        try:
            while not (link := re.search(rb"(http://localhost:\d+)/#token=([\w.-]+)\r?\n", printed)):
                printed += os.read(terminal, 4096)
            url, token = link[1].decode(), link[2].decode()

            assert status_of_offer(url, "") == 401
            assert status_of_offer(url, token) == 400
        finally:
            process.terminate()
            process.wait(seconds(30))
            os.close(terminal)
        log.seek(0)
        assert token not in log.read()
