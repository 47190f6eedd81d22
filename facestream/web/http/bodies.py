"""Check the type of a request body before it is read, and read at most so much of it."""

from aiohttp import hdrs, web

from facestream.messages.http import ProblemCode
from facestream.web.http.headers import content_type
from facestream.web.problems import RejectedError


def require_type(request: web.Request, expected: str) -> None:
    """Pass for an uncompressed body of the expected media type; raises RejectedError."""
    if content_type(request) != expected:
        raise RejectedError(
            415, ProblemCode.UNSUPPORTED_MEDIA_TYPE, f"got {content_type(request)!r}; expected {expected}"
        )
    # A compressed body would be decompressed before its size is checked.
    if hdrs.CONTENT_ENCODING in request.headers:
        raise RejectedError(
            415,
            ProblemCode.UNSUPPORTED_MEDIA_TYPE,
            f"got a compressed body; expected {expected}, not compressed",
        )


async def read_at_most(request: web.Request, most: int) -> bytes:
    """The body, or its first `most` bytes; it may arrive in several pieces."""
    body = b""
    while len(body) < most and not request.content.at_eof():
        body += await request.content.read(most - len(body))
    return body


async def read_within(request: web.Request, most: int) -> bytes:
    """The whole body; raises RejectedError if it is longer than `most` bytes, or says so."""
    body = await read_at_most(request, most + 1) if (request.content_length or 0) <= most else None
    if body is None or len(body) > most:
        raise RejectedError(
            413, ProblemCode.BODY_TOO_LARGE, f"request too large; expected at most {most} bytes"
        )
    return body


async def read_json(request: web.Request, most: int) -> bytes:
    """The JSON body, not parsed; raises RejectedError if it is of another type or longer than `most` bytes."""
    require_type(request, "application/json")
    return await read_within(request, most)
