"""The addresses at which browsers open the page of a listening server; listens on nothing and sends nothing."""

import contextlib
import socket
from dataclasses import dataclass
from ipaddress import ip_address

from facestream.ice.addresses import machine_addresses

ELSEWHERE = ("192.0.2.1", 9)
"""An address of no machine (RFC 5737)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a listening server can be reached."""

    scheme: str
    """http or https."""
    host: str
    """The address of its socket."""
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback

    def urls(self) -> tuple[str, ...]:
        """The addresses of the page; the one for this machine comes first, if there is one."""
        # Browsers open the camera on localhost or over https only.
        own = (self._url("localhost"),) if self.is_loopback or ip_address(self.host).is_unspecified else ()
        return (*own, *self.urls_for_others())

    def urls_for_others(self) -> tuple[str, ...]:
        """The addresses for other machines, the likeliest one first; empty: there are none.

        Reads the addresses of this machine, because those of a laptop change.
        """
        host = ip_address(self.host)
        if host.is_loopback:
            return ()
        if not host.is_unspecified:
            return (self._url(self.host),)
        outward = _outward_address()
        return tuple(map(self._url, sorted(self._bound_addresses(), key=lambda address: address != outward)))

    def _bound_addresses(self) -> list[str]:
        """The addresses of this machine that a socket for all addresses listens on, and that fit into a URL."""
        found = []
        # Under a shortage the lookup fails.
        with contextlib.suppress(OSError):
            found = machine_addresses()
        # A link-local IPv6 address needs a zone, which a URL cannot name.
        return [
            text
            for text in found
            if (address := ip_address(text)).version <= ip_address(self.host).version
            and not address.is_link_local
            and not address.is_loopback
        ]

    def _url(self, host: str) -> str:
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


def _outward_address() -> str:
    """The address of this machine that connections to other networks come from; empty: it has none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # For UDP, this chooses the address and sends nothing.
        probe.connect(ELSEWHERE)
        return str(probe.getsockname()[0])
    return ""
