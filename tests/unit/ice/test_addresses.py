"""Which addresses may be offered, and that changes of the machine's addresses are noticed."""

from collections.abc import Iterator

import aioice.ice
import pytest

from facestream.errors import ConfigError
from facestream.ice import addresses


@pytest.fixture(autouse=True)
def _addresses_as_before() -> Iterator[None]:
    before = aioice.ice.get_host_addresses
    yield
    aioice.ice.get_host_addresses = before


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53"])
def test_an_address_of_this_machine_may_be_offered(address: str):
    addresses.check_own_addresses([address])


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "2001:db8::9", "0.0.0.0", "::", "224.0.0.1", "fe80::1%nowhere"]
)
def test_an_address_of_another_machine_is_rejected_with_what_to_do(address: str):
    with pytest.raises(ConfigError, match="ice_address") as rejected:
        addresses.check_own_addresses(["127.0.0.1", address])

    assert address in str(rejected.value)
    assert "127.0.0.1" in str(rejected.value)


def test_behind_a_nat_the_error_names_the_setting_for_it():
    with pytest.raises(
        ConfigError, match=r"203\.0\.113\.9 is the public address of a NAT, use public_address"
    ):
        addresses.check_own_addresses(["203.0.113.9"])


def test_a_new_address_is_offered_to_the_next_peer(monkeypatch: pytest.MonkeyPatch):
    present = ["192.0.2.1"]
    monkeypatch.setattr(addresses, "machine_addresses", lambda: present)
    addresses.offer_own_addresses(loopback="offered")
    before = aioice.ice.get_host_addresses(True, True)

    present[:] = ["192.0.2.2", "2001:db8::2"]

    assert before == ["192.0.2.1", "127.0.0.1"]
    assert aioice.ice.get_host_addresses(True, True) == ["192.0.2.2", "2001:db8::2", "127.0.0.1"]
    assert aioice.ice.get_host_addresses(True, False) == ["192.0.2.2", "127.0.0.1"]


def test_if_the_addresses_cannot_be_read_the_last_known_ones_are_offered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(addresses, "machine_addresses", lambda: ["192.0.2.1"])
    addresses.offer_own_addresses(loopback="hidden")

    def fail() -> list[str]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(addresses, "machine_addresses", fail)

    assert aioice.ice.get_host_addresses(True, True) == ["192.0.2.1"]
