"""Report every rejected request as a problem (RFC 9457): one table from error to status, title and label.

The routes and what they call raise. Only `reject_before_routes` (http/headers.py), which comes before the middlewares,
builds its responses itself, with `problem`.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.http_exceptions import BadHttpMessage

from facestream.credentials.statements import SignatureError
from facestream.credentials.tokens import TokenError
from facestream.errors import (
    FacestreamError,
    FragmentError,
    FragmentTooLargeError,
    NoPortError,
    NoStateError,
    OfferError,
    OfferTooLargeError,
    OtherFormatError,
    RequestLateError,
    RestartError,
    StateError,
    TooManyListenersError,
)
from facestream.messages.http import Problem, ProblemCode
from facestream.sessions.admission import (
    AdmissionError,
    DrainingError,
    RateLimitedError,
    ServerFullError,
    TooManyError,
)
from facestream.sessions.markers import NoFrameYetError, TooManyMarkersError
from facestream.web.http.descriptors import NO_RESOURCES

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 10
MAX_SHOWN_CHARS = 100
CODES = {
    400: ProblemCode.BAD_REQUEST,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.BODY_TOO_LARGE,
    417: ProblemCode.EXPECTATION_FAILED,
}
"""Codes of what aiohttp itself rejects, by status."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RejectedError(FacestreamError):
    """A request is rejected for a reason that concerns HTTP only; raised by the routes and their guards."""

    def __init__(self, status: int, code: str, message: str, title: str = "", retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.code = code
        """Instead of the code of the class."""
        self.retry_after_s = retry_after_s
        """When to try again; 0: not known."""


@dataclass(frozen=True, slots=True)
class _Rejection:
    """How HTTP reports an error."""

    status: int
    title: str
    label: str
    """The value of the label `reason` of the metric `facestream_refused`."""
    headers: dict[str, str] = field(default_factory=dict)


_REJECTIONS: dict[type[FacestreamError], _Rejection] = {
    OfferError: _Rejection(400, "The offer cannot be served", "offer"),
    OfferTooLargeError: _Rejection(413, "The offer is too large", "http_413"),
    FragmentError: _Rejection(400, "The candidates cannot be read", "fragment"),
    FragmentTooLargeError: _Rejection(413, "The candidates are too large", "http_413"),
    RequestLateError: _Rejection(408, "The request is too slow", "request_late"),
    RestartError: _Rejection(422, "ICE is not restarted", "restart"),
    NoPortError: _Rejection(
        503, "The server has no port for media", "no_port", {"Retry-After": str(RETRY_AFTER_S)}
    ),
    ServerFullError: _Rejection(503, "The server is full", "server_full"),
    DrainingError: _Rejection(503, "The server is stopping", "server_full"),
    RateLimitedError: _Rejection(429, "Too many requests", "too_many"),
    TooManyListenersError: _Rejection(
        429, "Too many listeners", "too_many", {"Retry-After": str(RETRY_AFTER_S)}
    ),
    NoFrameYetError: _Rejection(409, "No frame yet", "http_409"),
    TooManyMarkersError: _Rejection(429, "Too many markers", "too_many"),
    TooManyError: _Rejection(429, "Too many sessions", "too_many"),
    SignatureError: _Rejection(403, "The gateway is not accepted", "http_403"),
    StateError: _Rejection(400, "Not a state of a session", "http_400"),
    NoStateError: _Rejection(404, "No state", "http_404"),
    OtherFormatError: _Rejection(409, "Another version", "http_409"),
    TokenError: _Rejection(401, "Access token required", "token", {"WWW-Authenticate": "Bearer"}),
}
"""By error class; a class that is not here is reported as its base class is."""


def _rejection_of(error: FacestreamError) -> _Rejection | None:
    if isinstance(error, RejectedError):
        later = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
        return _Rejection(error.status, error.title, f"http_{error.status}", later)
    return next((_REJECTIONS[kind] for kind in type(error).__mro__ if kind in _REJECTIONS), None)


def rejection_label(error: FacestreamError) -> str:
    """The metrics' label for an error; empty: it is a fault in the server, not a rejection."""
    rejection = _rejection_of(error)
    return rejection.label if rejection else ""


def problem(
    status: int, code: str, title: str, detail: str, headers: dict[str, str] | None = None
) -> web.Response:
    """A response that says what is wrong and what to do."""
    return web.Response(
        text=Problem(title=title, status=status, detail=detail, code=code).to_json(),
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )


@web.middleware
async def report_errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The boundary of one request: any exception becomes a problem, and the server continues."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {"Allow": error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else None
        code = CODES.get(error.status, ProblemCode.REJECTED)
        return problem(error.status, code, error.reason, error.text or error.reason, kept)
    except BadHttpMessage as error:
        return problem(
            400,
            ProblemCode.BAD_BODY,
            "The body cannot be read",
            f"{str(error)[:MAX_SHOWN_CHARS]}; expected a body as its headers say",
        )
    except Exception as error:
        if isinstance(error, FacestreamError) and (rejection := _rejection_of(error)):
            headers = dict(rejection.headers)
            if isinstance(error, AdmissionError | TooManyMarkersError):
                headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
            return problem(rejection.status, error.code, rejection.title, str(error), headers)
        if isinstance(error, OSError) and (request.transport is None or request.transport.is_closing()):
            # The client disconnected while its body was read; it does not get this response.
            return problem(
                400,
                ProblemCode.DISCONNECTED,
                "The connection has ended",
                "the connection ended before the request was complete",
            )
        if isinstance(error, OSError) and error.errno in NO_RESOURCES:
            logger.warning(
                "%s %s: not served: %s", request.method, request.path[:MAX_SHOWN_CHARS], error.strerror
            )
            return problem(
                503,
                ProblemCode.MACHINE_SHORTAGE,
                "The server lacks resources",
                "the server has no descriptor or memory left for this request; try again in a minute",
                {"Retry-After": str(RETRY_AFTER_S)},
            )
        logger.exception("%s %s: fault in the server", request.method, request.path[:MAX_SHOWN_CHARS])
        return problem(
            500,
            ProblemCode.SERVER_FAULT,
            "Fault in the server",
            "try again; if this fails too, tell the operator: the log of the server has the details",
        )
