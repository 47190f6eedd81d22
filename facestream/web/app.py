"""The aiohttp application, put together from its routes; it owns nothing of what they use."""

from aiohttp import web

from facestream.config import Config
from facestream.sessions.registry import SessionRegistry
from facestream.web.auth.origin import add_cors_headers, check_origin
from facestream.web.auth.policy import Access
from facestream.web.http.headers import refuse_unreadable
from facestream.web.http.protocol import name_server
from facestream.web.keys import ACCESS, CONFIG, CREDENTIALS, METRICS, POOL, REGISTRY
from facestream.web.problems import answer_errors_as_problems
from facestream.web.routes import admin, health, jpeg_socket, metrics, openapi, page, sessions
from facestream.web.routes.metrics import count_refusals, make_metrics
from facestream.workers.pool import AnalysisPool


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
    for part in (page, sessions, admin, jpeg_socket, health, metrics, openapi):
        app.add_routes(part.routes)
    return app
