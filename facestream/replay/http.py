"""The HTTP requests of a headless peer: offer, configuration, end of the session."""

import os
import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import aiohttp
from pydantic import ValidationError
from yarl import URL

from facestream.addresses import without_secrets
from facestream.config.text_files import read_text
from facestream.errors import ConfigError, ServerUnreachableError
from facestream.ice.servers import IceServer, TurnCredentials, parse_ice_url
from facestream.messages.http import OWNER_HEADER, AnswerBody, OfferBody, PageConfig, Problem
from facestream.resources import START

OFFER_DEADLINE_S = 15.0
LEAVE_DEADLINE_S = 3.0
CONFIG_DEADLINE_S = 3.0
MAX_ANSWER_BYTES = 256 * 1024
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[\s\w+/=]+-----END CERTIFICATE-----", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The access token of this peer, and the certificates that it trusts."""

    token: str = ""
    cafile: Path | None = None
    """Certificates (PEM) to trust besides the system's, such as the authority of `facestream certs`."""

    def connect(self, deadline_s: float) -> aiohttp.ClientSession:
        """An HTTP client that sends the token; raises ConfigError if `cafile` has no valid certificates."""
        authorities = _authorities(self.cafile) if self.cafile else None
        try:
            trusted = ssl.create_default_context(cadata=authorities)
        except ssl.SSLError as error:
            raise ConfigError(
                f"cafile: {self.cafile} cannot be used ({error}); expected certificates (PEM)", "cafile"
            ) from error
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted),
            timeout=aiohttp.ClientTimeout(total=deadline_s),
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
        )


NO_CREDENTIALS = Credentials()


def _authorities(path: Path) -> str:
    """The certificates of a file, without the text between them: OpenSSL accepts only ASCII there."""
    # Read here, because OpenSSL blocks on a pipe and rejects a byte order mark.
    found = _CERTIFICATE.findall(read_text(path, "cafile", "certificates (PEM)"))
    if not found:
        raise ConfigError(
            f"cafile: {path} has no certificate; expected PEM with -----BEGIN CERTIFICATE-----", "cafile"
        )
    return "\n".join(found)


def server_url(text: str) -> URL:
    """Parse the address of a server; raises ServerUnreachableError, which does not repeat what may be a token."""
    if "#" in text or "?" in text:
        raise ServerUnreachableError(
            "the address of the server has a # or a ?, as a link to the page has; expected one like "
            "http://127.0.0.1:8080, and a token in a file: --token-file"
        )
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError:
        host = port = None
    if not host or not port or url.scheme not in {"http", "https"}:
        raise ServerUnreachableError(
            f"{without_secrets(text)!r} is not the address of a server; expected one like http://127.0.0.1:8080"
        )
    return URL(text.rstrip("/"))


def shown(url: URL) -> str:
    """The address of a server as messages show it: without a user name and a password."""
    return without_secrets(str(url))


def is_loopback(url: URL) -> bool:
    """Whether the server is certainly on this machine."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return False


async def post_offer(url: URL, offer: OfferBody, credentials: Credentials = NO_CREDENTIALS) -> AnswerBody:
    """Post an offer and return the answer; raises ServerUnreachableError, with `problem_code` if it is rejected."""
    try:
        async with (
            credentials.connect(OFFER_DEADLINE_S) as http,
            http.post(
                f"{url}/offer",
                data=offer.model_dump_json(),
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response,
        ):
            status, body = response.status, await read_bounded(response)
            retry_after_s = _seconds(response.headers.get("Retry-After", ""))
    except TimeoutError as error:
        raise ServerUnreachableError(
            f"{shown(url)} did not answer the offer within {OFFER_DEADLINE_S:.0f} s; is it a facestream server?"
        ) from error
    except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
        raise ServerUnreachableError(
            f"{shown(url)} cannot be reached ({reason_of(error)}); start the server with `{START}`, or check --url"
        ) from error
    if status != 200:
        raise rejection_of(url, status, body, "the offer", retry_after_s)
    try:
        return AnswerBody.model_validate_json(body)
    except ValidationError as error:
        raise ServerUnreachableError(
            f"{shown(url)} does not answer like a facestream server; check host and port of --url"
        ) from error


async def fetch_ice_servers(url: URL, credentials: Credentials = NO_CREDENTIALS) -> list[IceServer]:
    """The STUN and TURN servers that the server gives its page; an empty list if the server does not answer."""
    try:
        async with (
            credentials.connect(CONFIG_DEADLINE_S) as http,
            http.get(url / "config", allow_redirects=False) as response,
        ):
            entries = PageConfig.model_validate_json(await read_bounded(response)).ice_servers
        return [
            IceServer(parse_ice_url(text), TurnCredentials(entry.username or "", entry.credential or ""))
            for entry in entries
            for text in entry.urls
        ]
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        # If the server has a problem, the offer will fail with an error message.
        return []


def recorded_words(days: int) -> str:
    """What a server that records sessions for that many days does, as a sentence; 0: it does not delete them."""
    until = f"for {days} {'day' if days == 1 else 'days'}" if days else "without a limit of time"
    return (
        f"the server keeps the results of the session {until}: emotions, landmarks and times, not the video"
    )


async def leave(url: URL, session_id: str, secret: str, credentials: Credentials = NO_CREDENTIALS) -> bool:
    """End the session, if it has not ended; returns whether the server has responded."""
    try:
        async with (
            credentials.connect(LEAVE_DEADLINE_S) as http,
            http.delete(url / "sessions" / session_id, headers={OWNER_HEADER: secret}, allow_redirects=False),
        ):
            return True
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


def reason_of(error: Exception) -> str:
    """The system's error text, without what aiohttp adds."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
        return f"its certificate is not trusted: {why}; name its authority with --cafile"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it ended the connection without a response; check http:// and https:// in --url"
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, ssl.SSLError):
        # Its errno is not one of the system's.
        return f"TLS failed: {error.reason}; if it serves no https, write http:// in --url"
    if isinstance(error, aiohttp.InvalidURL):
        return "its address is not valid"
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    # In asyncio's errors, strerror has the address instead of the error text; getaddrinfo's numbers are negative.
    return os.strerror(error.errno) if error.errno > 0 else error.strerror or str(error)


async def read_bounded(response: aiohttp.ClientResponse) -> bytes:
    """The start of the body: a server that is not facestream may send without end."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body)


def rejection_of(
    url: URL, status: int, body: bytes, what: str, retry_after_s: float = 0.0
) -> ServerUnreachableError:
    """The error for a response other than 200 to `what`, with its problem code if the body is a problem."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return ServerUnreachableError(
            f"{shown(url)} rejected {what}: HTTP {status}, not the response of a facestream server; check host and "
            "port of --url",
            status,
            retry_after_s=retry_after_s,
        )
    return ServerUnreachableError(
        f"{shown(url)} rejected {what}: {problem.detail} (HTTP {status})", status, problem.code, retry_after_s
    )


def _seconds(retry_after: str) -> float:
    """The seconds of a header `Retry-After`; 0 if it has none, or a date."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
