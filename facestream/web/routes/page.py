"""The page, its scripts and libraries, the OpenAPI document, and what the page may know of the server it came from."""

import os
from pathlib import Path
from typing import Any

from aiohttp import web

from facestream import __version__
from facestream.messages.http import ProblemCode
from facestream.resources import CLIENT_DIR, REINSTALL
from facestream.web.auth.guards import is_admin, is_local, token_problem, wants_token
from facestream.web.keys import CONFIG, OPENAPI_TEXT, PAGE_FILES, REACH
from facestream.web.problems import MAX_SHOWN_CHARS, RejectedError

VENDOR_FILES = {
    "d3.min.js": "d3/dist/d3.min.js",
    "c3.min.js": "c3/c3.min.js",
    "c3.min.css": "c3/c3.min.css",
}
CONTENT_SECURITY_POLICY = (
    # C3 writes the sizes of its chart as inline styles; scripts come from this server only.
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    # No X-Frame-Options: it cannot name origins.
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {}"
)
SECURITY_HEADERS = {
    "Permissions-Policy": "camera=(self), microphone=()",
    # Same origin only. With no-referrer, browsers send the goodbye (sendBeacon) with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # Browsers must revalidate, so that no old page talks to a new server.
    "Cache-Control": "no-cache",
}

routes = web.RouteTableDef()


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every response; pages of `allowed_origins` may show the page in a frame."""
    framing = " ".join(("'self'", *request.app[CONFIG].allowed_origins))
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(framing))
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


@routes.get("/")
async def page(_request: web.Request) -> web.FileResponse:
    """The page."""
    return _response(CLIENT_DIR / "index.html", f"the page is not installed; {REINSTALL} on the server")


def find_files() -> dict[str, Path]:
    """The scripts and styles of the page by URL path; a name from a client never reaches the file system."""
    found = (path for folder in ("js", "css") for path in (CLIENT_DIR / folder).rglob("*") if path.is_file())
    return {path.relative_to(CLIENT_DIR).as_posix(): path for path in found}


@routes.get("/{folder:js|css}/{name:.+}")
async def page_file(request: web.Request) -> web.FileResponse:
    """A script or a style sheet of the page."""
    path = request.app[PAGE_FILES].get("{folder}/{name}".format_map(request.match_info))
    missing = "the page has no such file; reload it"
    if path is None:
        raise RejectedError(404, ProblemCode.NO_SUCH_FILE, missing)
    return _response(path, missing)


@routes.get("/vendor/{name}")
async def vendor(request: web.Request) -> web.FileResponse:
    """A browser library, from the directory that npm installed it to."""
    name = request.match_info["name"]
    if name not in VENDOR_FILES:
        raise RejectedError(
            404,
            ProblemCode.NO_SUCH_FILE,
            f"no library {name[:MAX_SHOWN_CHARS]!r}; expected one of {', '.join(VENDOR_FILES)}",
        )
    path = CLIENT_DIR / "node_modules" / VENDOR_FILES[name]
    return _response(path, f"{name} is not installed; {REINSTALL} on the server")


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """docs/openapi.json, which `make schema` writes from docs/openapi.yaml."""
    return web.json_response(text=request.app[OPENAPI_TEXT])


async def about_this_listener(request: web.Request) -> dict[str, Any]:
    """The fields of `PageConfig` about the server that the page is connected to, and about its access to it."""
    problem = await token_problem(request)
    # With the version, others would learn known vulnerabilities; with the addresses, the network behind a proxy.
    is_trusted = (not problem or is_admin(request)) and await is_local(request)
    reach = request.app[REACH]
    return {
        "auth": "token" if await wants_token(request) else "none",
        "token_problem": problem,
        "version": __version__ if is_trusted else "",
        "listens": ("loopback" if reach.is_loopback else "network") if is_trusted else "",
        "addresses": reach.urls_for_others() if is_trusted else (),
    }


def _response(path: Path, missing: str) -> web.FileResponse:
    """A file as a response; raises RejectedError with the text `missing` if there is no file.

    Opens the file once in advance, and raises OSError if that fails: aiohttp 3.14 answers 403 or 404 without a body.
    """
    try:
        os.close(os.open(path, os.O_RDONLY))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RejectedError(404, ProblemCode.NO_SUCH_FILE, missing) from error
    return web.FileResponse(path)
