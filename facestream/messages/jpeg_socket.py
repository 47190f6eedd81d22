"""What only a picture socket says, version 1: its opening, and the header before each JPEG. Never sends anything."""

import struct
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facestream.errors import FrameError

VERSION = 1
# Version, three bytes of zero, milliseconds; big-endian, as everything on a network.
_HEADER = struct.Struct(">B3xI")
HEADER_BYTES = _HEADER.size


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Open(_Message):
    """The first message of the peer."""

    type: Literal["open"]
    token: str = Field("", max_length=4096, description="who may come in shows it; empty: none is needed")
    resume: str = Field("", max_length=100, description="of a connection that was lost; empty: a new session")


class Opened(_Message):
    """The server's answer: the session is there, and pictures may come."""

    type: Literal["opened"] = "opened"
    session_id: str
    resume: str = Field(description="token for the connection after this one is lost")
    secret: str = Field(description="with it the peer may end its session over HTTP")


class Refused(_Message):
    """The server's answer where it does not take the peer; the socket closes. A problem of RFC 9457 as a message."""

    type: Literal["refused"] = "refused"
    status: int = Field(description="the HTTP status that an offer would have got")
    code: str = Field("", description="why, for programs: the code of that problem")
    title: str
    detail: str
    retry_after_s: int = Field(0, description="time after which it may be tried again; 0: not said")


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """One JPEG on the wire."""

    time_ms: int
    """When it was taken, in the peer's own clock from a moment of its choice; 0 to 2^32 - 1. Comes back with it."""
    jpeg: bytes


def decode_open(text: str | bytes) -> Open:
    """Read the first message; raises ValueError with a sentence for the peer."""
    try:
        return Open.model_validate_json(text)
    except ValidationError as error:
        msg = 'the first message is not {"type": "open"}; expected it as text before any picture'
        raise ValueError(msg) from error


def decode_jpeg_message(message: bytes) -> JpegFrame:
    """Take the header off a picture; raises FrameError."""
    if len(message) <= HEADER_BYTES:
        raise FrameError(
            f"picture message of {len(message)} bytes; expected {HEADER_BYTES} of header and a JPEG"
        )
    version, time_ms = _HEADER.unpack_from(message)
    if version != VERSION:
        raise FrameError(f"picture message of version {version}; expected {VERSION}: reload the page")
    return JpegFrame(time_ms, message[HEADER_BYTES:])


def encode_jpeg_message(picture: JpegFrame) -> bytes:
    """Put the header before a JPEG."""
    return _HEADER.pack(VERSION, picture.time_ms) + picture.jpeg
