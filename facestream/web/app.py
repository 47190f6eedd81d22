"""The HTTP side: the page, its scripts, offer and answer, health. Never touches media."""

from pathlib import Path

from aiohttp import hdrs, web

from facestream import __version__
from facestream.analysis.views import View
from facestream.config import Config
from facestream.media.pool import AnalysisPool
from facestream.registry import SessionRegistry
from facestream.signaling import Answer, parse_offer
from facestream.web.problems import answer_errors_as_problems

CLIENT_DIR = Path(__file__).resolve().parents[2] / "client"
VENDOR_FILES = {
    "d3.min.js": "d3/dist/d3.min.js",
    "c3.min.js": "c3/c3.min.js",
    "c3.min.css": "c3/c3.min.css",
}
SECURITY_HEADERS = {
    # C3 writes the sizes of its chart as inline styles; scripts come from this server only.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Permissions-Policy": "camera=(self), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # A new release must not meet a page of the old one.
    "Cache-Control": "no-cache",
}

CONFIG = web.AppKey("config", Config)
REGISTRY = web.AppKey("registry", SessionRegistry)
POOL = web.AppKey("pool", AnalysisPool)

routes = web.RouteTableDef()


def make_app(config: Config, registry: SessionRegistry, pool: AnalysisPool) -> web.Application:
    """The application around what the server already runs; it owns none of it."""
    app = web.Application(middlewares=[answer_errors_as_problems], client_max_size=config.max_offer_bytes)
    app[CONFIG], app[REGISTRY], app[POOL] = config, registry, pool
    app.on_response_prepare.append(_add_security_headers)
    app.add_routes(routes)
    app.router.add_static("/js", CLIENT_DIR / "js")
    app.router.add_static("/css", CLIENT_DIR / "css")
    return app


async def _add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


@routes.get("/")
async def page(_request: web.Request) -> web.FileResponse:
    """The page."""
    return web.FileResponse(CLIENT_DIR / "index.html")


@routes.get("/config")
async def page_config(request: web.Request) -> web.Response:
    """What the page must know before it connects."""
    config = request.app[CONFIG]
    return web.json_response(
        {"notice": config.notice, "views": list(map(str, View)), "resume_s": config.resume_s}
    )


@routes.get("/vendor/{name}")
async def vendor(request: web.Request) -> web.FileResponse:
    """The browser libraries, from where npm put them."""
    name = request.match_info["name"]
    if name not in VENDOR_FILES:
        raise web.HTTPNotFound(text=f"no library {name!r}; there are {', '.join(VENDOR_FILES)}")
    path = CLIENT_DIR / "node_modules" / VENDOR_FILES[name]
    if not path.is_file():
        raise web.HTTPNotFound(text=f"{name} is not installed; run `make setup` on the server")
    return web.FileResponse(path)


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


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200 while pictures are analysed; 503 while no analysis process runs."""
    pool = request.app[POOL]
    well = pool.alive > 0 or pool.size == 0
    return web.json_response(
        {
            "status": "ok" if well else "no analysis process is running",
            "version": __version__,
            "sessions": len(request.app[REGISTRY]),
            "analysis_processes": pool.alive,
            "restarts": pool.restarts,
        },
        status=200 if well else 503,
    )
