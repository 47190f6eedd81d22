"""What gateways ask of a node of a cluster; no client gets these responses. A server without a cluster lacks them."""

from aiohttp import hdrs, web
from pydantic import ValidationError

from facestream import __version__
from facestream.errors import StateError
from facestream.messages.cluster import MAX_DRAIN_S, MOVED_HEADER, DrainBody, MovedBody, NodeInfo
from facestream.messages.http import ProblemCode
from facestream.messages.validation import first_problem
from facestream.web.auth.gateways import STATEMENT, signed_body
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


@routes.get("/node/states/{token}", allow_head=False)
async def state(request: web.Request) -> web.Response:
    """The state of a session, which goes on."""
    signed_body(request)
    content = request.app[REGISTRY].handover.state_of(request.match_info["token"])
    return web.Response(body=content, content_type="application/octet-stream", headers=NO_STORE)


@routes.put("/node/states/{token}")
async def keep_state(request: web.Request) -> web.Response:
    """Keep the state of a session of another node, so that an offer with its resume token continues it here."""
    body = signed_body(request)
    request.app[REGISTRY].handover.keep(request.match_info["token"], body)
    return web.Response(status=204)


@routes.post("/node/states/{token}/moved")
async def moved(request: web.Request) -> web.Response:
    """The peer of this session is served elsewhere; the session here ends soon."""
    body = signed_body(request)
    try:
        said = MovedBody.model_validate_json(body)
    except ValidationError as error:
        raise StateError(
            f"not the id of a session ({first_problem(error, 'body')}); expected JSON with session_id"
        ) from error
    request.app[REGISTRY].handover.note_moved(request.match_info["token"], said.session_id)
    return web.Response(status=204)


async def show_where_it_moved(request: web.Request, response: web.StreamResponse) -> None:
    """Name the session that continues the one in the address on another node, for gateways only."""
    session_id = request.match_info.get("id", "")
    if STATEMENT in request and (new_id := request.app[REGISTRY].handover.moved_to(session_id)):
        response.headers[MOVED_HEADER] = new_id


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
