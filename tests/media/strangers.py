"""Many raw sockets that send arbitrary bytes."""

import contextlib
import resource
import select
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.conftest import RunningServer
from tests.times import seconds

HEAD = "HTTP/1.1\r\nHost: localhost\r\n"
UPGRADE = (
    f"GET /pictures {HEAD}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


class Stranger:
    """One non-blocking socket; keeps what it receives."""

    def __init__(self, url: str, sent: bytes = b"") -> None:
        host, port = urlsplit(url).hostname, urlsplit(url).port
        assert host is not None
        assert port is not None
        self.socket = socket.create_connection((host, port), timeout=seconds(5))
        self.socket.setblocking(False)
        self.heard = b""
        self.closed = False
        self.send(sent)

    def send(self, data: bytes) -> int:
        """Send without waiting; returns the number of bytes sent, 0 if the socket is full or closed."""
        try:
            return self.socket.send(data) if data else 0
        except BlockingIOError:
            return 0
        except OSError:
            self.closed = True
            return 0

    def look(self) -> None:
        """Read what has arrived."""
        try:
            while chunk := self.socket.recv(65536):
                self.heard += chunk
            self.closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True

    def close(self) -> None:
        self.socket.close()


@contextlib.contextmanager
def strangers(url: str, count: int, sent: bytes = b"") -> Iterator[list[Stranger]]:
    """Open `count` sockets; raises the limit of open files of this process meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    connections: list[Stranger] = []
    try:
        # A generator, so that after an error the sockets before it are closed.
        connections.extend(Stranger(url, sent) for _ in range(count))
        yield connections
    finally:
        for each in connections:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def wait_closed(connections: Sequence[Stranger], within_s: float, drip: bytes = b"") -> float:
    """Wait until the server has closed all; returns the seconds that took. Meanwhile, send `drip` repeatedly."""
    started_s = time.monotonic()
    while True:
        for each in connections:
            each.look()
        left = [each for each in connections if not each.closed]
        took_s = time.monotonic() - started_s
        if not left:
            return took_s
        assert took_s < within_s, f"{len(left)} of {len(connections)} open after {took_s:.1f} s"
        for each in left:
            each.send(drip)
        select.select([each.socket for each in left[:500] if each.socket.fileno() < 1024], [], [], 0.1)


def send_all(connections: Sequence[Stranger], data: bytes, within_s: float) -> None:
    """Send the data on each connection, as far as the server reads."""
    deadline_s = time.monotonic() + within_s
    left = {each: memoryview(data) for each in connections}
    while left and time.monotonic() < deadline_s:
        for each in list(left):
            left[each] = left[each][each.send(bytes(left[each][:262_144])) :]
            if each.closed or not left[each]:
                del left[each]


def resident_mb(running: RunningServer) -> float:
    pages = int(Path(f"/proc/{running.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def open_files(running: RunningServer) -> int:
    return len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))
