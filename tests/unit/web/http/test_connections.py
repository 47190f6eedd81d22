"""The table of connections: which are admitted, which are closed for others, and which reach a deadline."""

import socket
from collections.abc import Iterator

import pytest

from facestream.config import Config
from facestream.web.http.connections import (
    GRACE_S,
    UNREAD_S,
    Connection,
    Connections,
    Phase,
)
from facestream.web.http.descriptors import ConnectionLimits

LIMITS = ConnectionLimits(total=6, per_address=4, request_s=10, idle_s=75)
STRANGER, OTHER, LOCAL = "203.0.113.9", "198.51.100.7", ""


class Listener:
    """A table with a fake clock; keeps both ends of its sockets."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.table = Connections(LIMITS, lambda: self.now_s)
        self.sockets: list[socket.socket] = []

    def admitted(self, address: str, phase: Phase = Phase.HEAD) -> Connection:
        connection = self.connect(address)
        assert connection is not None
        if phase is not Phase.HEAD:
            connection.enter(phase)
        return connection

    def connect(self, address: str) -> Connection | None:
        ours, theirs = socket.socketpair()
        self.sockets += ours, theirs
        return self.table.admit(ours, address, shared=not address)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.table.expire()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    for each in listener.sockets:
        each.close()


def is_ended(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize("phase", [Phase.HEAD, Phase.IDLE, Phase.BODY, Phase.OPENING])
def test_at_the_limit_of_an_address_its_longest_waiting_connection_is_closed(
    listener: Listener, phase: Phase
):
    first, second, *_ = [listener.admitted(STRANGER, phase) for _ in range(LIMITS.per_address)]
    listener.now_s += GRACE_S

    newcomer = listener.admitted(STRANGER)

    assert first.phase is Phase.ENDED
    assert is_ended(listener.sockets[1])
    assert (second.phase, newcomer.phase) == (phase, Phase.HEAD)


def test_a_connection_with_a_new_request_is_no_longer_the_oldest(listener: Listener):
    first, second, *_ = [listener.admitted(STRANGER) for _ in range(LIMITS.per_address)]
    first.enter(Phase.RESPONSE)
    first.enter(Phase.IDLE)
    listener.now_s += GRACE_S

    listener.admitted(STRANGER)

    assert (first.phase, second.phase) == (Phase.IDLE, Phase.ENDED)


def test_connections_of_a_burst_are_kept_during_the_grace_period(listener: Listener):
    burst = [listener.admitted(LOCAL) for _ in range(LIMITS.total)]

    assert all(each.phase is Phase.HEAD for each in burst)


def test_idle_connections_of_a_burst_are_closed_for_a_later_one(listener: Listener):
    burst = [listener.admitted(LOCAL) for _ in range(LIMITS.total)]
    listener.now_s += GRACE_S

    listener.admitted(LOCAL)

    # Three stay, and the new one is the fourth.
    assert [each.phase is Phase.ENDED for each in burst] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("phase", [Phase.RESPONSE, Phase.SERVED])
def test_an_address_with_all_its_connections_in_use_is_rejected(listener: Listener, phase: Phase):
    busy = [listener.admitted(STRANGER, phase) for _ in range(LIMITS.per_address)]

    assert listener.connect(STRANGER) is None
    assert listener.connect(OTHER) is not None
    assert all(each.phase is phase for each in busy)


def test_a_shared_address_may_use_every_connection(listener: Listener):
    for _ in range(LIMITS.total):
        listener.admitted(LOCAL, Phase.RESPONSE)

    assert listener.connect(LOCAL) is None


def test_at_the_total_limit_a_connection_of_the_address_with_most_idle_ones_is_closed(listener: Listener):
    lone = listener.admitted(OTHER)
    flood = [listener.admitted(STRANGER) for _ in range(LIMITS.per_address)]
    listener.admitted(LOCAL, Phase.RESPONSE)

    newcomer = listener.admitted("192.0.2.1")

    assert newcomer.phase is Phase.HEAD
    assert (lone.phase, flood[0].phase) == (Phase.HEAD, Phase.ENDED)


def test_a_connection_with_an_old_unread_response_is_closed_and_one_in_use_is_not(listener: Listener):
    unread = [listener.admitted(STRANGER, Phase.RESPONSE) for _ in range(LIMITS.per_address)]
    served = [listener.admitted(OTHER, Phase.SERVED) for _ in range(2)]
    assert listener.connect("192.0.2.1") is None
    listener.now_s += UNREAD_S + 0.1

    listener.admitted("192.0.2.1")

    assert [each.phase for each in unread] == [Phase.ENDED, *[Phase.RESPONSE] * 3]
    assert all(each.phase is Phase.SERVED for each in served)


@pytest.mark.parametrize(
    ("phase", "seconds"),
    [(Phase.HEAD, 10), (Phase.OPENING, 10), (Phase.RESPONSE, 60), (Phase.IDLE, 75), (Phase.LEAVING, 2)],
)
def test_each_phase_ends_at_its_deadline(listener: Listener, phase: Phase, seconds: float):
    connection = listener.admitted(STRANGER, phase)

    listener.wait(seconds - 0.1)
    assert connection.phase is phase
    listener.wait(0.2)

    assert connection.phase is Phase.ENDED


def test_a_connection_with_a_session_has_no_deadline_here(listener: Listener):
    connection = listener.admitted(STRANGER, Phase.SERVED)

    listener.wait(1e9)

    assert connection.phase is Phase.SERVED


def test_on_late_is_called_before_a_late_body_ends_its_connection(listener: Listener):
    connection, phases = listener.admitted(STRANGER, Phase.BODY), []
    connection.on_late = lambda: phases.append(connection.phase)

    listener.wait(LIMITS.request_s + 0.1)

    assert phases == [Phase.BODY]


def test_a_connection_that_does_not_close_its_socket_is_aborted(listener: Listener):
    connection, aborted = listener.admitted(STRANGER), []
    connection.abort = lambda: aborted.append(True)
    listener.wait(LIMITS.request_s + 0.1)
    assert not aborted

    listener.wait(0.5)

    assert aborted


def test_an_ended_connection_enters_no_phase_and_counts_until_its_socket_is_closed(listener: Listener):
    connection = listener.admitted(STRANGER)
    connection.end()
    connection.enter(Phase.RESPONSE)

    assert (connection.phase, len(listener.table)) == (Phase.ENDED, 1)
    connection.closed()
    connection.closed()
    assert len(listener.table) == 0
    assert [listener.connect(STRANGER) is not None for _ in range(4)] == [True] * 4


def test_the_limit_of_open_files_limits_the_connections():
    assert ConnectionLimits.of(Config(), descriptors=100).total == 100
    assert ConnectionLimits.of(Config(), descriptors=10**6).total == Config().max_connections
