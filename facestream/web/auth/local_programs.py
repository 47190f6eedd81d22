"""Detect whether the program at the other end of a loopback connection is a client or a relay.

A client can forge its headers, so this module reads /proc of Linux instead. It uses no network.
"""

import asyncio
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from weakref import WeakKeyDictionary

from facestream.web.auth.client_address import IPAddress, unmapped

BROWSERS = frozenset(
    {
        "brave", "chrome", "chrome-headless-shell", "chromium", "chromium-browser", "epiphany", "firefox",
        "firefox-bin", "firefox-esr", "floorp", "headless_shell", "librewolf", "msedge", "opera", "qtwebengineprocess",
        "vivaldi-bin", "waterfox", "webkitnetworkprocess", "wpenetworkprocess", "zen", "zen-bin",
    }
)  # fmt: skip
"""Executables that connect to many servers at once and do not relay."""

REST_S = 0.1
"""Pause between two readings of /proc."""
KNOWN_S = 10.0
"""How long a result holds for a connection, so that its further requests need no reading."""
_LISTENING = b"0A"
# sl, local address:port, remote address:port, state, queues, timer, retransmits, user, timeout, inode
_ROW = re.compile(
    rb"^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2})"
    rb" \S+ \S+ \S+ +\d+ +\d+ (\d+)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a TCP connection."""

    address: IPAddress
    port: int


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """A TCP socket of this machine."""

    local: End
    remote: End
    listens: bool


def end_of(name: tuple[str, int]) -> End:
    """An end from a socket's address tuple; that of IPv6 has two more items."""
    return End(unmapped(name[0]), name[1])


def can_tell_programs(proc: Path = Path("/proc")) -> bool:
    """Whether the system lists its TCP sockets, as Linux does."""
    return os.access(proc / "net" / "tcp", os.R_OK)


@dataclass(frozen=True, slots=True)
class Programs:
    """The ends of TCP connections that belong to clients, not to relays, at one moment."""

    clients: frozenset[tuple[End, End]]
    """Both ends of sockets, the own end first. All programs that hold such a socket are visible and do not relay."""

    @classmethod
    def look(cls, proc: Path = Path("/proc")) -> Self:
        """Read /proc; takes about 10 ms of a core, more where many sockets are open. Finds nothing outside Linux.

        Browsers do not relay. Another program does not relay if it has opened all its TCP connections itself, to
        servers on this machine: a relay (proxy, port forwarding, tunnel) also has the connection of its client.
        """
        try:
            sockets = _tcp_sockets(proc)
        except OSError:
            return cls.none()
        served_ports = {found.local.port for found in sockets.values() if found.listens}
        held = {(found.local, found.remote) for found in sockets.values()}

        def relays_nothing(tcp: TcpSocket) -> bool:
            # A connection to a server on this machine: a program listens at the port of the far end. An accepted
            # connection: the far end is an open socket that is not listening. A connection whose server has stopped:
            # the far end has no socket.
            alone = (tcp.remote, tcp.local) not in held
            return (
                not tcp.listens
                and tcp.remote.address.is_loopback
                and (tcp.remote.port in served_ports or alone)
            )

        of_clients: set[int] = set()
        of_others: set[int] = set()
        for process, inodes in _processes(proc):
            own = inodes & sockets.keys()
            is_client = all(relays_nothing(sockets[inode]) for inode in own) or _is_browser(process)
            (of_clients if is_client else of_others).update(own)
        found = (sockets[inode] for inode in of_clients - of_others)
        return cls(frozenset((tcp.local, tcp.remote) for tcp in found))

    @classmethod
    def none(cls) -> Self:
        """No client is known."""
        return cls(frozenset())

    def is_not_a_relay(self, client: End, server: End) -> bool:
        """Whether the program at the end `client` does not relay; False if it may relay or has closed its end."""
        return (client, server) in self.clients


class ProgramLookup:
    """Reads /proc for all waiting requests, one reading at a time and at most ten a second.

    A remote client behind a proxy may send any number of requests. Each reading serves all requests that came before it
    began, so readings never take more than a part of one core, and no request waits for more than two readings.
    """

    def __init__(self, look: Callable[[], Programs] = Programs.look) -> None:
        self._look = look
        self._turn = asyncio.Lock()
        self._begun = self._ended = 0
        self._ended_s = -math.inf
        self._newest = Programs.none()
        self._seen: WeakKeyDictionary[object, tuple[bool, float]] = WeakKeyDictionary()

    async def is_not_a_relay(self, connection: object, client: End, server: End) -> bool:
        """Whether the program at the end `client` does not relay; the result holds for a connection for 10 s."""
        known = self._seen.get(connection)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        found = (await self.programs()).is_not_a_relay(client, server)
        self._seen[connection] = found, time.monotonic() + KNOWN_S
        return found

    async def programs(self) -> Programs:
        """The result of a reading that begins after this call."""
        wanted = self._begun + 1
        async with self._turn:
            if self._ended < wanted:
                await asyncio.sleep(max(0.0, self._ended_s + REST_S - time.monotonic()))
                self._begun += 1
                number = self._begun
                self._newest = await asyncio.to_thread(self._look)
                self._ended, self._ended_s = number, time.monotonic()
            return self._newest


def _is_browser(process: Path) -> bool:
    try:
        name = (process / "exe").readlink().name
    except OSError:
        return False
    # The file of a running browser may have been replaced by an update.
    return name.removesuffix(" (deleted)").lower() in BROWSERS


def _tcp_sockets(proc: Path) -> dict[int, TcpSocket]:
    """TCP sockets of processes, by inode; raises OSError if the system does not list them."""
    rows = (proc / "net" / "tcp").read_bytes()
    ipv6 = proc / "net" / "tcp6"
    if ipv6.exists():
        rows += ipv6.read_bytes()
    sockets = {}
    for found in _ROW.finditer(rows):
        local, local_port, remote, remote_port, state, inode = found.groups()
        ends = End(_address(local), int(local_port, 16)), End(_address(remote), int(remote_port, 16))
        sockets[int(inode)] = TcpSocket(*ends, listens=state == _LISTENING)
    sockets.pop(0, None)  # such a socket no longer belongs to a process
    return sockets


def _address(text: bytes) -> IPAddress:
    """Parse an address, which Linux writes as 32-bit words in the byte order of the machine."""
    words = (int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8))
    return unmapped(b"".join(words))


def _processes(proc: Path) -> Iterator[tuple[Path, set[int]]]:
    """Each process that this one may inspect, with the inodes of its sockets.

    Uses strings, because creating a Path for each of thousands of files costs more than reading the link.
    """
    for name in os.listdir(proc):  # noqa: PTH208
        if not name.isdecimal():
            continue
        folder = f"{proc}/{name}/fd/"
        try:
            files = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue  # the process belongs to another user, or has just ended
        yield proc / name, {inode for file in files if (inode := _inode(folder + file))}


def _inode(file: str) -> int:
    """The inode of an open socket; 0: another kind of file, or just closed."""
    try:
        target = os.readlink(file)  # noqa: PTH115
    except OSError:
        return 0
    return int(target[8:-1]) if target.startswith("socket:[") else 0
