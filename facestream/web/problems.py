"""Every refusal as problem details (RFC 9457): one JSON shape for the page, the headless peer and people."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from facestream.errors import OfferError
from facestream.registry import ServerFullError

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 10
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """A response that says what is wrong and what to do."""
    return web.json_response(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )


@web.middleware
async def answer_errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The boundary of one request: whatever is raised below becomes a problem, and the server goes on."""
    try:
        return await handler(request)
    except OfferError as error:
        return problem(400, "The offer cannot be served", str(error))
    except ServerFullError as error:
        return problem(503, "The server is full", str(error), {"Retry-After": str(RETRY_AFTER_S)})
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, error.reason, error.text or error.reason)
    except Exception:
        logger.exception("%s %s: fault in the server", request.method, request.path)
        return problem(500, "Fault in the server", "the fault is in the server's log; try again")
