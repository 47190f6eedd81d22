"""Every HTTP connection of the server: how far it has come, until when it has time, and which one gives way.

Knows no HTTP: web/protocol.py says what was read, web/listener.py what was accepted.
"""

import contextlib
import enum
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from facestream.config import Config

ANSWER_TIMES = 6
"""An answer may take so many times what a request may, by default a minute. Who needs longer for 270 kB of JavaScript
could not send video either."""
LEAVING_S = 2.0  # what was said last may still be read
# A burst of good clients comes without a byte read yet; only then they can be told from idle ones.
GRACE_S = 1.0
# At the limit, an answer that is still not read gives way.
UNREAD_S = 5.0


class Phase(enum.Enum):
    """How far a connection has come."""

    HEAD = "head"  # accepted; TLS, request line or headers are not complete
    BODY = "body"  # headers are complete, the body is not
    ANSWER = "answer"  # the request is complete, its answer is not
    IDLE = "idle"  # answered, nothing asked since
    OPENING = "opening"  # a WebSocket without a session
    SERVED = "served"  # a WebSocket with a session, which has its own deadlines
    LEAVING = "leaving"  # told its last words; nothing is read any more
    ENDED = "ended"  # the socket is shut down or closed


BUSY = frozenset({Phase.ANSWER, Phase.SERVED})
OVER = frozenset({Phase.LEAVING, Phase.ENDED})


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long each phase may take."""

    total: int
    per_address: int
    request_s: float
    """For TLS and the head of a request, and again for its body."""
    idle_s: float

    @classmethod
    def of(cls, config: Config, descriptors: int) -> "ConnectionLimits":
        """What the settings say, and no more than that many descriptors carry."""
        return cls(
            total=min(config.max_connections, descriptors),
            per_address=config.max_connections_per_address,
            request_s=config.request_deadline_s,
            idle_s=config.keep_alive_s,
        )


def _nothing() -> None:
    """What is to be done before a transport is known."""


class Connection:
    """One accepted socket and how far it has come."""

    __slots__ = ("_socket", "_table", "abort", "address", "deadline_s", "is_late", "phase", "since_s")

    def __init__(self, table: "Connections", accepted: socket.socket, address: str) -> None:
        self.address = address
        self.phase = Phase.HEAD
        self.since_s = 0.0
        """When this phase began."""
        self.deadline_s = 0.0
        self.is_late: Callable[[], None] = _nothing
        """Called instead of an end where a body is late: the client is told so."""
        self.abort: Callable[[], None] = _nothing
        """Gives the socket back at once, whatever is unsent."""
        self._socket = accepted
        self._table = table

    def enter(self, phase: Phase) -> None:
        """Go on to a phase, whose deadline begins now; one that has ended stays ended."""
        if self.phase is not Phase.ENDED and (self.phase is not Phase.LEAVING or phase is Phase.ENDED):
            self._table.move(self, phase)

    def end(self) -> None:
        """Shut the socket down: whoever reads or writes it, TLS and sendfile too, sees its end and lets go."""
        self.enter(Phase.ENDED)
        # Closed meanwhile, or the client has reset it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def closed(self) -> None:
        """The socket is closed; may be called twice."""
        self.enter(Phase.ENDED)
        self._table.forget(self)


@dataclass(slots=True)
class _Address:
    """The connections of one address; those that entered their phase first stand first."""

    waiting: dict[Connection, None] = field(default_factory=dict)
    """Without a complete request: they give way."""
    busy: dict[Connection, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.waiting) + len(self.busy)

    def oldest_waiting(self) -> Connection | None:
        return next(iter(self.waiting), None)

    def oldest_unread(self, now_s: float) -> Connection | None:
        """An answer that should have been read by now."""
        for connection in self.busy:
            if connection.phase is Phase.ANSWER:
                return connection if now_s - connection.since_s > UNREAD_S else None
        return None


class Connections:
    """The table of all connections; admits, ends, and never waits."""

    def __init__(self, limits: ConnectionLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._all: set[Connection] = set()
        self._addresses: dict[str, _Address] = {}
        self._live = 0
        self._time_s = {
            Phase.HEAD: limits.request_s,
            Phase.BODY: limits.request_s,
            Phase.ANSWER: ANSWER_TIMES * limits.request_s,
            Phase.IDLE: limits.idle_s,
            Phase.OPENING: limits.request_s,
            Phase.SERVED: float("inf"),
            Phase.LEAVING: LEAVING_S,
            Phase.ENDED: 0.0,
        }

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, accepted: socket.socket, address: str, *, shared: bool) -> Connection | None:
        """Take a connection in, and end those that must give way to it; None: all others are busy.

        `shared`: many clients have this address, as a proxy's or this machine's. What it asks is never too much.
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
        self._place(connection, Phase.HEAD)
        return connection

    def make_room(self) -> bool:
        """End the connection that has waited longest of the address with the most of them; False: all are busy."""
        most_waiting = max(self._addresses.values(), key=lambda each: len(each.waiting), default=None)
        if most_waiting is not None and most_waiting.waiting:
            return self._give_way(most_waiting)
        largest = max(self._addresses.values(), key=len, default=None)
        return largest is not None and self._give_way(largest)

    def expire(self) -> None:
        """End what is over its time; called now and then."""
        now_s = self._clock()
        for connection in [each for each in self._all if each.deadline_s <= now_s]:
            if connection.phase is Phase.ENDED:
                # Shut down a while ago: what is unsent keeps it.
                connection.abort()
            elif connection.phase is Phase.BODY:
                connection.is_late()
            else:
                connection.end()

    def move(self, connection: Connection, phase: Phase) -> None:
        """Let a connection enter a phase."""
        address = self._addresses[connection.address]
        address.waiting.pop(connection, None)
        address.busy.pop(connection, None)
        if phase is Phase.ENDED:
            self._live -= 1
        self._place(connection, phase)
        self._drop_if_empty(connection.address)

    def forget(self, connection: Connection) -> None:
        """It is closed; may be called twice."""
        self._all.discard(connection)

    def _place(self, connection: Connection, phase: Phase) -> None:
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
