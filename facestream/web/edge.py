"""Where bytes of a request become text: decodes what the routes read, refuses what aiohttp cannot decode."""

import re

from aiohttp import hdrs, web

from facestream.web.problems import MAX_SHOWN_CHARS, Handler, problem

# aiohttp 3.14 reads these by itself and fails on some of them with an error of its own.
_READ_BY_LIBRARY = re.compile(
    r"sec-websocket-.*|if-.*|content-.*|range|upgrade|connection|transfer-encoding", re.IGNORECASE
)


@web.middleware
async def refuse_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 where a header that the library reads is no ASCII; all of those are by their standards."""
    for name, value in request.headers.items():
        if not value.isascii() and _READ_BY_LIBRARY.fullmatch(name):
            raise web.HTTPBadRequest(text=f"got {name} with other characters than ASCII; expected ASCII only")
    return await handler(request)


def refuse_other_expectations(server: web.Server) -> None:
    """Answer 417 to every Expect but 100-continue.

    aiohttp 3.14 reads this header before the middlewares, and fails where it is no UTF-8.
    """
    handle = server.request_handler

    async def refuse_or_handle(request: web.BaseRequest) -> web.StreamResponse:
        if header(request, hdrs.EXPECT).lower() in {"", "100-continue"}:
            return await handle(request)
        # No signal of the application reaches this answer; aiohttp's own Server names versions.
        server_name = {"Server": "facestream"}
        return problem(417, "Expectation Failed", "expected no Expect, or Expect: 100-continue", server_name)

    server.request_handler = refuse_or_handle


def header(request: web.BaseRequest, name: str) -> str:
    """A header as text that can be compared, hashed and shown; empty: there is none.

    aiohttp keeps bytes that are no UTF-8 as lone surrogates, which no encoder takes.
    """
    return _text(request.headers.get(name, ""))


def content_type(request: web.Request) -> str:
    """The media type of the body without its parameters, as it may be shown."""
    return header(request, hdrs.CONTENT_TYPE).partition(";")[0].strip().lower()[:MAX_SHOWN_CHARS]


def _text(value: str) -> str:
    return value.encode(errors="surrogateescape").decode(errors="replace")
