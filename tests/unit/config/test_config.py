"""The settings: sources of values, rejected values, and the error messages."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from facestream.config import Config, load_config, unknown_variables
from facestream.errors import ConfigError


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Config.model_fields:
        monkeypatch.delenv(f"FACESTREAM_{name.upper()}", raising=False)


def test_by_default_the_server_is_for_this_machine_only():
    config = load_config()

    assert (config.host, config.port) == ("127.0.0.1", 8080)
    assert config.ice_address == ()


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FACESTREAM_PORT", "9001")

    assert load_config(port="9002").port == 9002


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "facestream.toml").write_text("port = 9000\nmax_sessions = 3\n")
    monkeypatch.setenv("FACESTREAM_PORT", "9001")

    config = load_config()

    assert (config.port, config.max_sessions) == (9001, 3)


def test_addresses_for_ice_are_separated_by_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FACESTREAM_ICE_ADDRESS", "127.0.0.1, ::1")

    assert load_config().ice_address == ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 70_000),
        ("port", "many"),
        ("ice_address", ["example.org"]),
        ("analysis_processes", -1),
        ("max_sessions", 0),
        ("setup_deadline_s", 0),
        ("log_level", "LOUD"),
    ],
)
def test_a_wrong_value_is_reported_with_its_name_and_value(name: str, value: object):
    with pytest.raises(ConfigError) as rejected:
        load_config(**{name: value})

    message = str(rejected.value)
    assert rejected.value.setting == name
    assert name in message
    assert repr(value[0] if isinstance(value, list) else value) in message


def test_an_error_about_two_settings_names_both_and_is_about_neither():
    with pytest.raises(ConfigError) as rejected:
        load_config(port="many", max_sessions=0)

    assert rejected.value.setting == ""
    assert "port" in str(rejected.value)
    assert "max_sessions" in str(rejected.value)


def test_an_unknown_name_in_the_file_is_rejected(tmp_path: Path):
    (tmp_path / "facestream.toml").write_text("prot = 9000\n")

    with pytest.raises(ConfigError) as rejected:
        load_config()

    assert rejected.value.setting == "prot"
    assert "prot: no such setting (did you mean port?)" in str(rejected.value)
    assert "9000" not in str(rejected.value)


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("FACESTREAM_MAX_SESIONS", ["FACESTREAM_MAX_SESIONS (did you mean FACESTREAM_MAX_SESSIONS?)"]),
        ("facestream_prt", ["facestream_prt (did you mean FACESTREAM_PORT?)"]),
        ("FACESTREAM_QQ", ["FACESTREAM_QQ"]),
        ("FACESTREAM_MAX_SESSIONS", []),
        ("facestream_port", []),
        ("FACESTREAM_TEST_TIME_FACTOR", []),
        ("FACESTREAM_UPSTREAM_REPLACED", []),
        ("OTHER", []),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_the_setting_that_may_be_meant(
    name: str, reported: list[str]
):
    assert unknown_variables({name: "1"}) == reported


@pytest.mark.parametrize(
    "text",
    [
        'turn_secrt = "4711-secret"',
        'turn_secret = ["4711-secret"]',
        'turn_password = {a = "4711-secret"}',
        "turn_secret = 4711",
    ],
)
def test_an_error_does_not_repeat_what_may_be_a_secret(tmp_path: Path, text: str):
    (tmp_path / "facestream.toml").write_text(text)

    with pytest.raises(ConfigError, match="turn_") as rejected:
        load_config()

    # The cause is part of the traceback that the level DEBUG shows.
    assert "4711" not in f"{rejected.value} {rejected.value.__cause__}"


@pytest.mark.parametrize("text", ["port = ", "port: 9000"])
def test_a_file_that_is_not_toml_is_rejected_with_a_sentence(tmp_path: Path, text: str):
    (tmp_path / "facestream.toml").write_text(text)

    with pytest.raises(ConfigError, match=r"facestream\.toml"):
        load_config()


def test_addresses_for_ice_are_a_list_in_the_file(tmp_path: Path):
    (tmp_path / "facestream.toml").write_text('ice_address = ["127.0.0.1", "::1"]')

    assert load_config().ice_address == ("127.0.0.1", "::1")


def test_a_wrong_address_in_the_environment_is_rejected_with_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FACESTREAM_ICE_ADDRESS", "127.0.0.1,here")

    with pytest.raises(ConfigError, match=r"ice_address\.1: got 'here'") as rejected:
        load_config()

    assert rejected.value.setting == "ice_address"


def test_what_a_check_of_ours_says_has_no_words_of_the_library_before_it():
    with pytest.raises(ConfigError, match=r"nodes\.0: got '127\.0\.0\.1:8081', expected http://HOST:PORT"):
        load_config(nodes=["127.0.0.1:8081"])


def test_a_config_cannot_be_changed():
    config = load_config()

    with pytest.raises(ValidationError):
        config.port = 1  # type: ignore[misc]
