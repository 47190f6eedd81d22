"""The part of the application that a server of media and a gateway have in common; it starts and closes nothing."""

from collections import Counter
from collections.abc import Callable

from aiohttp import web

from facestream.config import Config
from facestream.resources import OPENAPI
from facestream.sessions.address_rate import AddressRate
from facestream.web.auth.gateways import GATEWAYS, Gateways, check_gateway
from facestream.web.auth.origin import add_cors_headers, check_origin
from facestream.web.auth.policy import Access
from facestream.web.http.headers import reject_unreadable
from facestream.web.http.protocol import set_server_header
from facestream.web.keys import (
    ACCESS,
    CONFIG,
    OPENAPI_TEXT,
    PAGE_FILES,
    QR_CODES,
    QR_RATE,
    REACH,
    REJECTED,
    REQUEST_RATE,
    SUPERVISOR,
)
from facestream.web.problems import report_errors_as_problems
from facestream.web.qr_codes import QrCodes
from facestream.web.reach import Reach
from facestream.web.routes import page, qr, tokens
from facestream.web.routes.metrics import count_rejections
from facestream.web.supervision import Supervisor


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
