"""The server closes idle and endless connections; other clients are unaffected."""

import asyncio
import json
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream import __version__
from facestream.credentials.certificates import make_certificate, names_of_this_machine
from facestream.ice.trickle import FRAGMENT_TYPE
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, RunningServer, running_server
from tests.media.sockets import socket_peer
from tests.media.strangers import (
    HEAD,
    UPGRADE,
    open_files,
    resident_mb,
    send_all,
    strangers,
    wait_closed,
)
from tests.media.test_server import analysis_pids
from tests.times import seconds

# One second instead of the default ten, so that the tests are short.
IMPATIENT = ("--request-deadline-s", "1", "--keep-alive-s", "1.5", "--analysis-processes", "0")
LATE_S = seconds(10.0)  # other tests may use the machine
ANSWERED_S = seconds(10.0)  # likewise; on an idle machine it takes milliseconds
OFFER = f"POST /offer {HEAD}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n".encode()
UNFINISHED = {
    "nothing": b"",
    "half a request line": b"GET / HT",
    "half a head": f"GET / {HEAD}X-Half: ".encode(),
    "an offer without its body": OFFER,
    "half an offer": OFFER + b"{",
    "a goodbye without its body": f"POST /sessions/x/bye {HEAD}Content-Length: 50\r\n\r\n".encode(),
    "a chunked goodbye": f"POST /sessions/x/bye {HEAD}Transfer-Encoding: chunked\r\n\r\n".encode(),
    "a rejected body": f"PUT /nothing {HEAD}Content-Length: 50000\r\n\r\n.".encode(),
    "candidates for an unknown session": f"PATCH /sessions/x {HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n".encode(),
    "a pause after an answer": f"GET /healthz {HEAD}\r\n".encode(),
    "a websocket that never opens": UPGRADE,
    "half a websocket frame": UPGRADE + b"\x81\xfe\x04\x00",
}
STATUSES = {
    "an offer without its body": 408,
    "half an offer": 408,
    "a goodbye without its body": 408,
    "a chunked goodbye": 408,
    "a rejected body": 404,
    "candidates for an unknown session": 404,
    "a pause after an answer": 200,
    "a websocket that never opens": 101,
    "half a websocket frame": 101,
}


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("impatient") / "server.log", *IMPATIENT) as running:
        yield running


@pytest.mark.parametrize("kind", UNFINISHED)
def test_an_unfinished_request_is_closed(impatient: RunningServer, kind: str):
    with strangers(impatient.url, 1, UNFINISHED[kind]) as (stranger,):
        wait_closed([stranger], LATE_S)

    said = f"HTTP/1.1 {STATUSES[kind]} " if kind in STATUSES else ""
    assert stranger.heard.decode(errors="replace").startswith(said)
    assert bool(stranger.heard) is bool(said)
    assert "Traceback" not in impatient.log.read_text()


@pytest.mark.parametrize(
    "kind", ["half a head", "half an offer", "a chunked goodbye", "half a websocket frame"]
)
def test_further_bytes_do_not_extend_the_deadline(impatient: RunningServer, kind: str):
    with strangers(impatient.url, 1, UNFINISHED[kind]) as (stranger,):
        wait_closed([stranger], LATE_S, drip=b"0")


async def test_unfinished_candidates_are_answered_with_a_timeout(impatient: RunningServer):
    offer = {"sdp": (ROOT / "tests" / "data" / "chrome_offer.sdp").read_bytes().decode(), "type": "offer"}
    async with aiohttp.ClientSession() as http, http.post(f"{impatient.url}/offer", json=offer) as answer:
        opened = await answer.json()
    head = (
        f"PATCH /sessions/{opened['session_id']} {HEAD}X-Session-Secret: {opened['secret']}\r\n"
        f"Content-Type: {FRAGMENT_TYPE}\r\nContent-Length: 100\r\n\r\na=mid:0"
    )

    with strangers(impatient.url, 1, head.encode()) as (stranger,):
        await asyncio.to_thread(wait_closed, [stranger], LATE_S)

    assert stranger.heard.startswith(b"HTTP/1.1 408 ")
    assert json.loads(stranger.heard.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_an_endless_head_is_rejected_before_it_is_large(impatient: RunningServer):
    line = f"X-Fill: {'a' * 4000}\r\n".encode()
    with strangers(impatient.url, 1, f"GET / {HEAD}".encode()) as (stranger,):
        send_all([stranger], line * 20, 1)
        wait_closed([stranger], LATE_S)

    assert stranger.heard.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("path", "requests", "count"), [("/vendor/d3.min.js", 2000, 20), ("/config", 1000, 5)]
)
def test_connections_with_unread_responses_use_little_memory_and_are_closed(
    impatient: RunningServer, path: str, requests: int, count: int
):
    files, before_mb = open_files(impatient), resident_mb(impatient)
    with strangers(impatient.url, 1, f"GET {path} {HEAD}Connection: close\r\n\r\n".encode()) as (reader,):
        wait_closed([reader], LATE_S)
    assert reader.heard.startswith(b"HTTP/1.1 200 ")
    with strangers(impatient.url, count) as connections:
        send_all(connections, f"GET {path} {HEAD}\r\n".encode() * requests, 1)

        # This process reads nothing, so only the server shows that they are closed.
        deadline_s, grown_mb = time.monotonic() + 2 * LATE_S, 0.0
        while open_files(impatient) > files:
            assert time.monotonic() < deadline_s, f"{open_files(impatient)} files, {files} before"
            grown_mb = max(grown_mb, resident_mb(impatient) - before_mb)
            time.sleep(0.05)

    assert grown_mb < 40
    assert "Traceback" not in impatient.log.read_text()


