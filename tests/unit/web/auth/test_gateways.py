"""Which requests are those of a gateway, and what is remembered of it."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from facestream.credentials.statements import SignatureError, Statement
from facestream.web.auth.client_address import UNKNOWN
from facestream.web.auth.gateways import MAX_KNOWN, STATEMENT, Gateways, stated_client
from tests.media.gateways import SECRET, Gateway


class FromAddress:
    """A fake transport with this peer address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._address, 40000) if name == "peername" else default


def request_of(peer: str, statement: Statement, secret: str = SECRET) -> web.Request:
    headers = Gateway("", secret).headers(statement)
    return make_mocked_request(
        statement.method, statement.target, headers=headers, transport=FromAddress(peer)
    )


def test_an_address_counts_as_shared_once_a_signature_from_it_was_valid():
    gateways = Gateways(SECRET)
    question = Statement("GET", "/config", "203.0.113.9")

    with pytest.raises(SignatureError):
        gateways.check(request_of("10.0.0.3", question, "x" * 40), None)
    gateways.check(request_of("10.0.0.2", question), None)

    assert gateways.knows("10.0.0.2")
    assert not gateways.knows("10.0.0.3")


def test_the_memory_for_addresses_is_bounded():
    gateways = Gateways(SECRET)

    for number in range(MAX_KNOWN + 1):
        peer = f"10.0.{number // 256}.{number % 256}"
        gateways.check(request_of(peer, Statement("GET", "/config")), None)

    assert not gateways.knows("10.0.0.0")
    assert gateways.knows("10.0.1.0")


@pytest.mark.parametrize(
    ("statement", "address", "is_local"),
    [
        (Statement("GET", "/", "203.0.113.9"), "203.0.113.9", False),
        (Statement("GET", "/", "2001:db8::9"), "2001:db8::9", False),
        (Statement("GET", "/", "no address"), UNKNOWN, False),
        (Statement("GET", "/"), UNKNOWN, False),
        (Statement("GET", "/", is_local=True), "", True),
    ],
)
def test_the_client_is_the_one_that_the_gateway_states(statement: Statement, address: str, *, is_local: bool):
    request = request_of("10.0.0.2", statement)
    request[STATEMENT] = statement

    client = stated_client(request)

    assert client is not None
    assert (client.address, client.seems_local) == (address, is_local)


def test_without_a_statement_the_client_is_an_ordinary_one():
    assert stated_client(make_mocked_request("GET", "/")) is None
