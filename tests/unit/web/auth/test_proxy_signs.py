"""Which headers show a proxy: those documented by proxies, CDNs and tunnels, and none that clients send."""

import pytest

from facestream.web.auth.proxy_signs import shows_a_proxy
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"
OF_PROXIES = (DATA / "headers_of_proxies.txt").read_text(encoding="ascii").split()
OF_CLIENTS = (DATA / "headers_of_clients.txt").read_text(encoding="ascii").split()


@pytest.mark.parametrize("name", OF_PROXIES)
def test_a_header_of_a_proxy_is_recognised_in_any_case(name: str):
    assert all(shows_a_proxy(["Host", spelled]) for spelled in (name, name.lower(), name.upper()))


def test_headers_that_clients_send_show_no_proxy():
    assert not [name for name in OF_CLIENTS if shows_a_proxy([name])]
