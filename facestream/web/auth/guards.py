"""Who may come in: tokens of peers and admins, and the secret of a session; reads headers, never a body."""

import hmac

from aiohttp import hdrs, web

from facestream.credentials.tokens import TokenError, Tokens
from facestream.sessions.base import Session
from facestream.signaling.offer import OWNER_HEADER
from facestream.web.auth.client_address import Client, client_of
from facestream.web.auth.local_programs import end_of
from facestream.web.http.headers import header
from facestream.web.keys import ACCESS, REGISTRY


def requesting_client(request: web.Request) -> Client:
    """Who sends this request."""
    return client_of(request, request.app[ACCESS].proxies)


LOCAL = web.RequestKey("local", bool)


async def is_local(request: web.Request) -> bool:
    """Whether the request comes from a program on this machine that does not relay for another client.

    The request must show no other machine. Because a proxy may hide one, the system must also show that the program
    at the other end of the connection is not a relay.
    """
    if LOCAL not in request:
        request[LOCAL] = requesting_client(request).seems_local and await _is_direct(request)
    return request[LOCAL]


async def _is_direct(request: web.Request) -> bool:
    peer, own = request.get_extra_info("peername"), request.get_extra_info("sockname")
    if not peer or not own:
        return False  # the connection has just ended
    return await request.app[ACCESS].program_lookup.is_client_of_its_own(
        request.transport, end_of(peer), end_of(own)
    )


async def wants_token(request: web.Request) -> bool:
    """Whether who sends this request needs a token to open a session."""
    mode = request.app[ACCESS].mode
    return mode == "token" or (mode == "auto" and not await is_local(request))


async def authorize(request: web.Request, token: str | None = None) -> None:
    """Let a peer in, by the token given or the one in its header; raises TokenError."""
    if await wants_token(request):
        request.app[ACCESS].peers.check(_bearer(request) if token is None else token)


def check_request_rate(request: web.Request) -> None:
    """Count one wish of this requesting_client's address, before a body is read; raises TooManyError."""
    request.app[REGISTRY].check_request_rate(requesting_client(request).address)


async def is_authorized(request: web.Request) -> bool:
    """Whether this request may be told what only peers may know."""
    try:
        await authorize(request)
    except TokenError:
        return False
    return True


def require_admin(request: web.Request) -> None:
    """Let an admin in; raises TokenError or an HTTP error."""
    access = request.app[ACCESS]
    if not access.admins:
        raise web.HTTPNotFound(
            text="this server has no admins; expected an admin_tokens_file, or `facestream token --admin`"
        )
    token = _bearer(request)
    try:
        access.admins.check(token)
    except TokenError:
        if _holds(access.peers, token):
            raise web.HTTPForbidden(text="this token lets a peer in; expected an admin's") from None
        raise


def is_admin(request: web.Request) -> bool:
    """Whether this request has an admin token; others must not learn versions, and with them known vulnerabilities."""
    return _holds(request.app[ACCESS].admins, _bearer(request))


def is_owner(session: Session, secret: str) -> bool:
    """Whether it is the session's own peer; the secret went to nobody else, so no token is asked again."""
    return hmac.compare_digest(session.secret.encode(), secret.encode())


def require_owner_or_admin(request: web.Request, session: Session) -> str:
    """Let the session's own peer end it, or an admin; returns which of them it is."""
    if is_owner(session, header(request, OWNER_HEADER)):
        return "peer"
    if _holds(request.app[ACCESS].admins, _bearer(request)):
        return "an admin"
    raise web.HTTPForbidden(text=f"not your session; expected its secret in the header {OWNER_HEADER}")


def _holds(tokens: Tokens, token: str) -> bool:
    try:
        tokens.check(token)
    except TokenError:
        return False
    return True


def _bearer(request: web.Request) -> str:
    scheme, _, token = header(request, hdrs.AUTHORIZATION).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
