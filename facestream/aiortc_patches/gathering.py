"""Gather ICE candidates on the operator's UDP ports and without a long wait for a dead server; read the chosen path.

aioice 0.13 binds any port (ice.py:1148), waits 5 s for STUN and TURN servers (ice.py:1138), buffers media for TURN over
TCP without a bound, and has no public way to read the nominated pair. Obsolete when aioice or aiortc has settings for
the port range and the deadline, bounds that buffer, and reports the nominated pair.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from aioice import Candidate
from aioice.ice import Connection
from aioice.turn import TurnClientTcpProtocol
from aiortc import RTCPeerConnection

from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.settings import settings

GATHER_DEADLINE_S = 2
MAX_UNSENT_RELAY_BYTES = 256 * 1024  # a second at 2 Mbit/s; media that wait longer are too late
FIRST_CHANNEL_BYTE, LAST_CHANNEL_BYTE = 0x40, 0x7F  # RFC 8656, section 12: relayed data, not requests

WRAPPED = "_facestream_binds_in_range"

_gather = Connection.get_component_candidates
_write = TurnClientTcpProtocol._send
# A context variable applies to the sockets of this task and its children only, not to those of other tasks.
_gathering: ContextVar[range | None] = ContextVar("gathering", default=None)
# Ports are used in turn, so that a late packet for an ended session reaches no other session.
_step = itertools.count()


async def _gather_candidates(
    connection: Connection, component: int, addresses: list[str], timeout: int = GATHER_DEADLINE_S
) -> list[Candidate]:
    if settings.udp_ports is not None:
        _bind_in_range(asyncio.get_running_loop())
    token = _gathering.set(settings.udp_ports)
    try:
        return await _gather(connection, component, addresses, timeout)
    finally:
        _gathering.reset(token)


def _bind_in_range(loop: asyncio.AbstractEventLoop) -> None:
    """Make this event loop choose ports of the range for gathering; patches each loop once."""
    if hasattr(loop, WRAPPED):
        return
    create: Callable[..., Any] = loop.create_datagram_endpoint

    async def create_datagram_endpoint(*args: Any, **kwargs: Any) -> Any:
        ports = _gathering.get()
        address, port = kwargs.get("local_addr") or ("", None)
        if ports is None or port != 0:
            return await create(*args, **kwargs)
        first = next(_step)
        for step in range(len(ports)):
            chosen = ports[(first + step) % len(ports)]
            try:
                return await create(*args, **{**kwargs, "local_addr": (address, chosen)})
            except OSError:
                continue
        raise OSError(f"no UDP port of {ports[0]}-{ports[-1]} is free")

    loop.create_datagram_endpoint = create_datagram_endpoint  # type: ignore[method-assign]
    setattr(loop, WRAPPED, True)


def _send_to_relay(protocol: TurnClientTcpProtocol, data: bytes) -> None:
    """Write data, or drop media while too much is buffered; a stream cannot catch up otherwise."""
    waiting = protocol.transport.get_write_buffer_size()
    if waiting > MAX_UNSENT_RELAY_BYTES and FIRST_CHANNEL_BYTE <= data[0] <= LAST_CHANNEL_BYTE:
        return
    _write(protocol, data)


def path_kinds(pc: RTCPeerConnection) -> str:
    """Candidate types of the path, ours first, such as `host-prflx` or `relay-host`; empty: none is nominated yet."""
    for transceiver in pc.getTransceivers():
        ice = transceiver.sender.transport.transport
        for pair in ice._connection._nominated.values():
            return f"{pair.local_candidate.type}-{pair.remote_candidate.type}"
    return ""


REPLACEMENTS = (
    Replacement(
        Connection,
        "get_component_candidates",
        _gather_candidates,
        "F10: a dead STUN or TURN server delays a session by 5 s; no range for UDP ports",
    ),
    Replacement(
        TurnClientTcpProtocol, "_send", _send_to_relay, "TURN over TCP: unsent media wait without a bound"
    ),
)
