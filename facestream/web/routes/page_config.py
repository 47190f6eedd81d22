"""`GET /config`: what the page needs to know before it connects."""

from typing import Any

from aiohttp import web

from facestream import __version__
from facestream.analysis.drawing.background import Background
from facestream.ice.servers import as_page_servers
from facestream.messages.http import IceServerBody, PageConfig
from facestream.web.auth.guards import is_admin, is_local, token_problem, wants_token
from facestream.web.keys import CONFIG, CREDENTIALS, MODELS, REACH

routes = web.RouteTableDef()


@routes.get("/config")
async def page_config(request: web.Request) -> web.Response:
    """The settings of this server that concern the page, as far as this client may know them."""
    config = request.app[CONFIG]
    own = await about_this_listener(request)
    # Credentials of a relay are for peers only: other clients would use the relay for their own traffic.
    credentials = request.app[CREDENTIALS]
    rejected = bool(own["token_problem"])
    ice_servers = [] if rejected else as_page_servers(config.page_ice_urls, credentials.make())
    body = PageConfig(
        notice=config.notice,
        views=tuple(map(str, Background)),
        resume_s=config.resume_s,
        websocket=config.websocket_fallback,
        recorded=config.record is not None,
        record_days=config.record_days if config.record is not None else 0,
        models=() if rejected else request.app[MODELS],
        ice_servers=[IceServerBody.model_validate(server) for server in ice_servers],
        **own,
    )
    return web.json_response(text=body.to_json())


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
