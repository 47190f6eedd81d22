"""Choose the addresses of this machine that are offered as ICE candidates.

aioice 0.13 offers every address except loopback and has no setting for it, so the function that lists them
(`aioice.ice.get_host_addresses`) is replaced for the whole process.
"""

import contextlib
import errno
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Literal

import aioice.ice

from facestream.errors import ConfigError

_list_machine_addresses = aioice.ice.get_host_addresses


def machine_addresses() -> list[str]:
    """The addresses of this machine that aioice itself offers."""
    return _list_machine_addresses(use_ipv4=True, use_ipv6=True)


def offers_loopback() -> bool:
    """Whether loopback is offered, so that peers on this machine can use it."""
    return any(ip_address(address).is_loopback for address in aioice.ice.get_host_addresses(True, True))


def check_own_addresses(addresses: Iterable[str]) -> None:
    """Raise ConfigError for an `ice_address` that no socket can bind to.

    With net.ipv4.ip_nonlocal_bind, an address may be added to the machine later. Raises OSError under a shortage.
    """
    for address in addresses:
        given = ip_address(address)
        if given.is_unspecified or given.is_multicast:
            raise ConfigError(
                f"ice_address: {address} is not the address of one interface; expected an address of this machine "
                f"({_own()}), or none to offer all of them",
                "ice_address",
            )
        try:
            _bind_once(address)
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}:
                raise
            raise ConfigError(
                f"ice_address: {address} is not an address of this machine ({error.strerror}); expected one of "
                f"{_own()}; if {address} is the public address of a NAT, use public_address instead",
                "ice_address",
            ) from error


def _bind_once(address: str) -> None:
    family, kind, _, _, bound = socket.getaddrinfo(
        address, 0, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0]
    with socket.socket(family, kind) as probe:
        probe.bind(bound)


def _own() -> str:
    return ", ".join([*machine_addresses(), "127.0.0.1"])


def offer_own_addresses(*, loopback: Literal["offered", "hidden"]) -> None:
    """Offer the addresses that this machine has when a peer connects; those of a laptop or a container change."""
    known = machine_addresses()

    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001 - aioice's signature
        nonlocal known
        # Without a free descriptor the lookup fails; use the last list then.
        with contextlib.suppress(OSError):
            known = machine_addresses()
        return _of_versions([*known, *(["127.0.0.1"] if loopback == "offered" else [])], use_ipv4, use_ipv6)

    aioice.ice.get_host_addresses = get_host_addresses


def offer_addresses(addresses: Sequence[str]) -> None:
    """Offer exactly these addresses as host candidates."""

    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001 - aioice's signature
        return _of_versions(addresses, use_ipv4, use_ipv6)

    aioice.ice.get_host_addresses = get_host_addresses


def _of_versions(addresses: Iterable[str], use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001 - as above
    wanted_versions = {4: use_ipv4, 6: use_ipv6}
    chosen = map(ip_address, addresses)
    return [str(address) for address in chosen if wanted_versions[address.version]]
