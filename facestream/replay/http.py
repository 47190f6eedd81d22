"""The HTTP half of a replay: offer and goodbye; every failure is a sentence. Touches no media."""

import os
import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import aiohttp
from pydantic import BaseModel, Field, ValidationError
from yarl import URL

from facestream.config.text_files import read_text
from facestream.errors import ConfigError, ServerUnreachableError
from facestream.ice.servers import IceServer, TurnCredentials, parse_ice_url
from facestream.resources import START
from facestream.signaling.offer import OWNER_HEADER, Answer, Description

OFFER_DEADLINE_S = 15.0
LEAVE_DEADLINE_S = 3.0
CONFIG_DEADLINE_S = 3.0
MAX_ANSWER_BYTES = 256 * 1024
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[\s\w+/=]+-----END CERTIFICATE-----", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets this peer in, and which certificates it believes."""

    token: str = ""
    cafile: Path | None = None
    """Of an authority that the system does not know, as `facestream certs` makes one."""

    def connect(self, deadline_s: float) -> aiohttp.ClientSession:
        """A client that shows the token; raises ConfigError for a cafile that is none."""
        authorities = _authorities(self.cafile) if self.cafile else None
        try:
            trusted = ssl.create_default_context(cadata=authorities)
        except ssl.SSLError as error:
            raise ConfigError(
                f"cafile: {self.cafile} cannot be used ({error}); expected certificates (PEM)"
            ) from error
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted),
            timeout=aiohttp.ClientTimeout(total=deadline_s),
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
        )


NO_CREDENTIALS = Credentials()


def _authorities(path: Path) -> str:
    """The certificates of a file, without the text between them, which OpenSSL accepts in ASCII only."""
    # Read here, because OpenSSL blocks on a pipe and rejects a byte order mark.
    found = _CERTIFICATE.findall(read_text(path, "cafile", "certificates (PEM)"))
    if not found:
        raise ConfigError(f"cafile: {path} has no certificate; expected PEM with -----BEGIN CERTIFICATE-----")
    return "\n".join(found)


class _Problem(BaseModel):
    """What a facestream server says when it refuses (RFC 9457)."""

    detail: str


class _IceServer(BaseModel):
    """One entry of `iceServers`, as a browser takes it."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class _PageConfig(BaseModel):
    """What this peer reads of the answer to GET /config."""

    ice_servers: list[_IceServer] = Field([], alias="iceServers")


def server_url(text: str) -> URL:
    """Check the address of a server; raises ServerUnreachableError."""
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError:
        host = port = None
    if not host or not port or url.scheme not in {"http", "https"}:
        raise ServerUnreachableError(
            f"{text!r} is no address of a server; expected one like http://127.0.0.1:8080"
        )
    return URL(text.rstrip("/"))


def is_loopback(url: URL) -> bool:
    """Whether the server is on this machine for certain."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return False


async def post_offer(
    url: URL, sdp: str, resume: str = "", credentials: Credentials = NO_CREDENTIALS
) -> Answer:
    """Offer, and the server's answer; raises ServerUnreachableError."""
    offer = Description(sdp=sdp, type="offer", resume=resume)
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
            status, body = response.status, await _read_bounded(response)
    except TimeoutError as error:
        raise ServerUnreachableError(
            f"{url} did not answer the offer within {OFFER_DEADLINE_S:.0f} s; is it a facestream server?"
        ) from error
    except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
        raise ServerUnreachableError(
            f"{url} cannot be reached ({_reason(error)}); start the server with `{START}`, or check --url"
        ) from error
    if status != 200:
        raise ServerUnreachableError(f"{url} refused the offer: {_refusal(status, body)}")
    try:
        return Answer.model_validate_json(body)
    except ValidationError as error:
        raise ServerUnreachableError(
            f"{url} answered, but not as a facestream server does; check host and port of --url"
        ) from error


async def fetch_ice_servers(url: URL, credentials: Credentials = NO_CREDENTIALS) -> list[IceServer]:
    """The STUN and TURN servers that the page gets, too; none where the server does not say."""
    try:
        async with (
            credentials.connect(CONFIG_DEADLINE_S) as http,
            http.get(url / "config", allow_redirects=False) as response,
        ):
            told = _PageConfig.model_validate_json(await _read_bounded(response)).ice_servers
        return [
            IceServer(parse_ice_url(text), TurnCredentials(entry.username, entry.credential))
            for entry in told
            for text in entry.urls
        ]
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        # Whatever is wrong there, the offer tells it in words.
        return []


async def leave(url: URL, session_id: str, secret: str, credentials: Credentials = NO_CREDENTIALS) -> None:
    """End the session, if it has not ended yet; says nothing if the server is gone."""
    try:
        async with (
            credentials.connect(LEAVE_DEADLINE_S) as http,
            http.delete(url / "sessions" / session_id, headers={OWNER_HEADER: secret}, allow_redirects=False),
        ):
            pass
    except (aiohttp.ClientError, OSError, TimeoutError):
        return


def _reason(error: Exception) -> str:
    """What the system says, without aiohttp's words about itself."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
        return f"its certificate is not trusted: {why}; name its authority with --cafile"
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    # asyncio puts the address where the system's word for the number belongs; getaddrinfo's numbers are negative.
    return os.strerror(error.errno) if error.errno > 0 else error.strerror or str(error)


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body's start: whatever listens there may send without end."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body)


def _refusal(status: int, body: bytes) -> str:
    try:
        return f"{_Problem.model_validate_json(body).detail} (HTTP {status})"
    except ValidationError:
        return f"HTTP {status}, not the answer of a facestream server; check host and port of --url"
