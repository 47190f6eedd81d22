"""Runs a real coturn with the configuration of docs/deploy/turn.md and a self-signed certificate."""

import contextlib
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

SECRET = "north"
COTURN_READY = "SQLite DB connection success"  # its last log line at the start


def turnserver() -> str:
    path = shutil.which("turnserver")
    if path is None:
        pytest.fail("coturn is missing; on Debian `apt-get install coturn`")
    return path


def coturn_command(
    certificate: Path,
    *listening: str,
    allowed: tuple[str, ...],
    port: int = 3478,
    tls_port: int = 5349,
) -> list[str]:
    """The command for the documented coturn at these addresses; it relays from the last one and logs to stdout only."""
    page = (ROOT / "docs" / "deploy" / "turn.md").read_text(encoding="utf-8")
    conf = page.split("```conf\n")[1].split("```")[0]
    for documented, tried in {
        "listening-ip=203.0.113.7": "\n".join(f"listening-ip={address}" for address in listening),
        "relay-ip=203.0.113.7": f"relay-ip={listening[-1]}",
        "allowed-peer-ip=203.0.113.7": "\n".join(f"allowed-peer-ip={address}" for address in allowed),
        "tls-listening-port=5349": f"tls-listening-port={tls_port}",
        "\nlistening-port=3478": f"\nlistening-port={port}",
        "static-auth-secret=CHANGE-ME": f"static-auth-secret={SECRET}",
        "/etc/ssl/faces.example.org/fullchain.pem": str(certificate),
        "/etc/ssl/faces.example.org/privkey.pem": str(certificate.with_suffix(".key")),
    }.items():
        assert len(re.findall(re.escape(documented), conf)) == 1, documented
        conf = conf.replace(documented, tried)
    file = certificate.with_suffix(".conf")
    file.write_text(f"{conf}\nlog-file=stdout\nsimple-log\nuserdb={certificate.with_suffix('.db')}\n")
    return [turnserver(), "-c", str(file), "--pidfile="]


def free_ports(count: int) -> list[int]:
    """Ports of loopback that are free now."""
    with contextlib.ExitStack() as sockets:
        taken = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def make_certificate(path: Path, *addresses: str) -> Path:
    """Write a self-signed certificate for these addresses, and its key beside it."""
    names = ",".join(f"IP:{address}" for address in addresses)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=facestream test", "-addext", f"subjectAltName={names}",
            "-out", str(path), "-keyout", str(path.with_suffix(".key")),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return path
