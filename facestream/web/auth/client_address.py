"""Determine the client of a request, and the host name it used, from the connection and the trusted proxies."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from aiohttp import hdrs, web

from facestream.config import Config
from facestream.web.auth.proxy_signs import shows_a_proxy

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAX_PROXIES = 8
UNKNOWN = "unknown"
"""The address of all clients behind a trusted proxy whose X-Forwarded-For cannot be parsed."""
_OWN_NAME = re.compile(
    r"(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?", re.IGNORECASE | re.ASCII
)
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([^:\[\]]+):\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The reverse proxies whose headers are trusted."""

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, config: Config) -> Self:
        return cls(tuple(map(ip_network, config.trusted_proxies)))

    def trusts(self, address: str) -> bool:
        try:
            found = unmapped(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Client:
    """The remote end of a request."""

    address: str
    """The nearest address that is not a trusted proxy; empty: unknown, as through a Unix socket."""
    host: str
    """Host name and port in the URL that the browser opened, in lower case."""
    secure: bool
    """Whether the client is known to use https."""
    seems_local: bool
    """Whether nothing in the request indicates another machine. No proof: a proxy may forward a request unchanged."""


def client_of(request: web.Request, proxies: Proxies) -> Client:
    """The client of a request; reads forwarding headers of trusted proxies only, because others may forge them."""
    peer = request.remote or ""
    if not proxies.trusts(peer):
        address, host, scheme = peer, request.host, request.scheme
    else:
        address = _before_proxies(peer, request, proxies)
        host = _last(request, "X-Forwarded-Host") or request.host
        scheme = _last(request, "X-Forwarded-Proto") or request.scheme
    # Check Host against DNS rebinding: a page whose name resolves to 127.0.0.1 can set other headers, not Host.
    seems_local = (
        is_loopback(peer)
        and not shows_a_proxy(request.headers)
        and all(_OWN_NAME.fullmatch(name) for name in request.headers.getall(hdrs.HOST, [""]))
        # Clients send http://host/path only to a proxy.
        and request.raw_path.startswith("/")
    )
    return Client(address, host.lower(), scheme.lower() == "https", seems_local)


def is_loopback(address: str) -> bool:
    """Whether an address is a loopback address."""
    try:
        return unmapped(address).is_loopback
    except ValueError:
        return False


def unmapped(address: str | bytes) -> IPAddress:
    """Parse an address, without its zone; an IPv4-mapped IPv6 address becomes IPv4. Raises ValueError."""
    found = ip_address(address.partition("%")[0] if isinstance(address, str) else address)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def read_forwarded(text: str) -> str:
    """The address in an X-Forwarded-For entry with optional quotes, brackets, zone and port; UNKNOWN if unparsable."""
    text = text.strip().removeprefix('"').removesuffix('"')
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        return str(unmapped(text))
    except ValueError:
        return UNKNOWN


def _before_proxies(peer: str, request: web.Request, proxies: Proxies) -> str:
    """Each proxy appends the address of its client; entries before the last untrusted one may be forged."""
    if hdrs.X_FORWARDED_FOR not in request.headers:
        return peer
    entries = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR)).split(",")
    address = UNKNOWN
    for entry in reversed(entries[-MAX_PROXIES:]):
        address = read_forwarded(entry)
        if not proxies.trusts(address):
            return address
    return address if len(entries) <= MAX_PROXIES else UNKNOWN


def _last(request: web.Request, name: str) -> str:
    return ",".join(request.headers.getall(name, [])).rpartition(",")[2].strip()
