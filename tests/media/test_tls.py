"""The server over HTTPS, with a certificate made by `facestream certs`."""

import asyncio
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facestream.credentials.certificates import make_certificate, names_of_this_machine
from facestream.errors import ConfigError, ServerUnreachableError
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from facestream.web.jpeg_peers import unsent_bytes
from facestream.web.tls import Certificate
from tests.conftest import ROOT, RunningServer, running_server
from tests.times import seconds

NAMES = names_of_this_machine([])


def serve_with(folder: Path, log: Path):
    settings = "--tls", "auto", "--certs-dir", str(folder), "--analysis-processes", "1"
    return running_server(log, *settings)


def shake_hands(
    url: str, authority: Path, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> tuple[str, int]:
    """The negotiated TLS version and the serial number of the certificate."""
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = context.maximum_version = version
    port = int(url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=seconds(5)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        shown = tls.getpeercert()
        assert shown is not None
        return tls.version() or "", int(str(shown["serialNumber"]), 16)


async def test_a_peer_that_trusts_the_authority_is_served_and_another_is_not(tmp_path: Path, media_dir: Path):
    made = make_certificate(tmp_path / "certs", NAMES)
    clip = media_dir / "single_face.mp4"
    with serve_with(tmp_path / "certs", tmp_path / "server.log") as running:
        assert running.url.startswith("https://")

        async with ReplayPeer(ReplayOptions(clip, running.url, cafile=made.authority)) as peer:
            reports = await peer.receive_reports(5)
        with pytest.raises(ServerUnreachableError, match=r"(?i)certificate"):
            async with ReplayPeer(ReplayOptions(clip, running.url)):
                pass

    assert reports[-1].analysed


def test_after_sighup_a_renewed_certificate_is_used_and_an_invalid_one_is_not(tmp_path: Path):
    folder, log = tmp_path / "certs", tmp_path / "server.log"
    first = make_certificate(folder, NAMES)
    with serve_with(folder, log) as running:
        version, serial = shake_hands(running.url, first.authority)
        assert shake_hands(running.url, first.authority, ssl.TLSVersion.TLSv1_2) == ("TLSv1.2", serial)

        second = make_certificate(folder, NAMES)
        reload_files(running, log, "certificate reloaded from")
        renewed = shake_hands(running.url, second.authority)[1]
        first.key.write_text("no key")
        reload_files(running, log, "certificate not reloaded")

        assert (version, renewed != serial) == ("TLSv1.3", True)
        assert shake_hands(running.url, second.authority)[1] == renewed


def reload_files(running: RunningServer, log: Path, said: str) -> None:
    running.process.send_signal(signal.SIGHUP)
    deadline_s = time.monotonic() + seconds(10)
    while said not in log.read_text():
        assert time.monotonic() < deadline_s, log.read_text()
        time.sleep(0.05)


def test_versions_older_than_tls_1_2_are_rejected(tmp_path: Path):
    made = make_certificate(tmp_path, NAMES)

    context = Certificate(made.cert, made.key).context()

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_certificate_with_another_key_is_rejected_with_what_to_do(tmp_path: Path):
    one, other = make_certificate(tmp_path / "1", NAMES), make_certificate(tmp_path / "2", NAMES)

    with pytest.raises(ConfigError, match="facestream certs"):
        Certificate(one.cert, other.key).context()


def test_the_certs_command_writes_a_private_key_that_git_ignores(tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "certs", "--certs-dir", tmp_path / "new", "--name", "faces.example"],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert "faces.example" in ended.stdout
    assert (tmp_path / "new" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"
    # The private key of the authority is not kept.
    assert [path.name for path in (tmp_path / "new").iterdir() if "PRIVATE" in path.read_text()] == [
        "key.pem"
    ]


def test_openssl_accepts_the_certificate(tmp_path: Path):
    made = make_certificate(tmp_path, NAMES)

    ended = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost",
         "-CAfile", made.authority, made.cert],
        capture_output=True, text=True, timeout=seconds(30), check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr


async def test_a_tls_transport_that_was_closed_twice_holds_nothing_unsent(tmp_path: Path):
    made = make_certificate(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    trusting = ssl.create_default_context(cafile=made.authority)
    unsent: asyncio.Queue[int] = asyncio.Queue()

    async def close_twice(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.close()
        writer.transport.close()
        unsent.put_nowait(unsent_bytes(writer.transport))

    async with (
        asyncio.timeout(seconds(10)),
        await asyncio.start_server(close_twice, "127.0.0.1", 0, ssl=context) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        _, client = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
        )
        assert await unsent.get() == 0
        client.close()
