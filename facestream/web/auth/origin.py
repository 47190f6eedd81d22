"""Which pages may use this server: its own page, and pages of the origins in the setting `allowed_origins`."""

from urllib.parse import urlsplit

from aiohttp import hdrs, web

from facestream.messages.http import OWNER_HEADER, ProblemCode
from facestream.web.auth.client_address import Client
from facestream.web.auth.guards import requesting_client
from facestream.web.http.headers import header
from facestream.web.keys import CONFIG
from facestream.web.problems import MAX_SHOWN_CHARS, Handler, RejectedError

GOODBYE = "/sessions/{id}/bye"
SAFE_METHODS = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS}
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, " + OWNER_HEADER,
    "Access-Control-Max-Age": "600",
}


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reject the requests that a page of another origin makes a browser send, before their bodies are read.

    Programs send no Origin and pass. Non-browser clients can forge Origin anyway, so checking it would gain nothing.
    """
    origin = _origin(request)
    changes = request.method not in SAFE_METHODS or hdrs.UPGRADE in request.headers
    if origin is not None and changes and not _is_allowed(request, origin):
        raise RejectedError(
            403,
            ProblemCode.ORIGIN_NOT_ALLOWED,
            f"a page of {origin[:MAX_SHOWN_CHARS]} may not use this server; expected a page of this server, or that "
            "origin in allowed_origins",
        )
    if request.method == hdrs.METH_OPTIONS and origin is not None and _is_named(request, origin):
        return web.Response(status=204, headers=PREFLIGHT_HEADERS)
    return await handler(request)


async def add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Allow pages of the origins in the setting, and no others, to read the response."""
    origin = _origin(request)
    if origin is not None and _is_named(request, origin):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = hdrs.RETRY_AFTER
    if request.app[CONFIG].allowed_origins:
        response.headers[hdrs.VARY] = hdrs.ORIGIN


def _origin(request: web.Request) -> str | None:
    return header(request, hdrs.ORIGIN) if hdrs.ORIGIN in request.headers else None


def _is_goodbye(request: web.Request) -> bool:
    """A closing page with `Referrer-Policy: no-referrer` hides its origin; the secret in the body authorises it."""
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical == GOODBYE


def _is_named(request: web.Request, origin: str) -> bool:
    return origin.lower() in request.app[CONFIG].allowed_origins


def _is_allowed(request: web.Request, origin: str) -> bool:
    return (
        _is_named(request, origin)
        or is_same_origin(requesting_client(request), origin)
        or (origin == "null" and _is_goodbye(request))
    )


def is_same_origin(client: Client, origin: str) -> bool:
    """Whether a page of that origin was loaded from this server.

    The scheme is compared only for clients known to use https: a proxy that terminates TLS may not report it.
    """
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    default_port = DEFAULT_PORTS.get(parts.scheme)
    if default_port is None or (client.secure and parts.scheme != "https"):
        return False
    return parts.netloc.removesuffix(default_port) == client.host.removesuffix(default_port)
