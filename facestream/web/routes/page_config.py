"""`GET /config`: what the page needs to know before it connects."""

from aiohttp import web

from facestream.analysis.drawing.background import Background
from facestream.ice.servers import as_page_servers
from facestream.messages.http import IceServerBody, PageConfig
from facestream.web.keys import CONFIG, CREDENTIALS, MODELS
from facestream.web.routes.page import about_this_listener

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
