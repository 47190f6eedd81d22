"""Describe STUN and TURN servers as values: URLs and credentials. Never connects to anything.

Pure, except for the clock that time-limited credentials need.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from facestream.addresses import without_secrets

PLAIN_PORT, TLS_PORT = 3478, 5349  # RFC 7064, RFC 7065
EXPECTED = "expected stun:HOST[:PORT], or turn: or turns:HOST[:PORT][?transport=udp|tcp]"

_URL = re.compile(
    r"(?P<scheme>stun|turns?):(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>\d{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class IceUrl:
    """The address of one STUN or TURN server."""

    text: str
    """As the operator wrote it."""
    scheme: Literal["stun", "turn", "turns"]
    host: str
    """A name or an address, IPv6 without brackets."""
    port: int
    transport: Literal["udp", "tcp"]
    """How the server is reached; it always relays UDP."""

    @property
    def is_turn(self) -> bool:
        return self.scheme != "stun"


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """Username and password for a TURN server; empty: none."""

    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "TurnCredentials(...)"  # never in a log or a traceback


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server with the credentials for it."""

    url: IceUrl
    credentials: TurnCredentials = TurnCredentials()


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Makes the credentials of one session: constant ones, or time-limited ones from a shared secret."""

    username: str = ""
    password: str = ""
    secret: str = ""
    """The `static-auth-secret` of coturn; if set, username and password are ignored."""
    ttl_s: int = 3600
    """Time until credentials made from the secret expire."""

    def make(self) -> TurnCredentials:
        """Credentials for one session that starts now."""
        if not self.secret:
            return TurnCredentials(self.username, self.password)
        # A new name for each session, so that coturn applies user-quota to each session and no user can be identified.
        return time_limited(self.secret, secrets.token_urlsafe(6), self.ttl_s)

    def __repr__(self) -> str:
        return "CredentialSource(...)"


def parse_ice_url(text: str) -> IceUrl:
    """Parse the URL of a STUN or TURN server (RFC 7064, RFC 7065); raises ValueError with a sentence."""
    match = _URL.fullmatch(text)
    if match is None:
        # A TURN server's user and password are settings of their own, but people put them here.
        shown = without_secrets(text) if "@" in text else text
        raise ValueError(f"{shown!r} is not the URL of a STUN or TURN server; {EXPECTED}")
    scheme, host, port_text, transport = match.group("scheme", "host", "port", "transport")
    if scheme == "stun" and transport:
        raise ValueError(f"{text!r}: a STUN server has no ?transport; {EXPECTED}")
    if scheme == "turns" and transport == "udp":
        raise ValueError(f"{text!r}: TURN over DTLS is not supported; expected turns:{host}?transport=tcp")
    default_port = TLS_PORT if scheme == "turns" else PLAIN_PORT
    port = int(port_text) if port_text else default_port
    if not 0 < port < 2**16:
        raise ValueError(f"{text!r}: port {port}; expected 1 to 65535")
    default_transport: Literal["udp", "tcp"] = "tcp" if scheme == "turns" else "udp"
    return IceUrl(
        text,
        _SCHEMES[scheme],
        host.strip("[]"),
        port,
        "tcp" if transport == "tcp" else "udp" if transport else default_transport,
    )


_SCHEMES: dict[str, Literal["stun", "turn", "turns"]] = {"stun": "stun", "turn": "turn", "turns": "turns"}


def time_limited(secret: str, user: str, ttl_s: int) -> TurnCredentials:
    """Credentials that expire, for coturn's `use-auth-secret`: `<expiry>:<user>` and its base64 HMAC-SHA1."""
    expiry = int(datetime.now(UTC).timestamp()) + ttl_s
    username = f"{expiry}:{user}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return TurnCredentials(username, base64.b64encode(digest).decode())


def as_page_servers(urls: Sequence[IceUrl], credentials: TurnCredentials) -> list[dict[str, object]]:
    """The servers as the `iceServers` of a browser's RTCPeerConnection."""
    stun = [url.text for url in urls if not url.is_turn]
    turn = [url.text for url in urls if url.is_turn]
    servers: list[dict[str, object]] = []
    if stun:
        servers.append({"urls": stun})
    if turn:
        servers.append({"urls": turn, "username": credentials.username, "credential": credentials.password})
    return servers
