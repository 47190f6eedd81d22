"""The addresses of a listening server, on a machine with given addresses."""

import pytest

from facestream.web import reach
from facestream.web.reach import Reach

HERE = ["172.17.0.1", "192.0.2.7", "169.254.3.4", "fe80::1", "2001:db8::7"]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "machine_addresses", lambda: HERE)
    monkeypatch.setattr(reach, "_outward_address", lambda: "192.0.2.7")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_no_other_machine_reaches_loopback(host: str):
    listening = Reach("http", host, 8080)

    assert listening.is_loopback
    assert listening.urls() == ("http://localhost:8080",)
    assert listening.urls_for_others() == ()


def test_one_address_is_the_only_one():
    listening = Reach("https", "192.0.2.7", 8443)

    assert not listening.is_loopback
    assert listening.urls() == listening.urls_for_others() == ("https://192.0.2.7:8443",)


def test_the_address_that_leads_to_other_networks_comes_first():
    assert Reach("http", "0.0.0.0", 8080).urls() == (
        "http://localhost:8080",
        "http://192.0.2.7:8080",
        "http://172.17.0.1:8080",
    )


def test_ipv6_addresses_are_those_that_fit_into_a_url_and_only_if_the_socket_has_them():
    assert "http://[2001:db8::7]:8080" in Reach("http", "::", 8080).urls_for_others()
    assert not any("[" in url for url in Reach("http", "0.0.0.0", 8080).urls_for_others())
    assert not any("fe80" in url for url in Reach("http", "::", 8080).urls())


def test_a_machine_without_descriptors_names_none(monkeypatch: pytest.MonkeyPatch):
    def fail() -> list[str]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(reach, "machine_addresses", fail)

    assert Reach("http", "0.0.0.0", 8080).urls() == ("http://localhost:8080",)