def test_pipelined_requests_are_all_answered(impatient: RunningServer):
    ask = f"GET /js/main.js {HEAD}\r\n".encode()
    last = f"GET /healthz {HEAD}Connection: close\r\n\r\n".encode()
    with strangers(impatient.url, 1) as (stranger,):
        for _ in range(4):
            send_all([stranger], ask * 50, 5)
            stranger.look()
        send_all([stranger], last, 5)
        wait_closed([stranger], LATE_S)

    assert stranger.heard.count(b"HTTP/1.1 200 OK") == 201
    assert b'"sessions"' in stranger.heard[-500:]


def test_an_unfinished_tls_handshake_is_closed(tmp_path: Path):
    made = make_certificate(tmp_path / "certs", names_of_this_machine([]))
    tls = "--tls", "auto", "--certs-dir", str(made.cert.parent)
    with (
        running_server(tmp_path / "server.log", *IMPATIENT, *tls) as running,
        strangers(running.url, 2) as connections,
    ):
        connections[1].send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        wait_closed(connections, LATE_S)

    assert running.log.read_text() == ""


async def test_before_its_session_a_websocket_is_buffered_only_a_little(impatient: RunningServer):
    before_mb = resident_mb(impatient)
    frame = b"\x81\xff" + struct.pack("!Q", 2_097_152) + bytes(4) + bytes(2_000_000)
    with strangers(impatient.url, 150, UPGRADE) as connections:
        await asyncio.to_thread(send_all, connections, frame, 5)
        grown_mb = resident_mb(impatient) - before_mb
        await asyncio.to_thread(wait_closed, connections, LATE_S)

    assert grown_mb < 40


async def test_a_first_message_that_is_too_large_gets_a_close_code(impatient: RunningServer):
    async with socket_peer(impatient.url) as peer:
        await peer.socket.send_json({"type": "open", "token": "x" * 6000})

        assert await peer.wait_closed() == 1009


async def test_a_socket_that_is_closed_for_too_much_data_gets_no_session(impatient: RunningServer):
    before = impatient.log.read_text().count(": opened")
    async with socket_peer(impatient.url) as peer:
        await peer.socket.send_json({"type": "open"})
        await peer.socket.send_bytes(bytes(6000))
        first = await peer.socket.receive()
        await peer.socket.close()

    # A fast server opens the session before it gets the second message.
    opened = impatient.log.read_text().count(": opened") - before
    assert opened == (0 if first.type is aiohttp.WSMsgType.CLOSE else 1)


async def test_the_longest_token_fits_into_the_first_message(impatient: RunningServer):
    async with socket_peer(impatient.url) as peer:
        opened = await peer.open(token="x" * 4096, resume="y" * 100)

        assert opened["type"] == "opened"


async def test_a_session_over_a_websocket_outlives_the_deadlines(impatient: RunningServer):
    async with socket_peer(impatient.url) as peer:
        await peer.open()
        for number in range(1, 9):
            await asyncio.sleep(0.4)
            await peer.socket.send_json({"type": "ping", "id": number})
            assert (await peer.reply("pong"))["id"] == number


async def ask(url: str) -> int:
    """The status; fails if the response takes too long."""
    timeout = aiohttp.ClientTimeout(total=ANSWERED_S)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
        await answer.read()
        return answer.status


async def test_a_session_continues_beside_1_600_idle_connections_with_1024_files_and_killed_workers(
    tmp_path: Path, media_dir: Path
):
    with running_server(tmp_path / "server.log", "--analysis-processes", "2", files=1024) as running:
        options = ReplayOptions(media_dir / "single_face.mp4", running.url, loop=True)
        async with ReplayPeer(options) as peer:
            await peer.receive_reports(5)
            logged = running.log.stat().st_size
            with (
                strangers(running.url, 1100),
                strangers(running.url, 200, UNFINISHED["half an offer"]),
                strangers(running.url, 300, UPGRADE),
            ):
                for path in ("/healthz", "/", "/js/main.js"):
                    assert await ask(running.url + path) == 200
                for worker in analysis_pids(running):
                    os.kill(worker, signal.SIGKILL)
                assert await ask(f"{running.url}/healthz") in {200, 503}
                await peer.receive_reports(5)
                async with ReplayPeer(options) as newcomer:
                    await newcomer.receive_frames(1)
                while not (await peer.receive_reports(1))[0].analysed:
                    pass

                # Two lines for the new session, some for the workers.
                assert running.log.stat().st_size - logged < 3000
                assert running.stop() == 0


