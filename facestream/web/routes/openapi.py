"""`GET /openapi.json`: the description of the HTTP interface, for programs that read such."""

import functools
from pathlib import Path

import yaml
from aiohttp import web

DESCRIPTION = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"

routes = web.RouteTableDef()


@routes.get("/openapi.json")
async def openapi(_request: web.Request) -> web.Response:
    """docs/openapi.yaml as JSON."""
    return web.json_response(description())


@functools.cache
def description() -> dict[str, object]:
    """The document as it is served."""
    document: dict[str, object] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    return document
