"""The access policy where the system does not show programs, as on macOS: loopback clients need the local token."""

import errno
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import jwt
import pytest

from facestream.config import Config
from facestream.credentials.tokens import ALGORITHM, Purpose, TokenError, Tokens, issue, make_key
from facestream.web.auth import policy
from facestream.web.auth.policy import Access


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "can_tell_programs", lambda: False)


@pytest.mark.usefixtures("no_programs")
def test_the_local_token_admits_a_peer_but_no_admin():
    access = Access(Config(), "127.0.0.1")

    token = access.local_token()

    access.peers.check(token)
    with pytest.raises(TokenError):
        access.admins.check(token)


@pytest.mark.usefixtures("no_programs")
def test_the_local_token_expires_after_its_lifetime():
    access = Access(Config(), "127.0.0.1")

    claims = jwt.decode(access.local_token(), access.peers.key, [ALGORITHM], audience=Purpose.PEER)

    left_s = claims["exp"] - datetime.now(UTC).timestamp()
    assert 0 < left_s <= policy.LOCAL_TOKEN_LIFETIME_H * 3600 <= 24 * 3600


@pytest.mark.usefixtures("no_programs")
def test_the_local_token_stays_valid_when_the_files_are_read_again():
    access = Access(Config(), "127.0.0.1")
    token = access.local_token()

    access.reload()

    access.peers.check(token)


@pytest.mark.usefixtures("no_programs")
def test_the_key_file_signs_the_local_token_if_there_is_one(tmp_path: Path):
    key = make_key(tmp_path / "token.key")
    access = Access(Config(token_key_file=str(tmp_path / "token.key")), "127.0.0.1")

    assert jwt.decode(access.local_token(), key, [ALGORITHM], audience=Purpose.PEER)


@pytest.mark.usefixtures("no_programs")
def test_two_servers_without_a_key_file_do_not_accept_each_others_local_token():
    one, other = Access(Config(), "127.0.0.1"), Access(Config(), "127.0.0.1")

    with pytest.raises(TokenError):
        other.peers.check(one.local_token())


@pytest.mark.usefixtures("no_programs")
def test_the_local_token_is_not_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    access = Access(Config(), "127.0.0.1")

    token = access.local_token()

    assert "clients on this machine need a token too" in caplog.text
    assert token not in caplog.text
    assert access.peers.key not in caplog.text


@pytest.mark.usefixtures("no_programs")
@pytest.mark.parametrize("auth", ["token", "none"])
def test_with_another_policy_there_is_no_local_token(tmp_path: Path, auth: Literal["token", "none"]):
    make_key(tmp_path / "token.key")
    config = Config(auth=auth, token_key_file=str(tmp_path / "token.key"))

    assert Access(config, "127.0.0.1").local_token() == ""


def test_where_the_system_shows_programs_there_is_no_local_token():
    assert Access(Config(), "127.0.0.1").local_token() == ""


@pytest.mark.usefixtures("no_programs")
def test_a_server_for_other_machines_has_no_local_token(tmp_path: Path):
    make_key(tmp_path / "token.key")

    access = Access(Config(token_key_file=str(tmp_path / "token.key")), "0.0.0.0")

    assert access.local_token() == ""


def test_the_tokens_stay_valid_if_their_file_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    listed = "a-token-of-nobody-but-us"
    (tmp_path / "tokens").write_text(listed)
    access = Access(Config(auth="token", tokens_file=str(tmp_path / "tokens")), "127.0.0.1")

    def fails(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as without_descriptors:
        without_descriptors.setattr(os, "open", fails)
        access.reload()

    access.peers.check(listed)
    assert {record.levelname for record in caplog.records} == {"ERROR"}


REVOKED, KEPT, REVOKED_ADMIN = (
    "a-revoked-token-of-a-peer",
    "another-token-of-a-peer",
    "a-revoked-token-of-an-admin",
)


def listing(folder: Path) -> Config:
    """Settings that name all three files, with tokens that a test revokes."""
    (folder / "peers").write_text(f"{REVOKED}\n{KEPT}\n")
    (folder / "admins").write_text(REVOKED_ADMIN)
    make_key(folder / "key")
    return Config(
        auth="token",
        tokens_file=str(folder / "peers"),
        admin_tokens_file=str(folder / "admins"),
        token_key_file=str(folder / "key"),
    )


def is_valid(tokens: Tokens, token: str) -> bool:
    try:
        tokens.check(token)
    except TokenError:
        return False
    return True


@pytest.mark.parametrize("wrong", ["peers", "admins", "key"])
def test_a_wrong_file_keeps_what_only_that_file_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: str
):
    access = Access(listing(tmp_path), "127.0.0.1")
    signed = issue(access.signing_key, Purpose.PEER, "guest", 1)
    signed_admin = issue(access.signing_key, Purpose.ADMIN, "guest", 1)
    new = {"peers": KEPT, "admins": "another-token-of-an-admin", "key": "n" * 40, wrong: "short"}
    for name, text in new.items():
        (tmp_path / name).write_text(text)

    access.reload()

    assert is_valid(access.peers, KEPT)
    assert is_valid(access.peers, REVOKED) == (wrong == "peers")
    assert is_valid(access.admins, REVOKED_ADMIN) == (wrong == "admins")
    assert is_valid(access.peers, signed) == is_valid(access.admins, signed_admin) == (wrong == "key")
    (record,) = caplog.records
    setting = {"peers": "tokens_file", "admins": "admin_tokens_file", "key": "token_key_file"}[wrong]
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith(
        f"{setting} is not reloaded, so tokens that it no longer allows stay valid"
    )
    assert str(tmp_path / wrong) in record.getMessage()


def test_a_named_key_file_that_was_deleted_is_reported_and_its_key_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    access = Access(listing(tmp_path), "127.0.0.1")
    signed = issue(access.signing_key, Purpose.PEER, "guest", 1)
    (tmp_path / "key").unlink()

    access.reload()

    assert is_valid(access.peers, signed)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "token_key_file is not reloaded" in caplog.text


def test_the_default_key_file_that_was_deleted_ends_its_tokens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    key_file = tmp_path / Config().token_key_file
    make_key(key_file)
    access = Access(Config(auth="token"), "127.0.0.1")
    signed = issue(access.signing_key, Purpose.PEER, "guest", 1)
    key_file.unlink()

    access.reload()

    assert not is_valid(access.peers, signed)
    assert not caplog.records