async def test_without_a_free_descriptor_new_connections_wait_and_the_log_stays_small(
    impatient: RunningServer,
):
    pid, logged = impatient.process.pid, impatient.log.stat().st_size
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with strangers(
        impatient.url, 20, f"GET /healthz {HEAD}Connection: close\r\n\r\n".encode()
    ) as connections:
        await asyncio.to_thread(wait_closed, connections, LATE_S)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(impatient), before[1]))
    try:
        with strangers(impatient.url, 50, f"GET /healthz {HEAD}\r\n".encode()) as waiting:
            await asyncio.sleep(0.5)
            for each in waiting:
                each.look()
            assert not any(each.heard for each in waiting)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

            assert await ask(f"{impatient.url}/healthz") == 200
            await asyncio.to_thread(wait_closed, waiting, LATE_S)
            assert all(each.heard.startswith(b"HTTP/1.1 200 ") for each in waiting)
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

    assert impatient.log.stat().st_size - logged < 1000
    assert "new connections wait" in impatient.log.read_text()


def test_sigterm_ends_a_server_with_hundreds_of_open_connections(tmp_path: Path):
    with running_server(tmp_path / "server.log", "--analysis-processes", "0", files=1024) as running:
        unread = f"GET /vendor/d3.min.js {HEAD}\r\n".encode() * 100
        with (
            strangers(running.url, 300),
            strangers(running.url, 100, UNFINISHED["half an offer"]),
            strangers(running.url, 50, UPGRADE),
            strangers(running.url, 50, unread),
        ):
            started_s = time.monotonic()
            running.process.send_signal(signal.SIGTERM)

            assert running.process.wait(seconds(15)) == 0
            assert time.monotonic() - started_s < 10

    assert "Traceback" not in running.log.read_text()


async def test_a_client_that_disconnects_within_its_body_is_not_logged(impatient: RunningServer):
    logged = impatient.log.read_text()
    with strangers(impatient.url, 20, UNFINISHED["a goodbye without its body"]):
        assert await ask(f"{impatient.url}/healthz") == 200
    with strangers(impatient.url, 1, UNFINISHED["half an offer"]) as (stranger,):
        stranger.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert await ask(f"{impatient.url}/healthz") == 200

    assert impatient.log.read_text() == logged


@pytest.mark.parametrize(
    "sent",
    [
        f"GET / {HEAD}\r\n", f"GET /nothing {HEAD}\r\n", f"GET /healthz {HEAD}\r\n", f"GET /js/main.js {HEAD}\r\n",
        f"POST /offer {HEAD}\r\n", f"OPTIONS /offer {HEAD}Origin: https://x.example\r\n\r\n", "no HTTP\r\n\r\n",
        f"GET / {HEAD}Odd: \0\r\n\r\n", f"GET / {HEAD}X: {'a' * 9000}\r\n\r\n", UPGRADE.decode(),
    ],
)  # fmt: skip
def test_no_response_contains_a_version(impatient: RunningServer, sent: str):
    with strangers(impatient.url, 1, sent.encode()) as (stranger,):
        wait_closed([stranger], LATE_S)

    head = stranger.heard.partition(b"\r\n\r\n")[0].decode()
    assert "Server: facestream" in head.splitlines()
    assert "aiohttp" not in head
    assert "Python" not in head


async def read(url: str, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as http, http.get(url, headers=named) as answer:
        return await answer.text()


async def test_only_clients_on_this_machine_and_admins_see_the_version(tmp_path: Path):
    (tmp_path / "admins").write_text("a-token-of-an-admin\n")
    settings = "--admin-tokens-file", str(tmp_path / "admins"), "--metrics", "everyone"
    away, admin = {"X_Forwarded_For": "203.0.113.9"}, {"Authorization": "Bearer a-token-of-an-admin"}
    with running_server(tmp_path / "server.log", *IMPATIENT, *settings) as running:
        versions_shown = [
            ("version" in json.loads(await read(f"{running.url}/healthz", **who)),
             "facestream_build_info{" in await read(f"{running.url}/metrics", **who))
            for who in ({}, away, {**away, **admin}, {**away, "Authorization": "Bearer wrong-token-of-nobody"})
        ]  # fmt: skip

    # Whether a client is on this machine is looked up for the metrics only: /healthz must cost next to nothing.
    assert versions_shown == [(False, True), (False, False), (True, True), (False, False)]


async def test_the_openapi_description_does_not_contain_the_version_of_the_server(impatient: RunningServer):
    assert json.loads(await read(f"{impatient.url}/openapi.json"))["info"]["version"] != __version__
