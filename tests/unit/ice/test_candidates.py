import pytest

from facestream.ice.candidates import CandidatePolicy

PUBLIC = CandidatePolicy()
LAN = CandidatePolicy("lan")
LAN_ON_LOOPBACK = CandidatePolicy("lan", "offered")
NONE = CandidatePolicy("none")


def line(address: str, port: int = 50_000, transport: str = "udp") -> str:
    return f"a=candidate:1 1 {transport} 2122260223 {address} {port} typ host generation 0"


@pytest.mark.parametrize("address", ["8.8.8.8", "2600:1f18::5", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_used(address: str):
    assert PUBLIC.admits(line(address))
    assert LAN.admits(line(address))


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "172.16.0.9", "192.168.1.7", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"],
)
def test_a_private_address_is_used_on_a_lan_only(address: str):
    assert not PUBLIC.admits(line(address))
    assert LAN.admits(line(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_used_only_if_it_is_offered(address: str):
    assert not PUBLIC.admits(line(address))
    assert not LAN.admits(line(address))
    assert LAN_ON_LOOPBACK.admits(line(address))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "169.254.7.7",
        "fe80::1",
        "224.0.0.251",
        "ff02::fb",
        "0.0.0.0",
        "::",
        "255.255.255.255",
        "240.0.0.1",
        "2002:a9fe:a9fe::",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_special_purpose_addresses_are_never_used(address: str):
    assert not PUBLIC.admits(line(address))
    assert not LAN_ON_LOOPBACK.admits(line(address))


@pytest.mark.parametrize(
    "given",
    [
        line("3e1c-77.local"),
        line("turn.example.org"),
        line("8.8.8.8", transport="tcp"),
        line("8.8.8.8", port=53),
        line("8.8.8.8", port=70_000),
        line("8.8.8.8", port=0),
        "a=candidate:1 1 udp 2122 8.8.8.8 many typ host",
        "a=candidate:1 1 udp",
        "",
    ],
)
def test_an_unusable_candidate_is_dropped(given: str):
    assert not LAN_ON_LOOPBACK.admits(given)


def test_the_policy_none_drops_every_candidate():
    assert not NONE.admits(line("8.8.8.8"))
