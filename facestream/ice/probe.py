"""Asks one STUN or TURN server whether it serves: a real binding, a real allocation, given back at once.

Never raises for what a server does or does not do: that is the outcome.
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
_REFUSALS = {
    401: "it refuses the credentials; check name and password, or the secret, and the clocks of both machines",
    403: "it forbids this; check its configuration",
    420: "it does not know what was asked; is it a TURN server?",
    437: "it is confused by an older allocation; try again",
    486: "its quota is used up; raise user-quota or total-quota",
    508: "it has no relay port left; widen min-port to max-port",
}


@dataclass(frozen=True, slots=True)
class IceOutcome:
    """What came of asking one server."""

    url: IceUrl
    address: str
    """The relay's address, or ours as STUN sees it; empty: it does not serve."""
    took_ms: float
    failure: str
    """Why it does not serve, as a sentence without its name; empty: it does."""

    @property
    def serves(self) -> bool:
        return not self.failure

    def as_text(self) -> str:
        """One sentence, without any address of a peer or of this machine."""
        if not self.serves:
            return f"{self.url.text}: {self.failure}"
        kind = "relays" if self.url.is_turn else "answers"
        return f"{self.url.text}: {kind}, after {self.took_ms:.0f} ms"


async def try_server(server: IceServer, deadline_s: float = DEADLINE_S) -> IceOutcome:
    """Ask a STUN server for our address or a TURN server for a relay."""
    return await (try_turn if server.url.is_turn else try_stun)(server, deadline_s)


async def try_turn(server: IceServer, deadline_s: float = DEADLINE_S) -> IceOutcome:
    """Make a real allocation and give it back; at the latest, an answer at the deadline."""
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
    except Exception as error:  # noqa: BLE001 - whatever a stranger's server or the network does is an outcome
        return IceOutcome(url, "", _ms_since(began_s), _reason(error, url, deadline_s))
    took_ms = _ms_since(began_s)
    address = str(transport.get_extra_info("sockname")[0])
    transport.close()
    # It has answered once; if it now does not, the allocation ends by itself after ten minutes.
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
                # As aioice asks: by IPv4, except where the address leaves no choice.
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
    """Receives nothing; knows when the relay is gone."""

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
        """Our address as the server sees it."""
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self._id = request.transaction_id
        self._asked = stun.Transaction(request, address, self)
        response, _ = await self._asked.run()
        return str(response.attributes["XOR-MAPPED-ADDRESS"][0])

    def send_stun(self, message: stun.Message, _addr: tuple[str, int]) -> None:
        self._transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        # struct.error and IndexError besides ValueError: whatever listens there may send anything.
        with contextlib.suppress(Exception):
            message = stun.parse_message(data)
            if self._asked is not None and message.transaction_id == self._id:
                self._asked.response_received(message, addr)


def _reason(error: Exception, url: IceUrl, deadline_s: float) -> str:
    match error:
        case TimeoutError():
            firewall = "UDP" if url.transport == "udp" else "TCP"
            return f"no answer within {deadline_s:g} s; check that it runs and that {firewall} {url.port} gets through"
        case stun.TransactionFailed():
            code = int(error.response.attributes.get("ERROR-CODE", (0, ""))[0])
            return _REFUSALS.get(code, f"it refuses with code {code}; its log says why")
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); expected one for {url.host}"
        case ssl.SSLError():
            return "it does not speak TLS there; expected turns: only at its tls-listening-port"
        case socket.gaierror():
            return f"{url.host} is no known name; check the spelling and DNS"
        case ConnectionRefusedError():
            return f"nothing listens at TCP port {url.port}; check that it runs, and its port"
        case _:
            return f"it cannot be used ({str(error) or type(error).__name__})"


def _ms_since(began_s: float) -> float:
    return (time.monotonic() - began_s) * 1000
