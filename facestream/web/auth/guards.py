"""Check who sends a request: tokens of peers and admins, the secret of a session. Reads headers, never a body."""

import hmac
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from facestream.credentials.tokens import TokenError, Tokens
from facestream.messages.http import OWNER_HEADER, ProblemCode
from facestream.sessions.ending import Ending
from facestream.web.auth.client_address import Client, client_of
from facestream.web.auth.gateways import stated_client
from facestream.web.auth.local_programs import end_of
from facestream.web.http.headers import header
from facestream.web.keys import ACCESS, REQUEST_RATE
from facestream.web.problems import RejectedError

if TYPE_CHECKING:
    from facestream.sessions.base import Session


def requesting_client(request: web.Request) -> Client:
    """The client that sends this request; through a gateway, the one that the gateway states."""
    return stated_client(request) or client_of(request, request.app[ACCESS].proxies)


LOCAL = web.RequestKey("local", bool)


async def is_local(request: web.Request) -> bool:
    """Whether the request comes from a program on this machine that does not relay for another client.

    The request must show no other machine. Because a proxy may hide another machine, the system must also show that
    the program at the other end of the connection is not a relay. A gateway has checked the same on its own machine.
    """
    if LOCAL not in request:
        stated = stated_client(request)
        request[LOCAL] = (
            stated.seems_local
            if stated is not None
            else requesting_client(request).seems_local and await _is_direct(request)
        )
    return request[LOCAL]


async def _is_direct(request: web.Request) -> bool:
    peer, own = request.get_extra_info("peername"), request.get_extra_info("sockname")
    if not peer or not own:
        return False  # the connection has just ended
    return await request.app[ACCESS].program_lookup.is_not_a_relay(
        request.transport, end_of(peer), end_of(own)
    )


async def wants_token(request: web.Request) -> bool:
    """Whether the client needs a token to open a session."""
    mode = request.app[ACCESS].mode
    return mode == "token" or (mode == "auto" and not await is_local(request))


async def authorize(request: web.Request, token: str | None = None) -> None:
    """Pass if the client may open a session, by `token` or the token in its header; raises TokenError."""
    if not await wants_token(request):
        return
    access, given = request.app[ACCESS], _bearer(request) if token is None else token
    try:
        access.peers.check(given)
    except TokenError:
        if _is_valid(access.admins, given):
            raise TokenError(
                "this is an admin's token, which opens no session; expected a peer's token, as `facestream token` "
                "makes one without --admin"
            ) from None
        raise


def check_request_rate(request: web.Request) -> None:
    """Count one request for a session, before its body is read; raises RateLimitedError."""
    request.app[REQUEST_RATE](requesting_client(request).address)


async def token_problem(request: web.Request) -> str:
    """The code with which an offer with the token of this request would be rejected; empty: it would pass.

    Counts as no request for a session. It tells no more than an offer does, which may be tried as often.
    """
    try:
        await authorize(request)
    except TokenError as error:
        return error.code
    return ""


def require_admin(request: web.Request) -> None:
    """Pass for an admin's token; raises TokenError, or RejectedError without admins or for a peer's token."""
    access = request.app[ACCESS]
    if not access.admins:
        raise RejectedError(
            404,
            ProblemCode.NO_ADMINS,
            "this server has no admins; expected an admin_tokens_file, or `facestream token --admin`",
        )
    token = _bearer(request)
    try:
        access.admins.check(token)
    except TokenError:
        if _is_valid(access.peers, token):
            raise RejectedError(
                403, ProblemCode.NOT_AN_ADMIN, "this is a peer's token; expected an admin's token"
            ) from None
        raise


def is_admin(request: web.Request) -> bool:
    """Whether this request has an admin token; only admins learn versions, and with them known vulnerabilities."""
    return _is_valid(request.app[ACCESS].admins, _bearer(request))


def is_owner(session: "Session", secret: str) -> bool:
    """Whether the request comes from the session's own peer; only this peer has the secret, so it needs no token."""
    return is_secret(secret, of=session.secret)


def is_secret(given: str, of: str) -> bool:
    """Whether a client has given that secret; takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(of.encode(), given.encode())


def require_owner(request: web.Request, session: "Session") -> None:
    """Pass for the secret of the session; raises RejectedError."""
    if not is_owner(session, header(request, OWNER_HEADER)):
        raise not_your_session()


def not_your_session() -> RejectedError:
    """The rejection of a client without the secret of the session."""
    return RejectedError(
        403,
        ProblemCode.NOT_YOUR_SESSION,
        f"not your session; expected its secret in the header {OWNER_HEADER}",
    )


def require_owner_or_admin(request: web.Request, session: "Session") -> Ending:
    """Pass for a client that may end the session; returns the ending to record. Raises RejectedError."""
    secret = header(request, OWNER_HEADER)
    if is_owner(session, secret):
        return Ending.DELETED
    _require_admin_instead(request, secret)
    return Ending.ENDED_BY_ADMIN


def require_follower(request: web.Request, session: "Session") -> None:
    """Pass for an admin, for the secret of the session, or for that of one that it continues; raises RejectedError."""
    secret = header(request, OWNER_HEADER)
    known = [is_secret(secret, of=each.secret) for each in session.lineage]
    if not any(known):
        _require_admin_instead(request, secret)


def _require_admin_instead(request: web.Request, wrong_secret: str) -> None:
    """Pass for an admin; raises what is wrong with the token, or with the secret if there is one."""
    if is_admin(request):
        return
    if not wrong_secret and _bearer(request) and request.app[ACCESS].admins:
        require_admin(request)
    raise RejectedError(
        403,
        ProblemCode.NOT_YOUR_SESSION,
        f"not your session; expected its secret in the header {OWNER_HEADER}, or an admin token",
    )


def _is_valid(tokens: Tokens, token: str) -> bool:
    try:
        tokens.check(token)
    except TokenError:
        return False
    return True


def _bearer(request: web.Request) -> str:
    scheme, _, token = header(request, hdrs.AUTHORIZATION).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
