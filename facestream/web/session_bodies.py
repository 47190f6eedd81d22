"""The bodies of requests about sessions, for a server that serves them and a gateway that passes them on."""

from aiohttp import web

from facestream.errors import OfferTooLargeError
from facestream.web.auth.guards import authorize, check_request_rate
from facestream.web.http.bodies import require_type
from facestream.web.keys import CONFIG

MAX_SECRET_BYTES = 100
MAX_MARKER_BYTES = 4000


async def read_offer(request: web.Request) -> bytes:
    """The body of an offer, from a client that may open a session; raises what is wrong with the client or the body."""
    await authorize(request)
    check_request_rate(request)
    # A page of another origin cannot send this type without a preflight request.
    require_type(request, "application/json")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        limit = request.app[CONFIG].max_offer_bytes
        raise OfferTooLargeError(
            f"offer of more than {limit} bytes; expected a browser's offer of 5 to 10 kB"
        ) from None
