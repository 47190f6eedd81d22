"""Addresses in messages: without user name, password and query, however they are written."""

from pathlib import Path

import pytest

from facestream.addresses import shown_source, without_secrets
from facestream.errors import ClipError, ConfigError
from facestream.ice.servers import parse_ice_url


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://example.org:8080/faces", "http://example.org:8080/faces"),
        ("http://anna:geheim@example.org:8080", "http://example.org:8080"),
        ("anna:geheim@example.org:8080", "example.org:8080"),
        ("http:/anna:geheim@example.org", "http:/example.org"),
        ("http://anna:ge@heim@example.org", "http://example.org"),
        ("http://anna:ge/heim@example.org", "http://example.org"),
        ("http://anna:ge?heim@example.org", "http://..."),
        ("http://example.org/clip?key=geheim", "http://example.org/clip"),
        ("http://example.org/#token=geheim", "http://example.org/"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(address: str, shown: str):
    assert without_secrets(address) == shown


@pytest.mark.parametrize("name", ["anna@work.mp4", "what?.mp4", "12:30 #2.mp4", "/videos/a@b?c.mp4"])
def test_the_name_of_a_file_is_shown_as_it_is(name: str):
    assert shown_source(name) == name


def test_an_address_that_was_given_as_a_file_is_shown_without_its_password():
    from facestream.clips.clip import open_clip
    from facestream.offline.sources import find_sources

    with pytest.raises(ClipError) as of_a_clip:
        open_clip(Path("rtsp://anna:geheim@example.org/door"))
    with pytest.raises(ConfigError) as of_a_source:
        find_sources(["rtsp:/anna:geheim@example.org/door"])

    for said in (str(of_a_clip.value), str(of_a_source.value)):
        assert said.startswith("rtsp:/example.org/door: no such file")


def test_the_password_in_the_url_of_a_turn_server_is_not_repeated():
    with pytest.raises(ValueError, match="is not the URL of a STUN or TURN server") as raised:
        parse_ice_url("turn:anna:geheim@example.org:3478")

    assert "geheim" not in str(raised.value)
