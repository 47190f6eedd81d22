"""The messages of the JPEG socket (compatibility mode), version 1, without those of `control`: opening and JPEG header.

Never sends anything.
"""

import struct
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facestream.errors import FrameError
from facestream.messages.http import MAX_RESUME_CHARS, FirstFaceId, RecordDays
from facestream.messages.validation import first_problem

VERSION = 1
# Version, three bytes of zero, milliseconds; big-endian.
_HEADER = struct.Struct(">B3xI")
HEADER_BYTES = _HEADER.size


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Open(_Message):
    """The first message of the peer."""

    type: Literal["open"]
    token: str = Field("", description="access token; empty: none is required")
    resume: str = Field(
        "", max_length=MAX_RESUME_CHARS, description="resume token of a lost connection; empty: a new session"
    )
    first_face_id: FirstFaceId = 1
    record: bool = Field(True, strict=True, description="false: the server keeps no record of this session")
    record_days: RecordDays = Field(
        0,
        description="days for which the server may keep it at most; 0: as long as it keeps records",
    )


class Opened(_Message):
    """The server's answer: the session is open, and the peer may send frames."""

    type: Literal["opened"] = "opened"
    session_id: str
    resume: str = Field(description="token for the connection after this one is lost")
    secret: str = Field(description="lets the peer change and end its session over HTTP")
    recorded: bool = Field(False, description="whether the server keeps the results of this session")
    record_days: int = Field(0, description="days after which it deletes them; 0: they are not deleted")
    resumed: bool = Field(False, description="whether the session continues that of `resume`")


class Refused(_Message):
    """The server's answer to a rejected peer: a problem (RFC 9457) as a message; then the socket closes."""

    type: Literal["refused"] = "refused"
    status: int = Field(description="the HTTP status that an offer would have got")
    code: str = Field("", description="why, for programs: the code of that problem")
    title: str
    detail: str
    retry_after_s: int = Field(0, description="time after which the peer may try again; 0: not given")


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """One JPEG on the wire."""

    time_ms: int
    """When the frame was captured, in the peer's own clock with any origin; 0 to 2^32 - 1. Returned with the frame."""
    jpeg: bytes


def decode_open(text: str | bytes) -> Open:
    """Read the first message; raises ValueError with a message for the peer."""
    try:
        return Open.model_validate_json(text)
    except ValidationError as error:
        problem = first_problem(error, "first message")
        msg = f'{problem}; expected text like {{"type": "open"}} before any frame, all other fields optional'
        raise ValueError(msg) from error


def decode_jpeg_message(message: bytes) -> JpegFrame:
    """Read a binary message; raises FrameError."""
    if len(message) <= HEADER_BYTES:
        raise FrameError(
            f"frame message of {len(message)} bytes; expected {HEADER_BYTES} of header and a JPEG"
        )
    version, time_ms = _HEADER.unpack_from(message)
    if version != VERSION:
        raise FrameError(f"frame message of version {version}; expected {VERSION}: reload the page")
    return JpegFrame(time_ms, message[HEADER_BYTES:])


def encode_jpeg_message(frame: JpegFrame) -> bytes:
    """Put the header before a JPEG."""
    return _HEADER.pack(VERSION, frame.time_ms) + frame.jpeg
