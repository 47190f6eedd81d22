import base64
import hashlib
import hmac
import time

import pytest

from facestream.ice.servers import (
    CredentialSource,
    TurnCredentials,
    as_page_servers,
    parse_ice_url,
    time_limited,
)


@pytest.mark.parametrize(
    ("text", "host", "port", "transport"),
    [
        ("stun:stun.example.org", "stun.example.org", 3478, "udp"),
        ("turn:192.0.2.1:5000", "192.0.2.1", 5000, "udp"),
        ("turn:turn.example.org?transport=tcp", "turn.example.org", 3478, "tcp"),
        ("turns:turn.example.org", "turn.example.org", 5349, "tcp"),
        ("turns:turn.example.org:443?transport=tcp", "turn.example.org", 443, "tcp"),
        ("turn:[2001:db8::1]:3478?transport=udp", "2001:db8::1", 3478, "udp"),
    ],
)
def test_the_url_of_an_ice_server_is_parsed(text: str, host: str, port: int, transport: str):
    url = parse_ice_url(text)

    assert (url.host, url.port, url.transport) == (host, port, transport)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "turn.example.org",
        "http://turn.example.org",
        "turn://turn.example.org",
        "turn:user@turn.example.org",
        "turn:turn.example.org:0",
        "turn:turn.example.org:99999",
        "turn:turn.example.org?transport=sctp",
        "stun:stun.example.org?transport=udp",
        "turns:turn.example.org?transport=udp",
        "turn:a b",
    ],
)
def test_an_invalid_url_of_an_ice_server_is_rejected(text: str):
    with pytest.raises(ValueError, match="expected"):
        parse_ice_url(text)


def test_a_time_limited_credential_equals_the_one_coturn_computes():
    credentials = time_limited("north", "alice", 600)

    expiry, user = credentials.username.split(":")
    digest = hmac.new(b"north", credentials.username.encode(), hashlib.sha1).digest()
    assert user == "alice"
    assert abs(int(expiry) - time.time() - 600) < 5
    assert credentials.password == base64.b64encode(digest).decode()


def test_each_session_gets_a_credential_of_its_own():
    source = CredentialSource(secret="north")

    assert source.make().username != source.make().username


def test_a_fixed_credential_stays_the_same():
    assert CredentialSource("alice", "pw").make() == TurnCredentials("alice", "pw")


def test_the_repr_of_a_credential_shows_no_secret():
    source = CredentialSource("alice", "pw", "north")

    assert "pw" not in repr(source.make())
    assert "north" not in repr(source)


def test_the_page_gets_credentials_for_turn_only():
    urls = list(map(parse_ice_url, ["turn:t.example.org", "stun:s.example.org", "turns:t.example.org"]))

    servers = as_page_servers(urls, TurnCredentials("alice", "pw"))

    assert servers == [
        {"urls": ["stun:s.example.org"]},
        {"urls": ["turn:t.example.org", "turns:t.example.org"], "username": "alice", "credential": "pw"},
    ]
