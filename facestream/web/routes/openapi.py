"""`GET /openapi.json`: the description of the HTTP interface, for programs that read such."""

import functools
import json

from aiohttp import web

from facestream.resources import OPENAPI

routes = web.RouteTableDef()


@routes.get("/openapi.json")
async def openapi(_request: web.Request) -> web.Response:
    """docs/openapi.json, which `make schema` writes from docs/openapi.yaml."""
    return web.json_response(description())


@functools.cache
def description() -> dict[str, object]:
    """The document as it is served."""
    document: dict[str, object] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return document
