"""For any bytes that a client sends to any route, the server responds below 500 and logs next to nothing."""

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from facestream.web.http.protocol import MAX_HEAD_BYTES
from facestream.web.routes import health, jpeg_socket, metrics, page, sessions
from tests.conftest import RunningServer, running_server
from tests.times import seconds

ADMIN = "an-admin-token-of-our-own"
ANSWER_DEADLINE_S = seconds(10.0)
MAX_LOG_BYTES = 200  # per request, on average
TABLES = (page, sessions, jpeg_socket, health, metrics)
ROUTES = sorted({(route.method, route.path) for part in TABLES for route in part.routes})
# Headers that the routes and aiohttp read, and those that decide whether a client is local.
HEADERS = (
    b"Accept", b"Accept-Encoding", b"Access-Control-Request-Method", b"Authorization", b"CF-Connecting-IP",
    b"Connection", b"Content-Encoding", b"Content-Type", b"Cookie", b"Expect", b"Forwarded", b"If-Match",
    b"If-Modified-Since", b"If-None-Match", b"If-Range", b"If-Unmodified-Since", b"Origin", b"Range", b"Referer",
    b"Sec-WebSocket-Extensions", b"Sec-WebSocket-Key", b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Version",
    b"Upgrade", b"User-Agent", b"Via", b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto",
    b"X-Session-Secret",
)  # fmt: skip
WORTH_TRYING = (
    b"", b"\xff", b"\xed\xa0\x80", "\u2100".encode(), b"Bearer \xff", b"Bearer", b"http://[", b"http://\xff",
    b"http://a:b", b"null", b"gzip", b"deflate", b"br", b"\xff/\xfe", b"application/json; charset=\xff",
    b"application/json; charset=utf-7", b"application/trickle-ice-sdpfrag", b"bytes=9999999999999999999999-",
    b"bytes=-0", b"bytes=a-b", b"bytes=0-1,3-4", b"bytes=" + "\u0661".encode() + b"-2",
    b"Mon, 99 Foo 99999 99:99:99 GMT", b"Fri, 31 Dec 9999 23:59:59 GMT", b"Sun, 06 Nov " + b"9" * 20 + b" 08:49:37 GMT",
    b'"\xff"', b'W/"', b"[::1", b"[::1]x",
    b"localhost:99999999", b"unknown", b"9" * 5000, b"websocket", b"upgrade", b"13", b"dGhlIHNhbXBsZSBub25jZQ==",
    b"permessage-deflate; client_max_window_bits=99", b"permessage-deflate;;=", b"\x01\x1b[2J",
)  # fmt: skip
WITHOUT_LINES = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n"))
VALUES = st.one_of(st.sampled_from(WORTH_TRYING), WITHOUT_LINES)
NAMES = st.one_of(
    st.sampled_from(HEADERS),
    # These frame the request; a wrong value only makes the server wait for more bytes.
    WITHOUT_LINES.filter(lambda name: name.strip().lower() not in {b"content-length", b"transfer-encoding"}),
)
SEGMENTS = st.one_of(
    st.sampled_from(
        (
            b"%ff",
            b"%00",
            b"%2e%2e/%2e%2e",
            b"a" * 256,
            b"a" * 5000,
            b"%zz",
            b"\xff",
            b"%ed%a0%80",
            b"",
            b"?a=%ff",
        )
    ),
    WITHOUT_LINES,
)
BODIES = st.one_of(
    st.sampled_from(
        (b"", b"{}", b"\x1f\x8b\x08notgzip", b'{"sdp": "\\ud800", "type": "offer"}', b"\xff" * 200)
    ),
    st.binary(max_size=80),
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that checks every kind of token and origin."""
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "admins").write_text(ADMIN)
    arguments = (
        "--analysis-processes", "0", "--admin-tokens-file", str(folder / "admins"),
        "--allowed-origins", "https://friend.example", "--new-sessions-per-minute", "6000",
    )  # fmt: skip
    with running_server(folder / "server.log", *arguments) as running:
        yield running


def answer(url: str, request: bytes) -> bytes:
    """The start of the response, up to the end of its headers."""
    parts = urlsplit(url)
    with socket.create_connection(
        (str(parts.hostname), int(parts.port or 0)), ANSWER_DEADLINE_S
    ) as connection:
        got = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
            while b"\r\n\r\n" not in got and (more := connection.recv(65536)):
                got += more
        return got


def status(url: str, request: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", got := answer(url, request))
    assert found, got
    return int(found[1])


def http(method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    lines = [
        method + b" " + path + b" HTTP/1.1",
        b"Host: localhost",
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


@contextlib.contextmanager
def next_to_nothing_logged(log: Path, requests: int = 1) -> Iterator[None]:
    before = log.stat().st_size
    yield
    said = log.read_bytes()[before:]
    assert b"Traceback" not in said
    assert len(said) <= MAX_LOG_BYTES * requests, said


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_bytes_cause_a_fault_in_a_route(strict: RunningServer, method: str, path: str):
    tried = 0

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(segment=SEGMENTS, headers=st.lists(st.tuples(NAMES, VALUES), max_size=4), body=BODIES)
    @example(
        segment=b"x",
        headers=[(b"X-Forwarded-For", b"203.0.113.9"), (b"Authorization", b"Bearer \xff")],
        body=b"{}",
    )
    @example(segment=b"x", headers=[(b"Origin", b"http://[")], body=b"{}")
    @example(segment=b"x", headers=[(b"Content-Encoding", b"gzip")], body=b"notgzip")
    def tries(segment: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        nonlocal tried
        tried += 1
        filled = re.sub(rb"\{[^{}]+\}", lambda _: segment, path.encode())
        assert 100 <= status(strict.url, http(method.encode(), filled, headers, body)) < 500

    with next_to_nothing_logged(strict.log, 60):
        tries()
    assert tried > 50


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_value_causes_a_fault_in_a_route(strict: RunningServer, header: bytes):
    with next_to_nothing_logged(strict.log, len(WORTH_TRYING)):
        for value in WORTH_TRYING:
            for method, path in ((b"POST", b"/offer"), (b"GET", b"/js/main.js")):
                assert status(strict.url, http(method, path, [(header, value)], b"{}")) < 500, value


@pytest.mark.parametrize("value", WORTH_TRYING)
def test_no_websocket_handshake_causes_a_fault(strict: RunningServer, value: bytes):
    right = {
        b"Upgrade": b"websocket", b"Connection": b"Upgrade", b"Sec-WebSocket-Version": b"13",
        b"Sec-WebSocket-Key": b"dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Extensions": b"",
        b"Sec-WebSocket-Protocol": b"",
    }  # fmt: skip
    with next_to_nothing_logged(strict.log, len(right)):
        for name in right:
            assert (
                status(strict.url, http(b"GET", b"/pictures", [*({**right, name: value}).items()])) < 500
            ), name


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nabcdeXX", b"-1\r\n\r\n", b"fffffffffffffffff\r\n"])
@pytest.mark.parametrize("path", [b"POST /offer", b"POST /sessions/x/bye", b"PATCH /sessions/x"])
def test_a_body_with_invalid_chunks_is_rejected(strict: RunningServer, path: bytes, body: bytes):
    head = (
        path
        + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    with next_to_nothing_logged(strict.log):
        assert 200 <= status(strict.url, head + body) < 500


def padded(line: bytes, size: int) -> bytes:
    """A request without a body whose head has this many bytes, in lines of 4,000 at most."""
    head = line + b" HTTP/1.1\r\nHost: localhost\r\n"
    while (left := size - len(head) - 2) > 0:
        head += b"X: ".ljust(min(left, 4000) - 2, b"9") + b"\r\n"
    return head + b"\r\n"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (padded(b"GET /", MAX_HEAD_BYTES), 200),
        (padded(b"GET /", MAX_HEAD_BYTES + 10), 431),
        (padded(b"GET /", 79_000), 431),
        (b"\r\n\r\n" + padded(b"GET /", 79_000), 431),
        (http(b"GET", b"/", [(b"Cookie", b"a=" + b"9" * 30_000)]), 200),
        (http(b"GET", b"/", [(b"Cookie", b"a=" + b"9" * 40_000)]), 431),
    ],
    ids=["at the limit", "above", "far above", "after empty lines", "one long line", "one line that is too long"],
)  # fmt: skip
def test_the_head_is_bounded_even_if_it_arrives_in_one_piece(
    strict: RunningServer, head: bytes, expected: int
):
    assert status(strict.url, head) == expected


def test_a_body_that_arrives_with_its_head_does_not_count_as_head(strict: RunningServer):
    offer = http(b"POST", b"/offer", [(b"Content-Type", b"application/json")], b"9" * 2 * MAX_HEAD_BYTES)

    assert status(strict.url, offer) == 400


@pytest.mark.parametrize("size", [100_000, 1_200_000])
def test_the_rest_of_a_body_that_is_too_large_is_no_head_of_another_request(strict: RunningServer, size: int):
    connection = HTTPConnection(urlsplit(strict.url).netloc, timeout=seconds(20))
    for _ in range(3):
        connection.request("POST", "/offer", b"9" * size, {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["code"]) == (413, "offer_too_large")
    connection.request("GET", "/config")
    response = connection.getresponse()
    assert response.status == 200
    response.read()
    connection.close()


def test_requests_that_arrive_together_are_bounded_one_by_one(strict: RunningServer):
    parts = urlsplit(strict.url)
    with socket.create_connection(
        (str(parts.hostname), int(parts.port or 0)), ANSWER_DEADLINE_S
    ) as connection:
        connection.sendall(
            padded(b"HEAD /", 20_000)
            + padded(b"HEAD /", 20_000).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        )
        got = b""
        while more := connection.recv(65536):
            got += more

    assert got.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\xff\xfe \xff \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"9" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: 9\r\n" * 10_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: \xff\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://\xe2\x84\x80.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //evil.example:99999999/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://xn--a/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT xn--a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT [::1:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_malformed_http_is_rejected(strict: RunningServer, sent: bytes):
    with next_to_nothing_logged(strict.log):
        got = answer(strict.url, sent)

    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", got)
    assert not got or (found and int(found[1]) < 500), got


@pytest.mark.parametrize("path", [b"POST /offer", b"POST /sessions/x/bye"])
def test_a_client_that_disconnects_within_its_body_is_not_logged_as_a_fault(
    strict: RunningServer, path: bytes
):
    parts = urlsplit(strict.url)
    head = (
        path
        + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )

    with next_to_nothing_logged(strict.log):
        with socket.create_connection(
            (str(parts.hostname), int(parts.port or 0)), ANSWER_DEADLINE_S
        ) as leaving:
            leaving.sendall(head)
        # The response comes after the server has noticed the disconnect.
        assert status(strict.url, http(b"GET", b"/healthz", [])) == 200


@pytest.mark.parametrize(
    "name", [b"a" * 256, b"%00", b"..%2f..%2fserver.py", b"%2e%2e/%2e%2e/server.py", b"", b"/etc/passwd"]
)
@pytest.mark.parametrize("folder", [b"js", b"css", b"vendor"])
def test_a_file_that_the_page_does_not_have_is_not_found(strict: RunningServer, folder: bytes, name: bytes):
    assert status(strict.url, http(b"GET", b"/" + folder + b"/" + name, [])) == 404


def test_a_client_cannot_forge_a_log_line(strict: RunningServer):
    with next_to_nothing_logged(strict.log):
        answer(strict.url, http(b"GET", b"/vendor/%0a2026-01-01 00:00:00,000 INFO forged%1b[2J", []))
        answer(strict.url, http(b"GET", b"/%0aforged", [(b"X-Forwarded-For", b"\x1b[2Jforged")]))

    assert b"forged" not in strict.log.read_bytes()
