"""Every refusal as problem details (RFC 9457): one JSON shape for the page, the headless peer and people."""

import logging
import math
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from facestream.credentials.tokens import TokenError
from facestream.errors import FragmentError, NoPortError, OfferError, RequestLateError, RestartError
from facestream.sessions.admission import ServerFullError, TooManyError

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 10
MAX_SHOWN_CHARS = 100
KEPT_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """A response that says what is wrong and what to do."""
    return web.json_response(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


@web.middleware
async def answer_errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The boundary of one request: whatever is raised below becomes a problem, and the server goes on."""
    try:
        return await handler(request)
    except OfferError as error:
        return problem(400, "The offer cannot be served", str(error))
    except FragmentError as error:
        return problem(400, "The candidates cannot be taken", str(error))
    except RequestLateError as error:
        return problem(408, "The request is too slow", str(error))
    except RestartError as error:
        return problem(422, "ICE is not restarted", str(error))
    except NoPortError as error:
        return problem(
            503, "The server has no port for media", str(error), {"Retry-After": str(RETRY_AFTER_S)}
        )
    except ServerFullError as error:
        return problem(503, "The server is full", str(error), _retry_after(error.retry_after_s))
    except TooManyError as error:
        return problem(429, "Too many sessions", str(error), _retry_after(error.retry_after_s))
    except TokenError as error:
        return problem(401, "A token is needed", str(error), {"WWW-Authenticate": "Bearer"})
    except web.HTTPException as error:
        if error.status < 400:
            raise
        # What a refusal must say beside its words: which methods there are, which scheme, when to come again.
        said = {name: error.headers[name] for name in KEPT_HEADERS if name in error.headers}
        return problem(error.status, error.reason, error.text or error.reason, said)
    except BadHttpMessage as error:
        return problem(
            400,
            "The body cannot be read",
            f"{str(error)[:MAX_SHOWN_CHARS]}; expected a body as its headers say",
        )
    except Exception as error:
        if isinstance(error, OSError) and (request.transport is None or request.transport.is_closing()):
            # The client disconnected while its body was read; it does not get this response.
            return problem(400, "The connection has ended", "it ended before the request was complete")
        logger.exception("%s %s: fault in the server", request.method, request.path[:MAX_SHOWN_CHARS])
        return problem(500, "Fault in the server", "the fault is in the server's log; try again")
