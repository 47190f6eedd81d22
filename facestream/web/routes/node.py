"""What gateways ask of a node of a cluster; no client gets these responses. A server without a cluster lacks them."""

from aiohttp import hdrs, web
from pydantic import ValidationError

from facestream import __version__
from facestream.messages.cluster import MAX_DRAIN_S, DrainBody, NodeInfo
from facestream.messages.http import ProblemCode
from facestream.messages.validation import first_problem
from facestream.web.auth.gateways import signed_body
from facestream.web.keys import CONFIG, POOL, REGISTRY
from facestream.web.problems import RejectedError
from facestream.web.routes.health import analyses

routes = web.RouteTableDef()
NO_STORE = {hdrs.CACHE_CONTROL: "no-store"}


@routes.get("/node", allow_head=False)
async def info(request: web.Request) -> web.Response:
    """How this node is now."""
    signed_body(request)
    return web.json_response(text=node_info(request.app).to_json(), headers=NO_STORE)


@routes.post("/node/drain")
async def drain(request: web.Request) -> web.Response:
    """Admit no more sessions, and ask the peers to move; the process goes on until a signal."""
    body = signed_body(request)
    try:
        wanted = DrainBody.model_validate_json(body) if body else DrainBody()
    except ValidationError as error:
        raise RejectedError(
            400,
            ProblemCode.BAD_REQUEST,
            f"not a drain ({first_problem(error, 'body')}); expected JSON with deadline_s, 0 to {MAX_DRAIN_S:g}",
        ) from error
    request.app[REGISTRY].drain.begin(wanted.deadline_s)
    return web.json_response(text=node_info(request.app).to_json(), status=202, headers=NO_STORE)


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
