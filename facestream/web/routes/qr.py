"""QR codes of the page's address, for clients that may open a session; opens no address and keeps none."""

import math
import time

from aiohttp import web
from pydantic import ValidationError

from facestream.messages.http import ProblemCode, QrCode, QrRequestBody
from facestream.messages.validation import first_problem
from facestream.sessions.admission import RateLimitedError, RejectionReason, address_key
from facestream.web.auth.guards import authorize, requesting_client
from facestream.web.http.bodies import read_json
from facestream.web.keys import QR_CODES, QR_RATE
from facestream.web.problems import RejectedError

MAX_REQUEST_BYTES = 1000
CODES_PER_MINUTE = 30
"""Of one address; QrCodes keeps the codes of all addresses apart."""
routes = web.RouteTableDef()


@routes.post("/qr")
async def create(request: web.Request) -> web.Response:
    """Draw a QR code. The address is in the body, so that no log and no history has it."""
    await authorize(request)
    rate = request.app[QR_RATE]
    if wait_s := rate.wait_s(address_key(requesting_client(request).address), time.monotonic()):
        raise RateLimitedError(
            f"your address asked for more than {rate.per_minute} QR codes a minute; "
            f"try again in {math.ceil(wait_s)} s",
            RejectionReason.REQUEST_RATE,
            wait_s,
        )
    body = await read_json(request, MAX_REQUEST_BYTES)
    try:
        wanted = QrRequestBody.model_validate_json(body)
    except ValidationError as error:
        raise RejectedError(
            400,
            ProblemCode.BAD_QR_REQUEST,
            f"not a request for a QR code ({first_problem(error, 'body')}); expected JSON with url, of http "
            "or https, with a host and without a user",
        ) from error
    drawn = await request.app[QR_CODES].draw(wanted.url)
    return web.json_response(text=QrCode(qr_svg=drawn).to_json())
