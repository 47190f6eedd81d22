"""Believe the gateways of a cluster: check what they sign about the clients whose requests they pass on.

Without a secret of a cluster, it reads nothing: whoever sends these headers is a client like all others.
"""

import time
from collections import OrderedDict

from aiohttp import hdrs, web

from facestream.credentials.statements import NO_BODY, SignatureError, Statement, check, digest_of
from facestream.messages.cluster import (
    CLIENT_HEADER,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    GATEWAY_HEADER,
    LOCAL,
    MAX_STATE_BYTES,
)
from facestream.messages.http import ProblemCode
from facestream.sessions.admission import address_key
from facestream.web.auth.client_address import UNKNOWN, Client, read_forwarded
from facestream.web.http.bodies import read_within
from facestream.web.http.headers import as_text, header
from facestream.web.problems import Handler, RejectedError

MAX_KNOWN = 256
"""Addresses of gateways that are remembered; beyond it, the one that was heard of longest ago is forgotten."""
PRIVATE_PATH = "/node"
"""The routes below it are for gateways only, and their bodies are signed, too."""
STATEMENT = web.RequestKey("statement", Statement)
BODY = web.RequestKey("signed_body", bytes)


class Gateways:
    """The gateways of one cluster: what they sign, and from which addresses."""

    def __init__(self, secret: str = "") -> None:
        """`secret` is that of the cluster; empty: there is none, and no request is one of a gateway."""
        self._secret = secret
        self._known: OrderedDict[str, None] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there is a cluster."""
        return bool(self._secret)

    def knows(self, address: str) -> bool:
        """Whether a request with a valid signature came from this address: many clients use it."""
        return address_key(address) in self._known

    def check(self, request: web.Request, body: bytes | None) -> Statement:
        """What the gateway states about this request; raises SignatureError.

        `body`: of a request that a gateway makes for itself; None: the gateway passes the body of a client on.
        """
        statement = Statement(
            method=request.method,
            target=as_text(request.raw_path),
            client=as_text(",".join(request.headers.getall(FORWARDED_FOR, []))),
            host=header(request, FORWARDED_HOST),
            scheme=header(request, FORWARDED_PROTO),
            is_local=header(request, CLIENT_HEADER) == LOCAL,
            body_sha256=NO_BODY if body is None else digest_of(body),
        )
        # The time of day, because the other machine has signed it.
        check(statement, header(request, GATEWAY_HEADER), self._secret, time.time())  # noqa: TID251
        self._keep(address_key(request.remote or ""))
        return statement

    def _keep(self, key: str) -> None:
        self._known.pop(key, None)
        self._known[key] = None
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


GATEWAYS = web.AppKey("gateways", Gateways)


@web.middleware
async def check_gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take what a gateway states about the client; a wrong statement is rejected, never ignored.

    A request without a signature is one of an ordinary client, except on the private routes.
    """
    gateways = request.app[GATEWAYS]
    if not gateways:
        return await handler(request)
    is_private = request.path == PRIVATE_PATH or request.path.startswith(f"{PRIVATE_PATH}/")
    if GATEWAY_HEADER in request.headers:
        body = await _read(request) if is_private else None
        request[STATEMENT] = gateways.check(request, body)
        if body is not None:
            request[BODY] = body
    elif is_private:
        raise _unsigned()
    return await handler(request)


def signed_body(request: web.Request) -> bytes:
    """The body of a request that a gateway makes for itself; raises SignatureError for all other requests."""
    if BODY not in request:
        raise _unsigned()
    return request[BODY]


def stated_client(request: web.Request) -> Client | None:
    """The client on whose behalf a gateway sends this request; None: it comes from no gateway."""
    statement = request.get(STATEMENT)
    if statement is None:
        return None
    address = read_forwarded(statement.client) if statement.client else ""
    if not address and not statement.is_local:
        address = UNKNOWN
    return Client(address, statement.host.lower(), statement.scheme.lower() == "https", statement.is_local)


def _unsigned() -> SignatureError:
    return SignatureError(
        f"got no signature; this address is for the gateways of the cluster, which send {GATEWAY_HEADER}"
    )


async def _read(request: web.Request) -> bytes:
    """The body, at most as long as a state; raises RejectedError."""
    if hdrs.CONTENT_ENCODING in request.headers:
        raise RejectedError(
            415, ProblemCode.UNSUPPORTED_MEDIA_TYPE, "got a compressed body; expected one that is not"
        )
    return await read_within(request, MAX_STATE_BYTES)
