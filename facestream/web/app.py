"""Build the aiohttp application from its middlewares and routes; it starts and closes nothing."""

from collections import Counter
from collections.abc import Callable, Sequence

from aiohttp import web

from facestream.config import Config
from facestream.resources import OPENAPI
from facestream.sessions.address_rate import AddressRate
from facestream.sessions.registry import SessionRegistry
from facestream.web.auth.gateways import GATEWAYS, Gateways, check_gateway
from facestream.web.auth.origin import add_cors_headers, check_origin
from facestream.web.auth.policy import Access
from facestream.web.http.headers import reject_unreadable
from facestream.web.http.protocol import set_server_header
from facestream.web.keys import (
    ACCESS,
    CONFIG,
    CREDENTIALS,
    METRICS,
    MODELS,
    OPENAPI_TEXT,
    PAGE_FILES,
    POOL,
    QR_CODES,
    QR_RATE,
    REACH,
    REGISTRY,
    REJECTED,
    REQUEST_RATE,
    SUPERVISOR,
)
from facestream.web.problems import report_errors_as_problems
from facestream.web.qr_codes import QrCodes
from facestream.web.reach import Reach
from facestream.web.routes import (
    events,
    health,
    jpeg_socket,
    metrics,
    node,
    page,
    page_config,
    qr,
    sessions,
    tokens,
)
from facestream.web.routes.metrics import count_rejections, make_metrics
from facestream.web.supervision import Supervisor
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


def make_page_app(
    config: Config,
    access: Access,
    reach: Reach,
    request_rate: Callable[[str], None],
    rejected: Counter[str],
    gateways: Gateways,
) -> web.Application:
    """What a server of media and a gateway have in common: the checks of every request, the page, tokens, QR codes.

    With a supervisor for its auxiliary tasks.
    """
    middlewares = [
        report_errors_as_problems,
        count_rejections,
        reject_unreadable,
        # Before all that asks who the client is.
        check_gateway,
        check_origin,
    ]
    app = web.Application(middlewares=middlewares, client_max_size=config.max_offer_bytes)
    app[CONFIG], app[ACCESS], app[REACH] = config, access, reach
    app[REQUEST_RATE], app[REJECTED] = request_rate, rejected
    app[QR_RATE], app[QR_CODES] = AddressRate(qr.CODES_PER_MINUTE), QrCodes()
    app[SUPERVISOR], app[GATEWAYS] = Supervisor(), gateways
    # Now, because later no descriptor might be free.
    app[PAGE_FILES], app[OPENAPI_TEXT] = page.find_files(), OPENAPI.read_text(encoding="utf-8")
    app.on_response_prepare.append(set_server_header)
    app.on_response_prepare.append(page.add_security_headers)
    app.on_response_prepare.append(add_cors_headers)
    for part in (page, tokens, qr):
        app.add_routes(part.routes)
    return app
