"""What gateways ask of a node of a cluster; no client gets these responses. A server without a cluster lacks them."""

from aiohttp import hdrs, web

from facestream import __version__
from facestream.messages.cluster import NodeInfo
from facestream.web.auth.gateways import signed_body
from facestream.web.keys import CONFIG, POOL, REGISTRY
from facestream.web.routes.health import analyses

routes = web.RouteTableDef()
NO_STORE = {hdrs.CACHE_CONTROL: "no-store"}


@routes.get("/node", allow_head=False)
async def info(request: web.Request) -> web.Response:
    """How this node is now."""
    signed_body(request)
    return web.json_response(text=node_info(request.app).to_json(), headers=NO_STORE)


def node_info(app: web.Application) -> NodeInfo:
    """How this node is now, for those who place new sessions."""
    registry, pool = app[REGISTRY], app[POOL]
    load = registry.load()
    return NodeInfo(
        node=registry.node,
        version=__version__,
        sessions=len(registry),
        max_sessions=app[CONFIG].max_sessions,
        places=load.places,
        frame_ms=round(1000 * load.frame_s, 3),
        fps=round(load.fps, 1),
        cores=load.cores,
        draining=registry.draining,
        ready=pool.models_loaded and analyses(pool),
        resumable=registry.resumable,
    )
