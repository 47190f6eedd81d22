"""The page, its scripts and libraries, and what it must know before it connects."""

import functools
from pathlib import Path

from aiohttp import web

from facestream.analysis.drawing.background import Background
from facestream.ice.servers import as_page_servers
from facestream.resources import CLIENT_DIR, REINSTALL
from facestream.web.auth.guards import is_authorized, wants_token
from facestream.web.keys import CONFIG, CREDENTIALS
from facestream.web.problems import MAX_SHOWN_CHARS

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
    # Same origin only. With no-referrer, browsers send the goodbye (sendBeacon) with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # A new release must not meet a page of the old one.
    "Cache-Control": "no-cache",
}

routes = web.RouteTableDef()


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """On every response, whoever made it."""
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
    # Credentials of a relay are for peers: a stranger would use it for his own traffic.
    credentials = request.app[CREDENTIALS]
    authorized = await is_authorized(request)
    ice_servers = as_page_servers(config.page_ice_urls, credentials.make()) if authorized else []
    return web.json_response(
        {
            "notice": config.notice,
            "views": list(map(str, Background)),
            "resume_s": config.resume_s,
            "auth": "token" if await wants_token(request) else "none",
            "websocket": config.websocket_fallback,
            "iceServers": ice_servers,
        }
    )


@functools.cache
def page_files() -> dict[str, Path]:
    """The scripts and styles of the page by URL path; a name from a client never reaches the file system."""
    found = (path for folder in ("js", "css") for path in (CLIENT_DIR / folder).rglob("*") if path.is_file())
    return {path.relative_to(CLIENT_DIR).as_posix(): path for path in found}


@routes.get("/{folder:js|css}/{name:.+}")
async def page_file(request: web.Request) -> web.FileResponse:
    """A script or a style sheet of the page."""
    path = page_files().get("{folder}/{name}".format_map(request.match_info))
    if path is None:
        raise web.HTTPNotFound(text="the page has no such file; reload it")
    return web.FileResponse(path)


@routes.get("/vendor/{name}")
async def vendor(request: web.Request) -> web.FileResponse:
    """The browser libraries, from where npm put them."""
    name = request.match_info["name"]
    if name not in VENDOR_FILES:
        raise web.HTTPNotFound(
            text=f"no library {name[:MAX_SHOWN_CHARS]!r}; expected one of {', '.join(VENDOR_FILES)}"
        )
    path = CLIENT_DIR / "node_modules" / VENDOR_FILES[name]
    if not path.is_file():
        raise web.HTTPNotFound(text=f"{name} is not installed; {REINSTALL} on the server")
    return web.FileResponse(path)
