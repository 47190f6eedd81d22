"""Decode the headers that the routes read, and reject requests that aiohttp cannot decode."""

import re

from aiohttp import hdrs, web

from facestream.web.problems import MAX_SHOWN_CHARS, Handler, problem

# aiohttp 3.14 parses these headers itself and raises on some values.
_READ_BY_LIBRARY = re.compile(
    r"sec-websocket-.*|if-.*|content-.*|range|upgrade|connection|transfer-encoding", re.IGNORECASE
)


@web.middleware
async def refuse_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 if a header that aiohttp parses is not ASCII, as its standard requires."""
    for name, value in request.headers.items():
        if not value.isascii() and _READ_BY_LIBRARY.fullmatch(name):
            raise web.HTTPBadRequest(text=f"got {name} with non-ASCII characters; expected ASCII")
    return await handler(request)


def refuse_other_expectations(server: web.Server) -> None:
    """Answer 417 to every Expect but 100-continue.

    aiohttp 3.14 reads this header before the middlewares, and raises if it is not UTF-8.
    """
    handle = server.request_handler

    async def refuse_or_handle(request: web.BaseRequest) -> web.StreamResponse:
        if header(request, hdrs.EXPECT).lower() in {"", "100-continue"}:
            return await handle(request)
        # No signal of the application runs for this response, and aiohttp's default Server header has versions.
        server_name = {"Server": "facestream"}
        return problem(417, "Expectation Failed", "expected no Expect, or Expect: 100-continue", server_name)

    server.request_handler = refuse_or_handle


def header(request: web.BaseRequest, name: str) -> str:
    """A header as text that can be compared, hashed and printed; empty: no such header.

    aiohttp keeps bytes that are not UTF-8 as lone surrogates, which cannot be encoded.
    """
    return _text(request.headers.get(name, ""))


def content_type(request: web.Request) -> str:
    """The media type of the body without its parameters, safe to print."""
    return header(request, hdrs.CONTENT_TYPE).partition(";")[0].strip().lower()[:MAX_SHOWN_CHARS]


def _text(value: str) -> str:
    return value.encode(errors="surrogateescape").decode(errors="replace")
