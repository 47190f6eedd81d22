"""Whether the program at the other end of a loopback connection is a client, or relays for another one.

Address and headers are what a client says of itself; this is what Linux says of it, in /proc. Sends and reads nothing.
"""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from facestream.web.visitor import IPAddress, unmapped

BROWSERS = frozenset(
    {
        "brave", "chrome", "chrome-headless-shell", "chromium", "chromium-browser", "epiphany", "firefox",
        "firefox-bin", "firefox-esr", "floorp", "headless_shell", "librewolf", "msedge", "opera", "qtwebengineprocess",
        "vivaldi-bin", "waterfox", "webkitnetworkprocess", "wpenetworkprocess", "zen", "zen-bin",
    }
)  # fmt: skip
"""Executables that have connections to many servers at once and relay for nobody."""

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
    """An end from the name that a socket gives; that of IPv6 has two more items."""
    return End(unmapped(name[0]), name[1])


def can_tell_programs(proc: Path = Path("/proc")) -> bool:
    """Whether the system lists its TCP sockets, as Linux does."""
    return os.access(proc / "net" / "tcp", os.R_OK)


@dataclass(frozen=True, slots=True)
class Programs:
    """Which ends of TCP connections belong to clients of their own, at one moment."""

    clients: frozenset[tuple[End, End]]
    """Both ends of each socket whose every holder is known to this process and relays for nobody, its own end first."""

    @classmethod
    def look(cls, proc: Path = Path("/proc")) -> Self:
        """Ask the system; takes some ten milliseconds. Nothing is found where it is not Linux.

        A browser relays for nobody. Another program does not if all its TCP connections are ones that it opened to
        servers on this machine: a relay (proxy, port forwarding, tunnel) also has the connection of the client it
        relays for.
        """
        try:
            sockets = _tcp_sockets(proc)
        except OSError:
            return cls(frozenset())
        served_ports = {found.local.port for found in sockets.values() if found.listens}
        held = {(found.local, found.remote) for found in sockets.values()}

        def relays_nothing(tcp: TcpSocket) -> bool:
            # Nobody listens at the far end of a connection that the program has accepted, and somebody holds that end.
            # One to a server that has stopped has nobody there.
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

    def is_client_of_its_own(self, client: End, server: End) -> bool:
        """Whether the program at the end `client` speaks for itself; False where it may relay, or has closed it."""
        return (client, server) in self.clients


class SharedLook:
    """One look for all who ask while the one before is taken: however many ask, nobody waits for more than two."""

    def __init__(self, look: Callable[[], Programs] = Programs.look) -> None:
        self._look = look
        self._looking = asyncio.Lock()
        self._begun = 0
        self._found: Programs | None = None

    async def programs(self) -> Programs:
        """What a look has found that began after this call."""
        wanted = self._begun + 1
        async with self._looking:
            if self._found is None or self._begun < wanted:
                self._begun, self._found = self._begun + 1, None
                self._found = await asyncio.to_thread(self._look)
            return self._found


def _is_browser(process: Path) -> bool:
    try:
        name = (process / "exe").readlink().name
    except OSError:
        return False
    # An update has replaced the file of a browser that runs.
    return name.removesuffix(" (deleted)").lower() in BROWSERS


def _tcp_sockets(proc: Path) -> dict[int, TcpSocket]:
    """Those that belong to a process, by their inode; raises OSError where the system does not list them."""
    rows = (proc / "net" / "tcp").read_bytes()
    ipv6 = proc / "net" / "tcp6"
    if ipv6.exists():
        rows += ipv6.read_bytes()
    sockets = {}
    for found in _ROW.finditer(rows):
        local, local_port, remote, remote_port, state, inode = found.groups()
        ends = End(_address(local), int(local_port, 16)), End(_address(remote), int(remote_port, 16))
        sockets[int(inode)] = TcpSocket(*ends, listens=state == _LISTENING)
    sockets.pop(0, None)  # of no process any more
    return sockets


def _address(text: bytes) -> IPAddress:
    """Linux writes an address as words of 32 bits in the byte order of the machine."""
    words = (int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8))
    return unmapped(b"".join(words))


def _processes(proc: Path) -> Iterator[tuple[Path, set[int]]]:
    """Each process that this one may look into, with the inodes of its sockets.

    Paths are strings here: a Path for each of thousands of files costs more than reading it.
    """
    for name in os.listdir(proc):  # noqa: PTH208
        if not name.isdecimal():
            continue
        folder = f"{proc}/{name}/fd/"
        try:
            files = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue  # of another user, or just ended
        yield proc / name, {inode for file in files if (inode := _inode(folder + file))}


def _inode(file: str) -> int:
    """The socket that an open file is; 0: another kind of file, or just closed."""
    try:
        target = os.readlink(file)  # noqa: PTH115
    except OSError:
        return 0
    return int(target[8:-1]) if target.startswith("socket:[") else 0
