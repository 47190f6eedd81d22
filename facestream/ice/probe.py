"""Check whether one STUN or TURN server works, with a real binding or allocation that is released at once.

Never raises for what a server or the network does: failures are reported in the outcome.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from aioice import stun, turn

from facestream.ice.servers import IceServer, IceUrl

DEADLINE_S = 2.0
_ERROR_CODES = {
    401: "it rejects the credentials; check name and password, or the secret, and the clocks of both machines",
    403: "request forbidden; check its configuration",
    420: "unknown request; check that it is a TURN server",
    437: "it still has an older allocation; try again",
    486: "its quota is used up; raise user-quota or total-quota",
    508: "it has no free relay port; widen the range of min-port to max-port",
}


@dataclass(frozen=True, slots=True)
class IceOutcome:
    """The result of checking one server."""

    url: IceUrl
    address: str
    """The address of the relay, or our own as the STUN server sees it; empty: the server does not work."""
    took_ms: float
    failure: str
    """Why the server does not work, as a sentence without its name; empty: it works."""

    @property
    def works(self) -> bool:
        return not self.failure

    def as_text(self) -> str:
        """One sentence for logs; contains no address of a peer or of this machine."""
        if not self.works:
            return f"{self.url.text}: {self.failure}"
        return f"{self.url.text}: works ({self.took_ms:.0f} ms)"


async def try_server(server: IceServer, deadline_s: float = DEADLINE_S) -> IceOutcome:
    """Ask a STUN server for our address, or a TURN server for a relay; returns within about twice `deadline_s`."""
    return await (try_turn if server.url.is_turn else try_stun)(server, deadline_s)


async def try_turn(server: IceServer, deadline_s: float = DEADLINE_S) -> IceOutcome:
    """Make an allocation and release it."""
    began_s = time.monotonic()
    url, credentials = server.url, server.credentials
    relayed = _Ended()
    try:
        async with asyncio.timeout(deadline_s):
            transport, _ = await turn.create_turn_endpoint(
                lambda: relayed,
                (url.host, url.port),
                username=credentials.username,
                password=credentials.password,
                ssl=url.scheme == "turns",
                transport=url.transport,
            )
    except Exception as error:  # noqa: BLE001 - whatever the server or the network does is an outcome
        return IceOutcome(url, "", _ms_since(began_s), _reason(error, url, deadline_s))
    took_ms = _ms_since(began_s)
    address = str(transport.get_extra_info("sockname")[0])
    transport.close()
    # If the server does not confirm the release, the allocation ends by itself after ten minutes.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(relayed.ended.wait(), deadline_s)
    return IceOutcome(url, address, took_ms, "")


async def try_stun(server: IceServer, deadline_s: float = DEADLINE_S) -> IceOutcome:
    """Ask for our own address."""
    began_s = time.monotonic()
    url = server.url
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(deadline_s):
            transport, client = await loop.create_datagram_endpoint(
                _Binding,
                remote_addr=(url.host, url.port),
                # As aioice does: IPv4, except for a server with an IPv6 address.
                family=socket.AF_INET6 if ":" in url.host else socket.AF_INET,
            )
            try:
                address = await client.ask((url.host, url.port))
            finally:
                transport.close()
    except Exception as error:  # noqa: BLE001 - as above
        return IceOutcome(url, "", _ms_since(began_s), _reason(error, url, deadline_s))
    return IceOutcome(url, address, _ms_since(began_s), "")


class _Ended(asyncio.DatagramProtocol):
    """Receives nothing; `ended` is set when the relay is released."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set()


class _Binding(asyncio.DatagramProtocol):
    """One STUN transaction."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._asked: stun.Transaction | None = None
        self._id = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    async def ask(self, address: tuple[str, int]) -> str:
        """Our address as the server sees it. Raises the errors of aioice."""
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self._id = request.transaction_id
        self._asked = stun.Transaction(request, address, self)
        response, _ = await self._asked.run()
        return str(response.attributes["XOR-MAPPED-ADDRESS"][0])

    def send_stun(self, message: stun.Message, _addr: tuple[str, int]) -> None:
        self._transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        # For invalid data, aioice raises struct.error, IndexError and others besides ValueError.
        with contextlib.suppress(Exception):
            message = stun.parse_message(data)
            if self._asked is not None and message.transaction_id == self._id:
                self._asked.response_received(message, addr)


def _reason(error: Exception, url: IceUrl, deadline_s: float) -> str:
    match error:
        case TimeoutError():
            protocol = "UDP" if url.transport == "udp" else "TCP"
            return f"no answer within {deadline_s:g} s; check that it runs and that {protocol} port {url.port} is open"
        case stun.TransactionFailed():
            code = int(error.response.attributes.get("ERROR-CODE", (0, ""))[0])
            return _ERROR_CODES.get(code, f"it answers with error {code}; see its log")
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); expected one for {url.host}"
        case ssl.SSLError():
            return "no TLS at this port; use turns: only with the tls-listening-port of the server"
        case socket.gaierror():
            return f"the name {url.host} is unknown; check the spelling and DNS"
        case ConnectionRefusedError():
            return f"nothing listens on TCP port {url.port}; check that it runs, and its port"
        case _:
            return f"it cannot be used ({str(error) or type(error).__name__})"


def _ms_since(began_s: float) -> float:
    return (time.monotonic() - began_s) * 1000
