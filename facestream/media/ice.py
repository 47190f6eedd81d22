"""Which addresses of this machine are offered as ICE candidates.

aioice 0.13 never offers loopback (ice.py, get_host_addresses) and has no setting for the rest, so the function that
lists the addresses is replaced, once, for the whole process.
"""

from collections.abc import Sequence
from ipaddress import ip_address

import aioice.ice

_list_machine_addresses = aioice.ice.get_host_addresses


def machine_addresses() -> list[str]:
    """Every address of this machine that aioice itself would offer."""
    return _list_machine_addresses(use_ipv4=True, use_ipv6=True)


def offers_loopback() -> bool:
    """Whether peers on this machine are offered a way that stays on it."""
    return any(ip_address(address).is_loopback for address in aioice.ice.get_host_addresses(True, True))


def offer_addresses(addresses: Sequence[str]) -> None:
    """Offer exactly these addresses as host candidates from now on."""
    chosen = [ip_address(address) for address in addresses]

    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001 - aioice's signature
        wanted_versions = {4: use_ipv4, 6: use_ipv6}
        return [str(address) for address in chosen if wanted_versions[address.version]]

    aioice.ice.get_host_addresses = get_host_addresses
