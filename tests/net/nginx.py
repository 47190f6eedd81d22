"""Runs Debian's nginx on a free port of loopback, with a `server` block of the test or of docs/deploy/nginx.md."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.times import seconds

START_DEADLINE_S = seconds(10.0)
PORT = "PORT"


def documented_block(number: int, folder: Path, upstream: str) -> str:
    """Block `number`, from 0, of docs/deploy/nginx.md, with the addresses of a test."""
    page = (ROOT / "docs" / "deploy" / "nginx.md").read_text(encoding="utf-8")
    block = page.split("```nginx\n")[number + 1].split("```")[0]
    for documented, tried in {
        "listen 443 ssl": f"listen 127.0.0.1:{PORT} ssl",
        "listen 80;": f"listen 127.0.0.1:{PORT};",
        "faces.example.org;": "localhost;",
        "/etc/ssl/faces.example.org/fullchain.pem": f"{folder}/cert.pem",
        "/etc/ssl/faces.example.org/privkey.pem": f"{folder}/key.pem",
        "http://127.0.0.1:8080": upstream,
    }.items():
        block = block.replace(documented, tried)
    return block


@contextlib.contextmanager
def running_nginx(folder: Path, server_block: str) -> Iterator[int]:
    """Run nginx with this `server` block, in which PORT is replaced by a free port; yields the port."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.fail("nginx is missing; run `apt-get install nginx-light`")
    port = free_port()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{ access_log off;\n{temporary}{server_block.replace(PORT, str(port))}}}\n"
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    )
    try:
        wait_for(port, process, folder / "error.log")
        yield port
    finally:
        process.terminate()
        process.wait(seconds(10))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nginx did not start: {log.read_text()}")
