"""Send signed requests to nodes, for the gateway itself and for its clients.

The only module that connects to nodes. A failed connection makes a node suspect at once (cluster/placement.py).
"""

import asyncio
import contextlib
import json
import logging
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from facestream.cluster.placement import Fleet
from facestream.credentials.statements import NO_BODY, SignatureError, Statement, digest_of, sign
from facestream.errors import ConfigError, FacestreamError
from facestream.messages.cluster import (
    CLIENT_HEADER,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    GATEWAY_HEADER,
    LOCAL,
    REMOTE,
)

logger = logging.getLogger(__name__)

CONNECT_S = 1.0
"""After this, a node is suspect."""
ANSWER_S = 20.0
"""For a whole response: an answer to an offer may wait for a STUN server."""
SILENCE_S = 45.0
"""A stream of events has a heartbeat every 10 s."""
MAX_BODY_BYTES = 1024 * 1024
MAX_METRICS_BYTES = 4 * MAX_BODY_BYTES
STREAM_BUFFER_BYTES = 16 * 1024
"""Of a stream, this much waits in the gateway; the node drops what a slow client does not read."""
CLOSE_S = 2.0


class NodeFailedError(FacestreamError):
    """A node cannot be reached, or what it answers is no response of a node of this cluster."""

    code = "node_failed"


class NoSocketError(FacestreamError):
    """A node answers a WebSocket handshake with HTTP: it works, but takes none, because its settings say so."""

    code = "compatibility_mode_off"


@dataclass(frozen=True, slots=True)
class Behalf:
    """On whose behalf a request is sent, as the node shall believe it."""

    address: str = ""
    """Of the client; empty: a program on the machine of the gateway, or the gateway itself."""
    host: str = ""
    scheme: str = ""
    is_local: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the client has sent, and the node reads."""


ITSELF = Behalf(is_local=True)
"""The gateway asks for itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response of a node."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a problem; empty: it is none."""
        with contextlib.suppress(ValueError, AttributeError, UnicodeDecodeError):
            return str(json.loads(self.body).get("code", ""))
        return ""

    @property
    def retry_after_s(self) -> int:
        text = self.headers.get(hdrs.RETRY_AFTER, "")
        return int(text) if text.isdecimal() else 0


class NodeClient:
    """The connections of one gateway to its nodes; `close` it."""

    def __init__(self, secret: str, fleet: Fleet, tls: ssl.SSLContext) -> None:
        self._secret = secret
        self._fleet = fleet
        self._http = aiohttp.ClientSession(
            # Requests wait for nodes, not for each other; the number of clients limits how many there are.
            connector=aiohttp.TCPConnector(limit=0, ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # A proxy from the environment would get the clients' tokens.
            trust_env=False,
            skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
        )

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        await self._http.close()

    async def ask(
        self,
        url: str,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        deadline_s: float = ANSWER_S,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """A request for one of the private routes `/node...`, with a signed body; raises NodeFailedError."""
        statement = Statement(method, target, is_local=True, body_sha256=digest_of(body))
        return await self._whole(url, statement, {}, body, deadline_s, most_bytes)

    async def pass_on(
        self,
        url: str,
        method: str,
        target: str,
        behalf: Behalf,
        body: bytes = b"",
        *,
        deadline_s: float = ANSWER_S,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """A request for a public route, of a client or of the gateway ITSELF; raises NodeFailedError."""
        statement = _statement(method, target, behalf)
        return await self._whole(url, statement, behalf.headers, body, deadline_s, most_bytes)

    @contextlib.asynccontextmanager
    async def stream(self, url: str, target: str, behalf: Behalf) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response that has no end; raises NodeFailedError if it does not begin."""
        statement = _statement("GET", target, behalf)
        with self._failures(url):
            response = await self._http.get(
                URL(url + target, encoded=True),
                headers=self._headers(statement, behalf.headers),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S, sock_read=SILENCE_S),
                read_bufsize=STREAM_BUFFER_BYTES,
            )
        async with response:
            yield response

    async def socket(self, url: str, target: str, behalf: Behalf) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket; raises NodeFailedError and NoSocketError."""
        statement = _statement("GET", target, behalf)
        with self._failures(url):
            try:
                async with asyncio.timeout(2 * CONNECT_S):
                    return await self._http.ws_connect(
                        URL(url + target, encoded=True),
                        headers=self._headers(statement, behalf.headers),
                        # The node has its own limit, and a frame of it is about as large as the one that it got.
                        max_msg_size=0,
                        timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                    )
            except aiohttp.WSServerHandshakeError as error:
                # Not a failed connection: else one client could make all nodes suspect, as often as it asks.
                raise NoSocketError(f"it takes no WebSocket (HTTP {error.status})") from error
        raise AssertionError

    async def _whole(
        self,
        url: str,
        statement: Statement,
        passed: Mapping[str, str],
        body: bytes,
        deadline_s: float,
        most_bytes: int,
    ) -> Answer:
        with self._failures(url):
            async with self._http.request(
                statement.method,
                URL(url + statement.target, encoded=True),
                data=body or None,
                headers=self._headers(statement, passed),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=deadline_s, sock_connect=CONNECT_S),
            ) as response:
                answer = Answer(response.status, response.headers, await _read(response, most_bytes))
        if answer.status == 403 and answer.code == SignatureError.code:
            self._fleet.note_failure(url)
            raise NodeFailedError(
                "it rejects the signature of this gateway; expected the same cluster_secret and clocks that agree "
                "within a minute"
            )
        return answer

    def _headers(self, statement: Statement, passed: Mapping[str, str]) -> CIMultiDict[str]:
        headers = CIMultiDict(passed)
        # The time of day, because the node compares it with its own.
        headers[GATEWAY_HEADER] = sign(statement, self._secret, time.time())  # noqa: TID251
        headers[CLIENT_HEADER] = LOCAL if statement.is_local else REMOTE
        for name, value in (
            (FORWARDED_FOR, statement.client),
            (FORWARDED_HOST, statement.host),
            (FORWARDED_PROTO, statement.scheme),
        ):
            if value:
                headers[name] = value
        return headers

    @contextlib.contextmanager
    def _failures(self, url: str) -> Iterator[None]:
        """Turn what goes wrong with a connection into NodeFailedError, and note that the node has failed."""
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
            self._fleet.note_failure(url)
            raise NodeFailedError(_reason(error)) from error


def tls_context(extra: Path | None) -> ssl.SSLContext:
    """What https nodes are checked with: the system's certificates, and those of a file; raises ConfigError."""
    context = ssl.create_default_context()
    if extra is not None:
        try:
            context.load_verify_locations(extra)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"nodes_ca: {extra}: {getattr(error, 'strerror', None) or error}; expected certificates as text (PEM)",
                "nodes_ca",
            ) from error
    return context


def _statement(method: str, target: str, behalf: Behalf) -> Statement:
    return Statement(
        method, target, behalf.address, behalf.host, behalf.scheme, behalf.is_local, body_sha256=NO_BODY
    )


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise aiohttp.ClientPayloadError(f"more than {most_bytes} bytes")
    return bytes(body)


def _reason(error: BaseException) -> str:
    """What has failed, without an address."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate is not trusted, or it does not speak TLS; see nodes_ca"
        case TimeoutError():
            return "it does not answer in time"
        # Python raises UnicodeError for what cannot be a name: an empty label, or one of more than 63 characters.
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return "its name cannot be looked up"
        case OSError() if error.errno is not None and error.errno > 0:
            return os.strerror(error.errno).lower()  # the text of asyncio has the address
        case _:
            return f"the connection ended ({type(error).__name__})"
