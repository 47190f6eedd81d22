"""What a gateway sends to a node: signed requests, for itself and for clients."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from facestream.credentials.statements import NO_BODY, Statement, digest_of, sign
from facestream.messages.cluster import (
    CLIENT_HEADER,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    GATEWAY_HEADER,
    LOCAL,
    REMOTE,
)
from tests.times import seconds

SECRET = "the secret of a cluster of tests"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node has answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True, slots=True)
class Gateway:
    """Signs requests to one node."""

    url: str
    secret: str = SECRET
    clock_s: float = 0.0
    """How much its clock is ahead."""

    async def ask(
        self, method: str, path: str, body: bytes = b"", changed: Mapping[str, str] | None = None
    ) -> Answer:
        """A request for itself. `changed`: headers that somebody on the way has changed or added."""
        statement = Statement(method, path, body_sha256=digest_of(body))
        return await self._send(statement, body, changed)

    async def pass_on(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        client: str = "",
        host: str = "faces.example",
        scheme: str = "https",
        is_local: bool = False,
        changed: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request of a client."""
        statement = Statement(method, path, client, host, scheme, is_local, NO_BODY)
        return await self._send(statement, body, changed)

    def headers(self, statement: Statement) -> dict[str, str]:
        """What says this."""
        said = {
            FORWARDED_FOR: statement.client,
            FORWARDED_HOST: statement.host,
            FORWARDED_PROTO: statement.scheme,
        }
        signature = sign(statement, self.secret, time.time() + self.clock_s)
        headers = {name: value for name, value in said.items() if value}
        if statement.body_sha256 == NO_BODY:
            headers[CLIENT_HEADER] = LOCAL if statement.is_local else REMOTE
        return {**headers, GATEWAY_HEADER: signature}

    async def _send(self, statement: Statement, body: bytes, changed: Mapping[str, str] | None) -> Answer:
        headers = {**self.headers(statement), **(changed or {})}
        url = URL(self.url + statement.target, encoded=True)
        deadline = aiohttp.ClientTimeout(total=seconds(30))
        async with (
            aiohttp.ClientSession(timeout=deadline) as http,
            http.request(statement.method, url, data=body, headers=headers) as answer,
        ):
            return Answer(answer.status, dict(answer.headers), await answer.read())
