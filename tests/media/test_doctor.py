"""`facestream doctor` as a user runs it: on working servers, and on programs that are not facestream servers."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, running_server
from tests.net.coturn import COTURN_READY, SECRET, coturn_command, free_ports, make_certificate
from tests.net.hosts import started
from tests.times import seconds

DEADLINE_S = seconds(90)
Findings = dict[str, dict[str, str]]


def run_doctor(*arguments: str, **settings: str) -> tuple[int, Findings]:
    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "doctor", "--json", *arguments],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr
    report = json.loads(ended.stdout)
    assert report["ok"] == (ended.returncode == 0)
    findings: Findings = {}
    for finding in report["findings"]:
        name = finding["check"]
        findings[f"{name} 2" if name in findings else name] = finding
    return ended.returncode, findings


def test_a_working_machine_passes_the_media_check_with_its_own_server():
    code, findings = run_doctor(FACESTREAM_PORT="0", FACESTREAM_ANALYSIS_PROCESSES="1")

    assert code == 0, findings
    assert "face found" in findings["media"]["found"]
    assert {
        "python",
        "libraries",
        "models",
        "page libraries",
        "http port",
        "addresses",
        "ready",
    } <= findings.keys()


def test_a_running_server_is_checked_as_a_client_sees_it(server_url: str):
    code, findings = run_doctor("--url", server_url)

    assert code == 0, findings
    assert "face found" in findings["media"]["found"]
    assert "a WebSocket gets through" in findings["compatibility mode"]["found"]
    assert "models" not in findings


def test_a_required_certificate_or_token_is_named_and_accepted_as_an_option(tmp_path: Path):
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("a-token-of-the-test\n")
    make = [sys.executable, "-m", "facestream", "certs", "--certs-dir", str(tmp_path)]
    subprocess.run(make, cwd=ROOT, check=True, capture_output=True, timeout=DEADLINE_S)
    asking = ("--auth", "token", "--tokens-file", str(tokens), "--tls", "auto", "--certs-dir", str(tmp_path))
    with running_server(tmp_path / "server.log", *asking, "--analysis-processes", "1") as running:
        address = ("--url", running.url)
        trusting = (*address, "--cafile", str(tmp_path / "ca.pem"))

        _, without_trust = run_doctor(*address)
        _, without_token = run_doctor(*trusting)
        code, with_token = run_doctor(*trusting, "--token-file", str(tokens))

    assert "certificate of the server is not trusted" in without_trust["server"]["found"]
    assert "token" in without_token["media"]["found"]
    assert "--token-file" in without_token["media"]["remedy"]
    assert code == 0, with_token
    assert "https" in with_token["secure context"]["found"]


def test_the_text_has_a_line_for_each_finding_and_a_summary(other_program: str):
    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "doctor", "--url", other_program],
        cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip

    first, remedy, total = ended.stdout.splitlines()
    assert first.startswith("error    server: responds, but is not a facestream server")
    assert remedy.startswith("         -> check host and port")
    assert total == "ok: 0, warning: 0, error: 1"


def test_without_a_server_it_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    code, findings = run_doctor("--url", f"http://127.0.0.1:{port}")

    assert code == 1
    assert "start it" in findings["server"]["remedy"]


class Other(http.server.BaseHTTPRequestHandler):
    """A program that is not facestream."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<p>hello")

    def log_message(self, format: str, *_: object) -> None:
        pass


@pytest.fixture
def other_program() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


def test_another_program_is_not_accepted_as_a_server(other_program: str):
    code, findings = run_doctor("--url", other_program)

    assert code == 1
    assert "is not a facestream server" in findings["server"]["found"]


def test_an_invalid_address_is_reported_in_one_sentence():
    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "doctor", "--url", "nowhere"],
        cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert "expected one like" in ended.stderr


@pytest.fixture
def coturn_port(tmp_path: Path) -> Iterator[int]:
    port, tls_port = free_ports(2)
    certificate = make_certificate(tmp_path / "turn.pem", "127.0.0.1")
    command = coturn_command(certificate, "127.0.0.1", allowed=(), port=port, tls_port=tls_port)
    with started(tmp_path / "coturn.log", *command, said=COTURN_READY):
        yield port


def test_each_turn_server_gets_an_allocation_request(coturn_port: int):
    (dead_port,) = free_ports(1)

    code, findings = run_doctor(
        FACESTREAM_PORT="0",
        FACESTREAM_ANALYSIS_PROCESSES="1",
        FACESTREAM_SERVER_ICE_SERVER=f"turn:127.0.0.1:{coturn_port},turn:127.0.0.1:{dead_port}?transport=tcp",
        FACESTREAM_TURN_SECRET=SECRET,
    )

    alive, dead = findings["ice server"], findings["ice server 2"]
    assert code == 1
    assert alive["verdict"] == "ok"
    assert f"turn:127.0.0.1:{coturn_port}: works" in alive["found"]
    assert f"nothing listens on TCP port {dead_port}" in dead["found"]
    assert "docs/deploy" in dead["remedy"]
