"""Which forwarding headers are trusted, and which pages are the server's own."""

import pytest
from aiohttp.test_utils import make_mocked_request

from facestream.config import Config
from facestream.web.auth.client_address import UNKNOWN, Client, Proxies, client_of
from facestream.web.auth.origin import is_same_origin


class FromAddress:
    """A fake transport with this peer address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._address, 40000) if name == "peername" else default


def client_from(peer: str, *proxies: str, **headers: str) -> Client:
    named = {name.replace("_", "-"): value for name, value in {"Host": "localhost:8080", **headers}.items()}
    request = make_mocked_request("POST", "/offer", headers=named, transport=FromAddress(peer))
    return client_of(request, Proxies.of(Config(**({"trusted_proxies": proxies} if proxies else {}))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, nonsense", UNKNOWN),
        ("127.0.0.1", "203.0.113.9,", UNKNOWN),
        ("127.0.0.1", "unknown", UNKNOWN),
        ("127.0.0.1", "unix:", UNKNOWN),
        ("127.0.0.1", "_hidden, 127.0.0.1", UNKNOWN),
        ("127.0.0.1", "203.0.113.009", UNKNOWN),
        ("127.0.0.1", ",".join(["203.0.113.9", *["127.0.0.1"] * 9]), UNKNOWN),
        ("127.0.0.1", "203.0.113.9:5566", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::9]:5566", "2001:db8::9"),
        ("127.0.0.1", "[2001:db8::9]", "2001:db8::9"),
        ("127.0.0.1", "fe80::9%eth0", "fe80::9"),
        ("127.0.0.1", '"203.0.113.9"', "203.0.113.9"),
        ("127.0.0.1", '"[2001:db8::9]:5566"', "2001:db8::9"),
        ("127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1:80", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::9", "2001:db8::9"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_the_outermost_trusted_proxy_saw(peer: str, said: str, address: str):
    headers = {"X_Forwarded_For": said} if said else {}

    assert client_from(peer, **headers).address == address


def test_a_proxy_on_another_machine_is_trusted_if_it_is_configured():
    assert client_from("10.0.0.2", "10.0.0.0/24", X_Forwarded_For="203.0.113.9").address == "203.0.113.9"
    assert client_from("10.0.1.2", "10.0.0.0/24", X_Forwarded_For="203.0.113.9").address == "10.0.1.2"


def test_scheme_and_host_are_taken_from_a_trusted_proxy_only():
    headers = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "Faces.example"}

    behind_proxy, direct = client_from("127.0.0.1", **headers), client_from("10.1.1.1", **headers)
    assert (behind_proxy.host, behind_proxy.secure) == ("faces.example", True)
    assert (direct.host, direct.secure) == ("localhost:8080", False)


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {"Host": "[::1]:8080"}, True),
        ("127.0.0.1", {"Host": "127.0.0.1"}, True),
        ("127.0.0.1", {"Host": "evil.example:8080"}, False),
        ("127.0.0.1", {"Host": "evil.example", "X_Forwarded_Host": "localhost"}, False),
        ("127.0.0.1", {"Host": "LocalHost"}, True),
        ("127.0.0.1", {"Host": "127.5.0.1:80"}, True),
        ("127.0.0.1", {"Host": "localhost."}, False),
        ("127.0.0.1", {"Host": "localhost.evil.example"}, False),
        ("127.0.0.1", {"Host": "127.1"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1:evil.example"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1, evil.example"}, False),
        ("127.0.0.1", {"Host": "[::1]evil.example"}, False),
        ("127.0.0.1", {"Host": "[::1"}, False),
        ("127.0.0.1", {"Host": "::1"}, False),
        ("127.0.0.1", {"Host": "localhost:123456"}, False),
        ("127.0.0.1", {"Host": "localhost:\u0661"}, False),
        ("127.0.0.1", {"Host": ""}, False),
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, False),
        ("127.0.0.1", {"X_Forwarded_For": ""}, False),
        ("127.0.0.1", {"X_Forwarded_For": "unknown"}, False),
        ("192.0.2.1", {}, False),
        ("", {}, False),
    ],
)
def test_a_request_seems_local_only_if_nothing_in_it_shows_another_machine(
    peer: str,
    headers: dict[str, str],
    local: bool,  # noqa: FBT001
):
    assert client_from(peer, **headers).seems_local is local


def test_a_request_in_proxy_form_does_not_seem_local():
    request = make_mocked_request(
        "GET",
        "http://localhost:8080/config",
        headers={"Host": "localhost:8080"},
        transport=FromAddress("::1"),
    )

    assert not client_of(request, Proxies.of(Config())).seems_local


@pytest.mark.parametrize(
    ("host", "secure", "origin", "same"),
    [
        ("faces.example", False, "http://faces.example", True),
        ("faces.example", False, "https://faces.example", True),
        ("faces.example", True, "https://faces.example", True),
        ("faces.example", True, "http://faces.example", False),
        ("faces.example:443", True, "https://faces.example", True),
        ("faces.example:8443", True, "https://faces.example:8443", True),
        ("faces.example:8443", True, "https://faces.example", False),
        ("faces.example", False, "http://faces.example.evil.example", False),
        ("faces.example", False, "null", False),
        ("[", False, "http://[", False),
        ("faces.example", False, "http://[::1", False),
        ("faces.example", False, "http://\u2100.example", False),
        ("faces.example", False, "", False),
        ("[::1]:8080", False, "http://[::1]:8080", True),
        ("faces.example", False, "http://Faces.Example:80", True),
    ],
)
def test_a_page_is_the_servers_own_by_name_port_and_known_scheme(
    host: str,
    secure: bool,  # noqa: FBT001
    origin: str,
    same: bool,  # noqa: FBT001
):
    assert is_same_origin(Client("", host, secure, seems_local=False), origin) is same
