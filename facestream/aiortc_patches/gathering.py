"""How candidates are gathered: UDP ports of the operator's range, and no long wait for a dead STUN or TURN server.

aioice 0.13 binds any port (ice.py:1148) and waits 5 s (ice.py:1138); neither is a setting of it or of aiortc.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from aioice import Candidate
from aioice.ice import Connection
from aioice.turn import TurnClientTcpProtocol

from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.settings import settings

GATHER_DEADLINE_S = 2
MAX_UNSENT_RELAY_BYTES = (
    256 * 1024
)  # a second at 2 Mbit/s: what waits longer is too late, and the next is on its way
FIRST_CHANNEL_BYTE, LAST_CHANNEL_BYTE = 0x40, 0x7F  # RFC 8656, section 12: what is relayed, not what is asked

WRAPPED = "_facestream_binds_in_range"

_gather = Connection.get_component_candidates
_write = TurnClientTcpProtocol._send
# A context variable: only what this task and its children bind is meant, not what others bind at the same time.
_gathering: ContextVar[range | None] = ContextVar("gathering", default=None)
# Goes round the range, so that a late packet for an ended session meets no other one.
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
    """Make this loop choose the port where a gathering asks for any; once for each loop."""
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
    """Write, or drop media that would wait behind too much: a stream has no other way to catch up."""
    waiting = protocol.transport.get_write_buffer_size()
    if waiting > MAX_UNSENT_RELAY_BYTES and FIRST_CHANNEL_BYTE <= data[0] <= LAST_CHANNEL_BYTE:
        return
    _write(protocol, data)


REPLACEMENTS = (
    Replacement(
        Connection,
        "get_component_candidates",
        _gather_candidates,
        "F10: a dead STUN or TURN server costs 5 s; no range for UDP ports",
    ),
    Replacement(
        TurnClientTcpProtocol, "_send", _send_to_relay, "TURN over TCP: unsent media wait without a bound"
    ),
)
