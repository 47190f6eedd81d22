"""The aiohttp application, put together from its routes; it owns nothing of what they use."""

from aiohttp import web

from facestream.config import Config
from facestream.media.pool import AnalysisPool
from facestream.registry import SessionRegistry
from facestream.web import health, page, sessions
from facestream.web.keys import CONFIG, POOL, REGISTRY
from facestream.web.problems import answer_errors_as_problems


def make_app(config: Config, registry: SessionRegistry, pool: AnalysisPool) -> web.Application:
    """The application around what the server already runs; it owns none of it."""
    app = web.Application(middlewares=[answer_errors_as_problems], client_max_size=config.max_offer_bytes)
    app[CONFIG], app[REGISTRY], app[POOL] = config, registry, pool
    app.on_response_prepare.append(page.add_security_headers)
    for part in (page, sessions, health):
        app.add_routes(part.routes)
    return app
