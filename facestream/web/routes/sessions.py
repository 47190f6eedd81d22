"""Sessions over HTTP: offer and answer, and the ways to leave. Never touches media."""

from aiohttp import hdrs, web

from facestream.ice.trickle import FRAGMENT_TYPE, MAX_FRAGMENT_BYTES
from facestream.messages.telemetry import NoticeCode
from facestream.sessions.webrtc import WebRtcSession
from facestream.signaling.offer import OWNER_HEADER, Answer, parse_offer
from facestream.web.auth.guards import (
    authorize,
    check_request_rate,
    is_owner,
    requesting_client,
    require_owner_or_admin,
)
from facestream.web.auth.origin import GOODBYE
from facestream.web.http.headers import content_type, header
from facestream.web.keys import CONFIG, REGISTRY

MAX_SECRET_BYTES = 100

routes = web.RouteTableDef()


@routes.post("/offer")
async def offer(request: web.Request) -> web.Response:
    """Take a peer's offer, answer it, serve the peer."""
    # Whom the server does not let in has nothing read.
    await authorize(request)
    check_request_rate(request)
    # A page of another origin cannot send this type without asking first.
    if content_type(request) != "application/json":
        raise web.HTTPUnsupportedMediaType(text=f"got {content_type(request)!r}; expected application/json")
    # A compressed body would be unpacked before its size is checked.
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="got a compressed body; expected it as it is")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        limit = request.app[CONFIG].max_offer_bytes
        return_text = f"offer of more than {limit} bytes; expected a browser's offer of 5 to 10 kB"
        raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=limit + 1, text=return_text) from None
    registry, config = request.app[REGISTRY], request.app[CONFIG]
    offered = parse_offer(body, registry.candidate_policy, config.max_media_sections)
    session, sdp = await registry.open(offered, requesting_client(request).address)
    answer = Answer(
        sdp=sdp,
        type="answer",
        session_id=session.id,
        resume=session.resume_token,
        secret=session.secret,
    )
    return web.Response(text=answer.model_dump_json(), content_type="application/json")


@routes.patch("/sessions/{id}")
async def trickle(request: web.Request) -> web.Response:
    """Take candidates that a peer found after its offer (RFC 8840); one that wants to restart ICE gets 422."""
    session = request.app[REGISTRY].get(request.match_info["id"])
    if not isinstance(session, WebRtcSession):
        raise web.HTTPNotFound(text="no such session that takes candidates; it may have ended already")
    if not is_owner(session, header(request, OWNER_HEADER)):
        raise web.HTTPForbidden(text=f"not your session; expected its secret in the header {OWNER_HEADER}")
    if content_type(request) != FRAGMENT_TYPE or hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(
            text=f"got {content_type(request)!r}; expected {FRAGMENT_TYPE}, as it is"
        )
    body = await _read_at_most(request, MAX_FRAGMENT_BYTES + 1)
    if len(body) > MAX_FRAGMENT_BYTES:
        raise web.HTTPRequestEntityTooLarge(
            max_size=MAX_FRAGMENT_BYTES,
            actual_size=len(body),
            text=f"fragment of more than {MAX_FRAGMENT_BYTES} bytes; expected at most 20 candidates",
        )
    await session.trickle(body, request.app[REGISTRY].candidate_policy)
    return web.Response(status=204)


@routes.delete("/sessions/{id}")
async def leave(request: web.Request) -> web.Response:
    """End a session: its own peer may, by its secret, and an admin."""
    session = request.app[REGISTRY].get(request.match_info["id"])
    if session is None:
        raise web.HTTPNotFound(text="no such session; it may have ended already")
    who = require_owner_or_admin(request, session)
    told = NoticeCode.ENDED if who != "peer" else None
    session.leave(f"{who} ended the session", told)
    return web.Response(status=204)


@routes.post(GOODBYE)
async def bye(request: web.Request) -> web.Response:
    """What a closing page can still send (navigator.sendBeacon); its body is the session's secret.

    204 in any case: nobody reads the answer, and the connection may have ended a moment before.
    """
    session = request.app[REGISTRY].get(request.match_info["id"])
    secret = await _read_at_most(request, MAX_SECRET_BYTES)
    if session is not None and is_owner(session, secret.decode(errors="replace")):
        session.leave("peer left the page")
    return web.Response(status=204)


async def _read_at_most(request: web.Request, most: int) -> bytes:
    """The body, or its beginning; it may come in several pieces."""
    body = b""
    while len(body) < most and not request.content.at_eof():
        body += await request.content.read(most - len(body))
    return body
