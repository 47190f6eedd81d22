"""Issue tokens that expire, for admins who share the page as a link; never logs, stores or lists a token."""

import logging

from aiohttp import hdrs, web
from pydantic import ValidationError

from facestream.credentials.links import link_of
from facestream.credentials.tokens import Purpose, issue
from facestream.messages.http import IssuedToken, ProblemCode, TokenRequestBody
from facestream.messages.validation import first_problem
from facestream.resources import COMMAND
from facestream.web.auth.guards import require_admin
from facestream.web.http.bodies import read_json
from facestream.web.keys import ACCESS, QR_CODES
from facestream.web.problems import RejectedError

MAX_REQUEST_BYTES = 2000
logger = logging.getLogger(__name__)
routes = web.RouteTableDef()


@routes.post("/tokens")
async def create(request: web.Request) -> web.Response:
    """Issue a peer's token, signed with the key of `facestream token`, and a link and a QR code for it."""
    require_admin(request)
    key = request.app[ACCESS].signing_key
    if not key:
        raise RejectedError(
            404,
            ProblemCode.NO_TOKEN_KEY,
            f"this server has no key that signs tokens; create one with `{COMMAND} token` and send the server SIGHUP",
        )
    wanted = _parsed(await read_json(request, MAX_REQUEST_BYTES))
    token = issue(key, Purpose.PEER, wanted.subject, wanted.lifetime_h)
    link = link_of(wanted.url, token) if wanted.url else None
    drawn = await request.app[QR_CODES].draw(link) if link else None
    logger.info(
        "an admin issued a token over HTTP for %r, valid for %g h",
        wanted.subject,
        round(wanted.lifetime_h, 2),
    )
    body = IssuedToken(
        token=token,
        expires_in_s=round(wanted.lifetime_h * 3600),
        link=link,
        qr_svg=drawn,
    )
    # No cache and no history may keep it.
    return web.json_response(text=body.to_json(), status=201, headers={hdrs.CACHE_CONTROL: "no-store"})


def _parsed(body: bytes) -> TokenRequestBody:
    """The request; raises RejectedError."""
    try:
        return TokenRequestBody.model_validate_json(body)
    except ValidationError as error:
        raise RejectedError(
            400,
            ProblemCode.BAD_TOKEN_REQUEST,
            f"not a request for a token ({first_problem(error, 'body')}); expected JSON with lifetime_h, subject and "
            "url, all optional",
        ) from error
