import hashlib
import resource
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from facestream.credentials.tokens import (
    ALGORITHM,
    Purpose,
    TokenError,
    TokenExpiredError,
    Tokens,
    issue,
    make_key,
    read_key,
    read_listed,
)
from facestream.errors import ConfigError

KEY = "k" * 40
WORD = "a-word-of-enough-characters"


def peers(*listed: str, key: str = KEY) -> Tokens:
    return Tokens(Purpose.PEER, [hashlib.sha256(word.encode()).digest() for word in listed], key)


def test_a_signed_token_is_valid_until_it_expires():
    peers().check(issue(KEY, Purpose.PEER, "guest", 1))
    with pytest.raises(TokenExpiredError):
        peers().check(issue(KEY, Purpose.PEER, "guest", -1))


def test_a_token_from_before_the_clock_was_set_back_is_valid_until_it_expires():
    now = datetime.now(UTC)
    claims = {"sub": "guest", "aud": Purpose.PEER, "iat": now + timedelta(hours=1)}

    peers().check(jwt.encode({**claims, "exp": now + timedelta(hours=2)}, KEY, ALGORITHM))
    with pytest.raises(TokenExpiredError):
        peers().check(jwt.encode({**claims, "exp": now - timedelta(hours=1)}, KEY, ALGORITHM))


@pytest.mark.parametrize(
    "token",
    [
        "", "guess", "\u00e4" * 30, "x" * 5000, "a.b.c",
        issue("o" * 40, Purpose.PEER, "guest", 1),
        issue(KEY, Purpose.ADMIN, "guest", 1),
        jwt.encode({"sub": "guest", "aud": "facestream"}, KEY, "HS256"),
        jwt.encode({"sub": "guest", "aud": "facestream", "exp": 10**11}, "", "none"),
    ],
)  # fmt: skip
def test_any_other_token_is_rejected(token: str):
    with pytest.raises(TokenError):
        peers(WORD).check(token)


def test_a_listed_token_is_valid():
    peers("another-word-of-some-length", WORD, key="").check(WORD)


def test_tokens_may_be_listed_plain_or_hashed(tmp_path: Path):
    file = tmp_path / "tokens"
    digest = hashlib.sha256(WORD.encode()).hexdigest()
    file.write_text(f"# ours\n\nplain-word-of-some-length\nsha256:{digest}\n")

    tokens = Tokens(Purpose.PEER, read_listed(file), "")

    tokens.check(WORD)
    tokens.check("plain-word-of-some-length")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_of_tokens_is_read_in_any_unicode_encoding(tmp_path: Path, encoding: str):
    lines = f"# f\u00fcr uns\r\n\r\n  {WORD} \r\n"
    (tmp_path / "tokens").write_bytes(lines.encode(encoding))

    assert read_listed(tmp_path / "tokens") == {hashlib.sha256(WORD.encode()).digest()}


def test_a_public_ssh_key_is_rejected_as_a_signing_key(tmp_path: Path):
    (tmp_path / "key").write_text("ssh-ed25519 " + "A" * 60)

    with pytest.raises(ConfigError, match="cannot sign"):
        read_key(tmp_path / "key")


def test_a_key_that_cannot_be_written_leaves_no_empty_file(tmp_path: Path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, limit[1]))
    try:
        with pytest.raises(ConfigError, match="expected space"):
            make_key(tmp_path / "key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)

    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("line", ["short", "two words that are long enough", "\u00e4" * 20])
def test_a_token_that_is_short_or_not_printable_ascii_is_rejected(tmp_path: Path, line: str):
    (tmp_path / "tokens").write_text(line)

    with pytest.raises(ConfigError, match="at least 16"):
        read_listed(tmp_path / "tokens")


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path):
    made = make_key(tmp_path / "new" / "key")

    assert make_key(tmp_path / "new" / "key") == made == read_key(tmp_path / "new" / "key")
    assert (tmp_path / "new" / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 50])
def test_an_invalid_key_is_reported_in_one_sentence(tmp_path: Path, content: bytes):
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(ConfigError, match="key"):
        read_key(tmp_path / "key")
