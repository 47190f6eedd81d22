"""Sessions over HTTP: offer and answer, and the ways to leave. Never touches media."""

from aiohttp import hdrs, web

from facestream.signaling import Answer, parse_offer
from facestream.web.keys import CONFIG, REGISTRY

routes = web.RouteTableDef()


@routes.post("/offer")
async def offer(request: web.Request) -> web.Response:
    """Take a peer's offer, answer it, serve the peer."""
    # A page of another origin cannot send this type without asking first.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text=f"got {request.content_type}; expected application/json")
    # A compressed body would be unpacked before its size is checked.
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="got a compressed body; expected it as it is")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        limit = request.app[CONFIG].max_offer_bytes
        return_text = f"offer of more than {limit} bytes; expected a browser's offer of 5 to 10 kB"
        raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=limit + 1, text=return_text) from None
    session, sdp = await request.app[REGISTRY].open(parse_offer(body))
    answer = Answer(sdp=sdp, type="answer", session_id=session.id, resume=session.resume_token)
    return web.Response(text=answer.model_dump_json(), content_type="application/json")


@routes.delete("/sessions/{id}")
async def leave(request: web.Request) -> web.Response:
    """End a session; its id, which only its peer knows, is the permission."""
    if not request.app[REGISTRY].leave(request.match_info["id"], "peer ended the session"):
        raise web.HTTPNotFound(text="no such session; it may have ended already")
    return web.Response(status=204)


@routes.post("/sessions/{id}/bye")
async def bye(request: web.Request) -> web.Response:
    """What a closing page can still send (navigator.sendBeacon); its connection may have ended a moment before."""
    request.app[REGISTRY].leave(request.match_info["id"], "peer left the page")
    return web.Response(status=204)
