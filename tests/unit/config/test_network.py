"""The network settings: valid and invalid combinations, and that no message contains a secret."""

from pathlib import Path

import pytest

from facestream.config import Config, load_config
from facestream.errors import ConfigError


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Config.model_fields:
        monkeypatch.delenv(f"FACESTREAM_{name.upper()}", raising=False)


def test_by_default_no_stun_or_turn_server_is_used():
    config = load_config()

    assert config.page_ice_urls == ()
    assert config.server_ice_urls == ()


def test_servers_are_separated_by_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FACESTREAM_TURN_SECRET", "north")
    monkeypatch.setenv("FACESTREAM_PAGE_ICE_SERVER", "turn:t.example.org, turns:t.example.org:443")

    urls = load_config().page_ice_urls

    assert [(url.scheme, url.port) for url in urls] == [("turn", 3478), ("turns", 443)]


def test_ports_are_a_range():
    assert load_config(udp_ports="50000-50009").udp_port_range == range(50_000, 50_010)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"udp_ports": "50000"}, "FIRST-LAST"),
        ({"udp_ports": "50009-50000"}, "FIRST-LAST"),
        ({"udp_ports": "80-90"}, "FIRST-LAST"),
        ({"udp_ports": "50000-50001"}, "at least 4"),
        ({"udp_ports": "65000-66000"}, "FIRST-LAST"),
        ({"public_address": ["example.org"]}, "public_address"),
        ({"public_address": ["192.0.2.1", "192.0.2.2"]}, "at most one IPv4"),
        ({"page_ice_server": ["http://t.example.org"]}, "expected stun:HOST"),
        ({"page_ice_server": ["turn:t.example.org"]}, "has no credentials"),
        ({"server_ice_server": ["turn:t.example.org"]}, "has no credentials"),
        ({"server_ice_server": ["stun:[2001:db8::1]"]}, "an IPv4 address"),
        ({"server_ice_policy": "relay"}, "expected a turn: address"),
        ({"turn_username": "alice"}, "belong together"),
        ({"turn_password": "hush"}, "belong together"),
        ({"turn_secret": "hush", "turn_username": "alice", "turn_password": "hush"}, "one of them only"),
        ({"turn_ttl_s": 1}, "turn_ttl_s"),
        ({"remote_candidates": "all"}, "remote_candidates"),
    ],
)
def test_contradictory_settings_are_rejected_without_showing_a_secret(given: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message) as refused:
        load_config(**given)

    assert "hush" not in str(refused.value)


def test_a_fixed_name_and_password_are_used_unchanged():
    source = load_config(turn_username="alice", turn_password="pw").credential_source()

    assert source.make().username == "alice"


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text("north\n")

    source = load_config(turn_secret_file=file).credential_source()

    assert source.secret == "north"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_without_a_secret_is_reported(tmp_path: Path, content: bytes | None):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError) as rejected:
        load_config(turn_secret_file=file).credential_source()

    assert rejected.value.setting == "turn_secret_file"


def test_settings_do_not_show_a_secret():
    config = load_config(turn_secret="north")

    assert "north" not in repr(config)
