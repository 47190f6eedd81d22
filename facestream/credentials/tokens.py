"""Access tokens of peers and admins: issue signed ones, check signed and listed ones. Independent of HTTP."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import jwt

from facestream.config.text_files import lines_of, read_line, read_text
from facestream.errors import ConfigError, FacestreamError
from facestream.remedies import remedy_of
from facestream.resources import COMMAND

ALGORITHM = "HS256"
MIN_KEY_CHARS = 32  # RFC 7518, 3.2: as long as the hash
MIN_TOKEN_CHARS = 16  # enough for a listed token, because each guess needs a request to the server
MAX_TOKEN_CHARS = 4096
LEEWAY_S = 30  # for clocks that differ
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)


class TokenError(FacestreamError):
    """A token is not valid on this server; the client gets HTTP 401 with the message."""

    code = "token_wrong"


class TokenMissingError(TokenError):
    """A token is required, and the request has none."""

    code = "token_required"


class TokenExpiredError(TokenError):
    """A signed token is past its time."""

    code = "token_expired"


class Purpose(StrEnum):
    """What a token allows; a token for one purpose is not valid for the other."""

    PEER = "facestream"
    ADMIN = "facestream-admin"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The valid tokens for one purpose."""

    purpose: Purpose
    digests: Collection[bytes]
    """SHA-256 of each listed token."""
    key: str
    """Key of the signed tokens; empty: there are none."""

    def __bool__(self) -> bool:
        """Whether any token can be valid."""
        return bool(self.digests or self.key)

    def check(self, token: str) -> None:
        """Raise TokenError unless the token is listed, or signed for this purpose and not expired."""
        if not token:
            raise TokenMissingError("no access token; expected one from the operator of this server")
        if len(token) > MAX_TOKEN_CHARS:
            raise TokenError(f"a token of more than {MAX_TOKEN_CHARS} characters is not valid on this server")
        digest = hashlib.sha256(token.encode()).digest()
        # Compare with all digests: the duration must not depend on which one matches.
        if sum(hmac.compare_digest(digest, listed) for listed in self.digests):
            return
        if not self.key:
            raise TokenError("this token is not valid on this server; ask its operator for a new one")
        try:
            jwt.decode(
                token,
                self.key,
                algorithms=[ALGORITHM],
                audience=self.purpose,
                leeway=LEEWAY_S,
                # A clock that was set back must not reject what was issued before: only `exp` decides.
                options={"require": ["exp", "sub", "aud"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenExpiredError(
                "this token has expired; ask the operator of this server for a new one"
            ) from error
        except jwt.PyJWTError as error:
            raise TokenError(
                "this token is not valid on this server; ask its operator for a new one"
            ) from error


def issue(key: str, purpose: Purpose, subject: str, lifetime_h: float) -> str:
    """A signed token that expires after `lifetime_h` hours."""
    now = datetime.now(UTC)
    claims = {"sub": subject, "aud": purpose, "iat": now, "exp": now + timedelta(hours=lifetime_h)}
    return jwt.encode(claims, key, ALGORITHM)


def read_listed(path: Path) -> frozenset[bytes]:
    """The digests of the tokens in a file; raises ConfigError. Ignores empty lines and lines that begin with #."""
    text = read_text(path, "tokens", "a text file with one token a line")
    return frozenset(_digest(line, path) for line in lines_of(text))


def _digest(line: str, path: Path) -> bytes:
    if hashed := _DIGEST.fullmatch(line):
        return bytes.fromhex(hashed[1])
    if len(line) < MIN_TOKEN_CHARS or not line.isascii() or not line.isprintable() or " " in line:
        raise ConfigError(
            f"{path}: a token of {len(line)} characters; expected at least {MIN_TOKEN_CHARS} printable ASCII "
            'characters without spaces (`python -c "import secrets; print(secrets.token_urlsafe())"` generates '
            "one), or sha256:HEX"
        )
    return hashlib.sha256(line.encode()).digest()


def read_key(path: Path) -> str:
    """The key of a file; raises ConfigError."""
    key = read_line(path, "token key", f"a key as its only line, as `{COMMAND} token` makes one")
    if len(key) < MIN_KEY_CHARS:
        raise ConfigError(f"{path}: a key of {len(key)} characters; expected at least {MIN_KEY_CHARS}")
    try:
        issue(key, Purpose.PEER, "", 1)
    except (jwt.PyJWTError, ValueError) as error:
        # PyJWT rejects the public half of a key pair, because anyone could sign with it.
        raise ConfigError(f"{path}: this key cannot sign ({error}); expected random characters") from error
    return key


def make_key(path: Path) -> str:
    """The key of a file; creates the file if it is missing. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # No other user may read it, from the first moment on.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_key(path)
    except ValueError as error:
        raise ConfigError(f"{str(path)!r}: {error}; expected the path of a file") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); expected a writable folder: "
            f"{remedy_of(error, 'choose another')}"
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    except OSError as error:
        # An empty file would be read as a wrong key.
        path.unlink(missing_ok=True)
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); expected space for a small file: "
            f"{remedy_of(error, 'choose another folder')}"
        ) from error
    return read_key(path)
