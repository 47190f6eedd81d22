"""The aiohttp application, put together from its routes; it owns nothing of what they use."""

from aiohttp import web

from facestream.config import Config
from facestream.media.pool import AnalysisPool
from facestream.registry import SessionRegistry
from facestream.web import admin, api, health, metrics, page, sessions, websocket
from facestream.web.edge import refuse_unreadable
from facestream.web.entry import Access
from facestream.web.keys import ACCESS, CONFIG, CREDENTIALS, METRICS, POOL, REGISTRY
from facestream.web.metrics import count_refusals, make_metrics
from facestream.web.origin import add_cors_headers, check_origin
from facestream.web.problems import answer_errors_as_problems
from facestream.web.protocol import name_server


def make_app(
    config: Config, registry: SessionRegistry, pool: AnalysisPool, access: Access
) -> web.Application:
    """The application around what the server already runs; it owns none of it."""
    middlewares = [answer_errors_as_problems, count_refusals, refuse_unreadable, check_origin]
    app = web.Application(middlewares=middlewares, client_max_size=config.max_offer_bytes)
    app[CONFIG], app[REGISTRY], app[POOL], app[ACCESS] = config, registry, pool, access
    app[CREDENTIALS] = config.credential_source()
    app[METRICS] = make_metrics(registry, pool)
    app.on_response_prepare.append(name_server)
    app.on_response_prepare.append(page.add_security_headers)
    app.on_response_prepare.append(add_cors_headers)
    for part in (page, sessions, admin, websocket, health, metrics, api):
        app.add_routes(part.routes)
    return app
