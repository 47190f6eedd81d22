"""Decide which of a peer's ICE candidates are used: a candidate is an address that this server will send packets to.

Every candidate that may be used is checked by `CandidatePolicy.admits`: candidates of an offer in
`drop_rejected_candidates`, later candidates in `admitted_candidates`. Pure.

Rejecting a candidate is safe: aioice learns the address of a peer from its first packet (peer-reflexive). Candidates
matter only when this server must send first: if a NAT or firewall in front of the server blocks the peer's packets, or
if the peer can reach only the server's relay, which forwards nothing from an address that the server has not named.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

Accepted = Literal["public", "lan", "none"]
Address = IPv4Address | IPv6Address

MAX_CANDIDATES = 20  # a browser with three networks and a relay has a dozen
MAX_FRAGMENT_BYTES = 8 * 1024  # MAX_CANDIDATES of 150 characters each, and as much again for the other lines
LOWEST_PORT = 1024
"""Browsers and relays use higher ports; the services that a packet could disturb use lower ports."""

# Metadata services of clouds; the others are link-local and rejected as such.
METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
LAN = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)  # RFC 1918, RFC 6598 (carriers and Tailscale), RFC 4193
NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class CandidatePolicy:
    """Which candidates the operator allows."""

    accepted: Accepted = "public"
    """Public addresses; with `lan` also those of local networks; `none`: no candidate at all."""
    loopback: Literal["offered", "not offered"] = "not offered"
    """Whether this server offers loopback; with `lan`, it then accepts loopback candidates, too."""
    most: int = MAX_CANDIDATES
    """Candidates of one peer that are checked; all further ones are rejected."""

    def admits(self, line: str, number: int = 1) -> bool:
        """Whether the candidate of an `a=candidate:` line, or of a browser's text without `a=`, may be used.

        `number` counts the candidates of its peer, from 1.
        """
        words = line.split()
        if number > self.most or self.accepted == "none" or len(words) < 8 or words[2].lower() != "udp":
            return False
        try:
            # A `.local` name is rejected here: to look up such a name takes aioice 0.13 a second (ice.py:548).
            address, port = ip_address(words[4]), int(words[5])
        except ValueError:
            return False
        return LOWEST_PORT <= port < 2**16 and self._admits_address(_inner(address))

    def _admits_address(self, address: Address) -> bool:
        if address in METADATA or address.is_multicast or address.is_link_local or address.is_unspecified:
            return False
        if address.is_global and not address.is_reserved:
            return True
        if self.accepted != "lan":
            return False
        if address.is_loopback:
            return self.loopback == "offered"
        return any(address in network for network in LAN if _same_version(address, network))


def drop_rejected_candidates(sdp: str, policy: CandidatePolicy) -> str:
    """The SDP of an offer without the candidates that the policy rejects.

    `a=end-of-candidates` is removed, too, so that ICE does not give up: the peer's own checks may still arrive.
    """
    kept: list[str] = []
    candidates = 0
    for line in sdp.splitlines():
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            candidates += 1
            if not policy.admits(line, candidates):
                continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def admitted_candidates(lines: Iterable[str], policy: CandidatePolicy, seen: int) -> list[str]:
    """The lines of candidates that the policy admits; `seen` candidates of the same peer were checked before."""
    return [line for number, line in enumerate(lines, start=seen + 1) if policy.admits(line, number)]


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, NAT64, 6to4, Teredo), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _same_version(address: Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version
