"""Who may come in: tokens of peers and admins, and the secret of a session; reads headers, never a body."""

import hmac

from aiohttp import hdrs, web

from facestream.served import ServedPeer
from facestream.signaling import OWNER_HEADER
from facestream.tokens import TokenError, Tokens
from facestream.web.keys import ACCESS, REGISTRY
from facestream.web.visitor import Visitor, visitor_of


def visitor(request: web.Request) -> Visitor:
    """Who sends this request."""
    return visitor_of(request, request.app[ACCESS].proxies)


def wants_token(request: web.Request) -> bool:
    """Whether who sends this request needs a token to open a session."""
    return request.app[ACCESS].wants_token(visitor(request))


def authorize(request: web.Request, token: str | None = None) -> None:
    """Let a peer in, by the token given or the one in its header; raises TokenError."""
    if wants_token(request):
        request.app[ACCESS].peers.check(_bearer(request) if token is None else token)


def knock(request: web.Request) -> None:
    """Count one wish of this visitor's address, before a body is read; raises TooManyError."""
    request.app[REGISTRY].knock(visitor(request).address)


def is_authorized(request: web.Request) -> bool:
    """Whether this request may be told what only peers may know."""
    try:
        authorize(request)
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


def is_owner(session: ServedPeer, secret: str) -> bool:
    """Whether it is the session's own peer; the secret went to nobody else, so no token is asked again."""
    return hmac.compare_digest(session.secret.encode(), secret.encode())


def require_owner_or_admin(request: web.Request, session: ServedPeer) -> str:
    """Let the session's own peer end it, or an admin; returns which of them it is."""
    if is_owner(session, request.headers.get(OWNER_HEADER, "")):
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
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
