"""Read and replace the addresses of this server in the SDP of an answer. Pure."""

from collections.abc import Sequence
from ipaddress import ip_address


def has_candidates(sdp: str) -> bool:
    """Whether the SDP contains any candidate."""
    return "\r\na=candidate:" in sdp


def has_relay(sdp: str) -> bool:
    """Whether the SDP contains a relay candidate."""
    return any(line.startswith("a=candidate:") and " typ relay" in line for line in sdp.splitlines())


def show_public_addresses(sdp: str, public: Sequence[str]) -> str:
    """Replace the addresses of host candidates by the public address of the same IP version, if there is one.

    Behind a 1:1 NAT, peers can reach only the public address. Loopback addresses stay.
    """
    shown = {ip_address(address).version: address for address in public}
    own = {
        line.split()[4]
        for line in sdp.splitlines()
        if line.startswith("a=candidate:") and " typ host" in line
    }
    replaced = {
        address: shown[version]
        for address in own
        if (version := ip_address(address).version) in shown and not ip_address(address).is_loopback
    }
    return "".join(_replaced(line, replaced) for line in sdp.splitlines(keepends=True)) if replaced else sdp


def _replaced(line: str, replaced: dict[str, str]) -> str:
    if not line.startswith(("a=candidate:", "c=IN ", "a=rtcp:", "o=")):
        return line
    ending = line[len(line.rstrip("\r\n")) :]
    words = line.rstrip("\r\n").split(" ")
    return " ".join(replaced.get(word, word) for word in words) + ending
