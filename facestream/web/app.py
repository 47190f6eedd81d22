"""Build the aiohttp application from its middlewares and routes; it starts and closes nothing."""

from collections.abc import Sequence

from aiohttp import web

from facestream.config import Config
from facestream.sessions.registry import SessionRegistry
from facestream.web.auth.gateways import GATEWAYS, Gateways
from facestream.web.auth.policy import Access
from facestream.web.collector import make_metrics
from facestream.web.keys import (
    CREDENTIALS,
    METRICS,
    MODELS,
    POOL,
    REGISTRY,
)
from facestream.web.page_app import make_page_app
from facestream.web.reach import Reach
from facestream.web.routes import (
    events,
    health,
    jpeg_socket,
    metrics,
    node,
    page_config,
    sessions,
)
from facestream.workers.pool import AnalysisPool


def make_app(
    config: Config,
    registry: SessionRegistry,
    pool: AnalysisPool,
    access: Access,
    reach: Reach,
    models: Sequence[str] = (),
    gateways: Gateways | None = None,
) -> web.Application:
    """The application of a server of media; the caller closes the arguments."""
    app = make_page_app(
        config, access, reach, registry.check_request_rate, registry.measures.rejected, gateways or Gateways()
    )
    app[REGISTRY], app[POOL] = registry, pool
    app[CREDENTIALS], app[MODELS] = registry.credentials, models
    app[METRICS] = make_metrics(registry, pool)
    for part in (page_config, sessions, events, jpeg_socket, health, metrics):
        app.add_routes(part.routes)
    if app[GATEWAYS]:
        app.add_routes(node.routes)
        app.on_response_prepare.append(node.show_where_it_moved)
    return app
