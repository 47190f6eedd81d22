"""What an admin may see and do: the sessions there are; ending one stands in web/routes/sessions.py."""

from dataclasses import asdict

from aiohttp import web

from facestream.web.auth.guards import require_admin
from facestream.web.keys import REGISTRY

routes = web.RouteTableDef()


@routes.get("/sessions")
async def sessions(request: web.Request) -> web.Response:
    """Every session now; without addresses, which an admin does not need to end one."""
    require_admin(request)
    return web.json_response(
        {"sessions": [asdict(standing) for standing in request.app[REGISTRY].session_infos()]}
    )
