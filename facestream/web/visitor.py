"""Who sends a request and under which name it reached the server, as far as trusted proxies say."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from aiohttp import web

from facestream.config import Config

Network = IPv4Network | IPv6Network
MAX_PROXIES = 8
OTHER_PROXY_HEADERS = ("Forwarded", "Via", "X-Real-IP")


@dataclass(frozen=True, slots=True)
class Proxies:
    """The reverse proxies whose word is taken."""

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, config: Config) -> Self:
        return cls(tuple(map(ip_network, config.trusted_proxies)))

    def trusts(self, address: str) -> bool:
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request."""

    address: str
    """Of the last machine that no trusted proxy stands for; empty: unknown, as through a Unix socket."""
    host: str
    """Name and port by which the browser called the server, in lower case."""
    secure: bool
    """Whether it is known that the visitor came by https."""
    local: bool
    """Whether everything says that it is on this machine: addresses and names."""


def visitor_of(request: web.Request, proxies: Proxies) -> Visitor:
    """Read the headers of trusted proxies only: whoever else sends them may write what he likes."""
    peer = request.remote or ""
    if not proxies.trusts(peer):
        address, host, scheme = peer, request.host, request.scheme
    else:
        address = _before_proxies(peer, request, proxies)
        host = _last(request, "X-Forwarded-Host") or request.host
        scheme = _last(request, "X-Forwarded-Proto") or request.scheme
    # The Host header, too: a page whose name was bound to 127.0.0.1 may send any header but that.
    # And the headers that are not read: they say at least that somebody stands between.
    local = (
        all(map(is_loopback, (peer, address)))
        and all(map(_is_own_name, (request.host, host)))
        and not any(name in request.headers for name in OTHER_PROXY_HEADERS)
    )
    return Visitor(address, host.lower(), scheme.lower() == "https", local)


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine only."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _before_proxies(peer: str, request: web.Request, proxies: Proxies) -> str:
    """Each proxy adds whom it has heard on the right; what stands left of the first stranger is the stranger's word."""
    said = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")[-MAX_PROXIES:]
    address = peer
    while said and proxies.trusts(address):
        named = said.pop().strip()
        try:
            address = str(ip_address(named))
        except ValueError:
            break
    return address


def _last(request: web.Request, name: str) -> str:
    return ",".join(request.headers.getall(name, [])).rpartition(",")[2].strip()


def _is_own_name(host: str) -> bool:
    name = host.removeprefix("[").partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or is_loopback(name)
