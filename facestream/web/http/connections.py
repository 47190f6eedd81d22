"""Track every HTTP connection of the server: its phase, its deadline, and which one to close at a limit.

Independent of HTTP: web/http/protocol.py reports what was read, web/http/listener.py what was accepted.
"""

import contextlib
import enum
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from facestream.web.http.descriptors import ConnectionLimits

RESPONSE_TIMES = 6
"""A response may take this many times as long as a request, by default a minute. A client that needs longer for 270 kB
of JavaScript could not send video either."""
LEAVING_S = 2.0  # the client may still read the last message
# In a burst, nothing has been read from new connections yet; after this time, legitimate clients differ from idle ones.
GRACE_S = 1.0
# At the limit, a connection whose response is not read for this long is closed.
UNREAD_S = 5.0


class Phase(enum.Enum):
    """The phase of a connection."""

    HEAD = "head"  # accepted; TLS, request line or headers are not complete
    BODY = "body"  # headers are complete, the body is not
    RESPONSE = "response"  # the request is complete, its response is not
    IDLE = "idle"  # the response is sent, no new request yet
    OPENING = "opening"  # a WebSocket without a session
    STREAM = "stream"  # a response without an end, such as events; its route ends it if it is not read
    SERVED = "served"  # a WebSocket with a session, which has its own deadlines
    LEAVING = "leaving"  # the last message is sent; nothing is read any more
    ENDED = "ended"  # the socket is shut down or closed


BUSY = frozenset({Phase.RESPONSE, Phase.STREAM, Phase.SERVED})
OVER = frozenset({Phase.LEAVING, Phase.ENDED})


def _nothing() -> None:
    """Do nothing; used until the transport is known."""


class Connection:
    """One accepted socket and its phase."""

    __slots__ = ("_socket", "_table", "abort", "address", "deadline_s", "on_late", "phase", "since_s")

    def __init__(self, table: "Connections", accepted: socket.socket, address: str) -> None:
        self.address = address
        self.phase = Phase.HEAD
        self.since_s = 0.0
        """When this phase began."""
        self.deadline_s = 0.0
        self.on_late: Callable[[], None] = _nothing
        """Called instead of `end` when a body is late, so that the client gets a response."""
        self.abort: Callable[[], None] = _nothing
        """Closes the socket at once, even with unsent data."""
        self._socket = accepted
        self._table = table

    def enter(self, phase: Phase) -> None:
        """Enter a phase and start its deadline; has no effect after the end."""
        if self.phase is not Phase.ENDED and (self.phase is not Phase.LEAVING or phase is Phase.ENDED):
            self._table.move(self, phase)

    def end(self) -> None:
        """Shut the socket down, so that its readers and writers, including TLS and sendfile, see its end."""
        self.enter(Phase.ENDED)
        # Already closed, or reset by the client.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def closed(self) -> None:
        """Record that the socket is closed; may be called twice."""
        self.enter(Phase.ENDED)
        self._table.forget(self)


@dataclass(slots=True)
class _Address:
    """The connections of one address, ordered by the time when they entered their phase."""

    waiting: dict[Connection, None] = field(default_factory=dict)
    """Connections without a complete request, which are closed at a limit."""
    busy: dict[Connection, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.waiting) + len(self.busy)

    def oldest_waiting(self) -> Connection | None:
        return next(iter(self.waiting), None)

    def oldest_unread(self, now_s: float) -> Connection | None:
        """The oldest connection whose response should have been read by now."""
        for connection in self.busy:
            if connection.phase is Phase.RESPONSE:
                return connection if now_s - connection.since_s > UNREAD_S else None
        return None


class Connections:
    """The table of all connections; admits and ends them, and never waits."""

    def __init__(self, limits: ConnectionLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._all: set[Connection] = set()
        self._addresses: dict[str, _Address] = {}
        self._live = 0
        self._time_s = {
            Phase.HEAD: limits.request_s,
            Phase.BODY: limits.request_s,
            Phase.RESPONSE: RESPONSE_TIMES * limits.request_s,
            Phase.IDLE: limits.idle_s,
            Phase.OPENING: limits.request_s,
            Phase.STREAM: float("inf"),
            Phase.SERVED: float("inf"),
            Phase.LEAVING: LEAVING_S,
            Phase.ENDED: 0.0,
        }

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, accepted: socket.socket, address: str, *, shared: bool) -> Connection | None:
        """Admit a connection, and end others at a limit; None: all others are busy.

        `shared`: many clients use this address, as with a proxy or this machine. Its busy connections do not count.
        """
        now_s, most = self._clock(), self._limits.per_address
        same = self._addresses.setdefault(address, _Address())
        while len(same.waiting) >= most and (oldest := same.oldest_waiting()):
            if now_s - oldest.since_s < GRACE_S:
                break
            oldest.end()
        room = (shared or len(same) < most or self._give_way(same)) and (
            self._live < self._limits.total or self.make_room()
        )
        if not room:
            self._drop_if_empty(address)
            return None
        connection = Connection(self, accepted, address)
        self._all.add(connection)
        self._live += 1
        self._addresses.setdefault(address, same)
        self._enter(connection, Phase.HEAD)
        return connection

    def make_room(self) -> bool:
        """End the longest waiting connection of the address with the most waiting ones; False: all are busy."""
        most_waiting = max(self._addresses.values(), key=lambda each: len(each.waiting), default=None)
        if most_waiting is not None and most_waiting.waiting:
            return self._give_way(most_waiting)
        largest = max(self._addresses.values(), key=len, default=None)
        return largest is not None and self._give_way(largest)

    def expire(self) -> None:
        """End the connections that are over their deadline; called regularly."""
        now_s = self._clock()
        for connection in [each for each in self._all if each.deadline_s <= now_s]:
            if connection.phase is Phase.ENDED:
                # Shut down a while ago; unsent data keeps it open.
                connection.abort()
            elif connection.phase is Phase.BODY:
                connection.on_late()
            else:
                connection.end()

    def move(self, connection: Connection, phase: Phase) -> None:
        """Move a connection to a phase."""
        address = self._addresses[connection.address]
        address.waiting.pop(connection, None)
        address.busy.pop(connection, None)
        if phase is Phase.ENDED:
            self._live -= 1
        self._enter(connection, phase)
        self._drop_if_empty(connection.address)

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection; may be called twice."""
        self._all.discard(connection)

    def _enter(self, connection: Connection, phase: Phase) -> None:
        connection.phase = phase
        connection.since_s = now_s = self._clock()
        connection.deadline_s = now_s + self._time_s[phase]
        if phase is not Phase.ENDED:
            address = self._addresses[connection.address]
            (address.busy if phase in BUSY else address.waiting)[connection] = None

    def _give_way(self, address: _Address) -> bool:
        chosen = address.oldest_waiting() or address.oldest_unread(self._clock())
        if chosen is not None:
            chosen.end()
        return chosen is not None

    def _drop_if_empty(self, address: str) -> None:
        if not self._addresses.get(address, True):
            del self._addresses[address]
