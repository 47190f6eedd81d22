"""Decode the headers that the routes read, and reject requests that aiohttp cannot decode."""

import re
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from yarl import URL

from facestream.messages.http import ProblemCode
from facestream.web.http.protocol import SERVER_NAME
from facestream.web.problems import MAX_SHOWN_CHARS, Handler, RejectedError, problem

# aiohttp 3.14 parses these headers itself and raises on some values.
_READ_BY_LIBRARY = re.compile(
    r"sec-websocket-.*|if-.*|content-.*|range|upgrade|connection|transfer-encoding", re.IGNORECASE
)

_HOST_UNREADABLE = web.RequestKey("host_unreadable", bool)


@web.middleware
async def reject_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reject a request if a header that aiohttp parses is not ASCII, or a date contains a number that is too large."""
    for name, value in request.headers.items():
        if not value.isascii() and _READ_BY_LIBRARY.fullmatch(name):
            raise RejectedError(
                400, ProblemCode.BAD_HEADER, f"got {name} with non-ASCII characters; expected ASCII"
            )
    if not _dates_are_readable(request):
        raise RejectedError(
            400,
            ProblemCode.BAD_HEADER,
            "got a date that cannot be parsed; expected `If-...-Since` as in RFC 9110",
        )
    return await handler(request)


def _dates_are_readable(request: web.Request) -> bool:
    """Whether aiohttp 3.14 can read the dates: it ignores malformed dates, but raises for a number of twenty digits."""
    try:
        _ = request.if_modified_since, request.if_unmodified_since, request.if_range
    except OverflowError:
        return False
    return True


def reject_before_routes(server: web.Server) -> None:
    """Reject every Expect but 100-continue with 417, and a request target whose host cannot be parsed with 400.

    aiohttp 3.14 reads both before the middlewares. It raises if Expect is not UTF-8. If the host of `GET http://xn--a/`
    is not an international name, aiohttp makes no request and the connection gets no response.
    """
    handle, make = server.request_handler, server.request_factory

    def reject(status: int, code: ProblemCode, detail: str) -> web.Response:
        # No signal of the application reaches these responses; aiohttp's own Server names versions.
        return problem(status, code, HTTPStatus(status).phrase, detail, {hdrs.SERVER: SERVER_NAME})

    def make_or_mark(message: Any, *others: Any) -> web.BaseRequest:
        try:
            return make(message, *others)
        except UnicodeError:
            request = make(message._replace(url=URL("/")), *others)
            request[_HOST_UNREADABLE] = True
            return request

    async def reject_or_handle(request: web.BaseRequest) -> web.StreamResponse:
        if _HOST_UNREADABLE in request:
            detail = "got a target with an invalid host name; expected a path like /config"
            return reject(400, ProblemCode.BAD_TARGET, detail)
        if header(request, hdrs.EXPECT).lower() not in {"", "100-continue"}:
            detail = "unsupported Expect header; only 100-continue is allowed"
            return reject(417, ProblemCode.EXPECTATION_FAILED, detail)
        return await handle(request)

    server.request_factory, server.request_handler = make_or_mark, reject_or_handle


def header(request: web.BaseRequest, name: str) -> str:
    """A header as text that can be compared, hashed and printed; empty: no such header.

    aiohttp keeps bytes that are not UTF-8 as lone surrogates, which cannot be encoded.
    """
    return as_text(request.headers.get(name, ""))


def content_type(request: web.Request) -> str:
    """The media type of the body without its parameters, safe to print."""
    return header(request, hdrs.CONTENT_TYPE).partition(";")[0].strip().lower()[:MAX_SHOWN_CHARS]


def as_text(value: str) -> str:
    """A header or a request target, as aiohttp keeps it, as text that can be encoded."""
    return value.encode(errors="surrogateescape").decode(errors="replace")
