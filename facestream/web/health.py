"""Whether the server is well, for whoever watches it."""

from aiohttp import web

from facestream import __version__
from facestream.web.keys import POOL, REGISTRY

routes = web.RouteTableDef()


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
