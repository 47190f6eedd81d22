"""Filter and limit the UDP datagrams of a session; datagrams that are not wanted are dropped.

aioice 0.13 accepts datagrams from any address, at any rate, and queues them without a bound. Here media and DTLS are
accepted only from addresses that ICE has validated, every rate and queue has a limit, and a lost peer is
noticed within 10 s instead of 31 s. Never answers a datagram and never ends a session. Obsolete when aioice validates
the source of datagrams, bounds its queues and candidate pairs, and makes the consent interval a setting.
"""

import logging
import time
from typing import Any

import aioice.ice
from aioice.ice import CandidatePair, Connection, StunProtocol

from facestream.aiortc_patches.replacement import Replacement
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_WAITING_DATAGRAMS = 1024  # 1.5 MB: more than a second of 1080p; the event loop never stalls that long
MAX_UNSENT_BYTES = 1024 * 1024  # asyncio buffers what the socket does not accept, without a bound
MAX_CHECKED_PAIRS = 100  # RFC 8445, section 6.1.2.5
LAST_STUN_BYTE = 3  # RFC 7983: the first byte is 0..3 for STUN only
MAX_DATAGRAMS_PER_S = 4000  # for one session; 1080p at 5 Mbit/s has 600
FIRST_DTLS_BYTE, LAST_DTLS_BYTE = 20, 63  # RFC 7983
FIRST_RTP_BYTE, LAST_RTP_BYTE = 128, 191
MAX_DTLS_BYTES_PER_S = 262_144  # a page sends some kB; 1.4 kB can contain 37 records, each taking 0.01 ms
MAX_UNKNOWN_STUN_PER_S = 200
"""On one socket, from addresses that are not nominated; a browser sends some dozens."""
# A lost peer is noticed within 10 s: 6 times at most 1.08 s and 0.5 s for the answer.
CONSENT_INTERVAL_S = 0.9
CONSENT_FAILURES = 6

RATE, DTLS_RATE = "_facestream_rate", "_facestream_dtls_rate"

_take_stun = StunProtocol.datagram_received
_check_incoming = Connection.check_incoming


def _datagram_received(protocol: StunProtocol, data: bytes | str, addr: tuple[Any, ...]) -> None:
    if not data or isinstance(data, str):
        return  # aiortc reads the first byte (rtcdtlstransport.py:650): an empty datagram ended the session
    if data[0] <= LAST_STUN_BYTE:
        address = (addr[0], addr[1])
        if not _is_nominated(protocol, address) and _rate(protocol, MAX_UNKNOWN_STUN_PER_S).wait_s(
            time.monotonic()
        ):
            return
        try:
            _take_stun(protocol, data, addr)
        except Exception as error:  # noqa: BLE001 - the packet boundary: struct.error, KeyError, AssertionError ...
            logger.debug("malformed STUN from a peer dropped: %r", error)
    elif _is_validated(protocol, (addr[0], addr[1])):
        protocol.receiver.data_received(data, protocol.local_candidate.component)


def _is_validated(protocol: StunProtocol, addr: tuple[str, int]) -> bool:
    """Whether ICE has validated this address of the peer; before that, whether it is a candidate of the peer."""
    if _is_nominated(protocol, addr):
        return True
    connection = protocol.receiver
    # A peer that changes its path sends on the new pair before our own check has nominated it.
    wanted = {CandidatePair.State.SUCCEEDED} if connection._nominated else set(CandidatePair.State)
    return any(
        pair.protocol is protocol and pair.remote_addr == addr and pair.state in wanted
        for pair in connection._check_list
    )


def _is_nominated(protocol: StunProtocol, addr: tuple[str, int]) -> bool:
    pair = protocol.receiver._nominated.get(protocol.local_candidate.component)
    return pair is not None and pair.protocol is protocol and pair.remote_addr == addr


def _rate(owner: StunProtocol | Connection, per_second: int, name: str = RATE) -> TokenBucket:
    """The token bucket of this socket or connection, stored in it."""
    rate = owner.__dict__.get(name)
    if not isinstance(rate, TokenBucket):
        rate = owner.__dict__[name] = TokenBucket(1 / per_second, burst=per_second)
    return rate


def _data_received(connection: Connection, data: bytes, component: int) -> None:
    now_s = time.monotonic()
    if _rate(connection, MAX_DATAGRAMS_PER_S).wait_s(now_s):
        return
    is_dtls = FIRST_DTLS_BYTE <= data[0] <= LAST_DTLS_BYTE
    if is_dtls and _rate(connection, MAX_DTLS_BYTES_PER_S, DTLS_RATE).wait_s(now_s, len(data)):
        return  # DTLS or SCTP sends it again
    # Drop the newest datagram: the queue also holds the end marker, which must not be lost.
    if connection._queue.qsize() < MAX_WAITING_DATAGRAMS:
        connection._queue.put_nowait((data, component))


def _limited_check_incoming(
    connection: Connection, message: aioice.stun.Message, addr: tuple[str, int], protocol: StunProtocol
) -> None:
    known = any((c._network_host, c.port) == addr for c in connection._remote_candidates)
    if known or len(connection._check_list) < MAX_CHECKED_PAIRS:
        _check_incoming(connection, message, addr, protocol)


async def _send_data(protocol: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
    _send_now(protocol, data, addr)


def _send_now(protocol: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
    transport = protocol.transport
    # A TURN transport of aioice has no buffer and no such method.
    waiting = getattr(transport, "get_write_buffer_size", None)
    if waiting is not None and (transport.is_closing() or waiting() > MAX_UNSENT_BYTES):
        return
    transport.sendto(data, addr)


async def _send(connection: Connection, data: bytes) -> None:
    """Send on the first component. Raises ConnectionError.

    aioice calls a coroutine that calls a coroutine that calls a coroutine; `_receive` has one less, too.
    """
    pair = connection._nominated.get(1)
    if pair is None:
        raise ConnectionError("Cannot send data, not connected")
    _send_now(pair.protocol, data, pair.remote_addr)


async def _receive(connection: Connection) -> bytes:
    """The next datagram. Raises ConnectionError."""
    if not connection._nominated:
        raise ConnectionError("Cannot receive data, not connected")
    received = await connection._queue.get()
    if received is None:
        raise ConnectionError("Connection lost while receiving data")
    return received[0]


REPLACEMENTS = (
    Replacement(
        StunProtocol,
        "datagram_received",
        _datagram_received,
        "F1: empty and malformed datagrams, and those of other hosts",
    ),
    Replacement(StunProtocol, "send_data", _send_data, "unsent datagrams wait without a bound"),
    Replacement(Connection, "send", _send, "each packet is passed on by four coroutines"),
    Replacement(Connection, "recv", _receive, "each packet is passed on by two coroutines"),
    Replacement(Connection, "data_received", _data_received, "received datagrams wait without a bound"),
    Replacement(
        Connection, "check_incoming", _limited_check_incoming, "a peer can add candidate pairs for ever"
    ),
    Replacement(aioice.ice, "CONSENT_INTERVAL", CONSENT_INTERVAL_S, "F12: a lost peer is noticed after 31 s"),
    Replacement(aioice.ice, "CONSENT_FAILURES", CONSENT_FAILURES, "F12: a lost peer is noticed after 31 s"),
)
