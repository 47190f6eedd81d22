"""Which of a peer's ICE candidates are used: a candidate is an address that a stranger has this server send packets to.

Pure. To drop one is safe: aioice learns a peer that reaches us from its first packet (peer-reflexive), so candidates
are needed only where it cannot reach us by itself: through a NAT or firewall before this server, or at its own relay.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

Accepted = Literal["public", "lan", "none"]
Address = IPv4Address | IPv6Address

MAX_CANDIDATES = 20  # a browser with three networks and a relay has a dozen
LOWEST_PORT = 1024  # browsers and relays take high ports; the services that a packet could disturb are below

# Where clouds answer their own machines; the rest of them is link-local and refused as that.
METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
LAN = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)  # RFC 1918, RFC 6598 (carriers and Tailscale), RFC 4193
NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class CandidatePolicy:
    """What the operator allows."""

    accepted: Accepted = "public"
    loopback: Literal["offered", "not offered"] = "not offered"
    """Whether this server offers loopback itself; only then a peer on this machine can be meant, and in `lan` only."""
    most: int = MAX_CANDIDATES
    """Of one peer, looked at in all."""

    def allows(self, line: str) -> bool:
        """Whether the candidate of one `a=candidate:` line, or of a browser's text without `a=`, may be used."""
        words = line.split()
        if self.accepted == "none" or len(words) < 8 or words[2].lower() != "udp":
            return False
        try:
            # `.local` names end here, too: each costs aioice 0.13 a second (ice.py:548), and no name is looked up.
            address, port = ip_address(words[4]), int(words[5])
        except ValueError:
            return False
        return LOWEST_PORT <= port < 2**16 and self._allows_address(_inner(address))

    def _allows_address(self, address: Address) -> bool:
        if address in METADATA or address.is_multicast or address.is_link_local or address.is_unspecified:
            return False
        if address.is_global and not address.is_reserved:
            return True
        if self.accepted != "lan":
            return False
        if address.is_loopback:
            return self.loopback == "offered"
        return any(address in network for network in LAN if _same_version(address, network))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address is another way of writing."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _same_version(address: Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version
