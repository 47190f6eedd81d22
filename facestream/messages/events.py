"""The events of `GET /sessions/{id}/events`: encode and decode; docs/live.md describes them. Never sends anything.

An event is a name and one line of JSON, in the format of Server-Sent Events.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from facestream.messages.telemetry import Telemetry, encode_telemetry

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT: Final = ": still here\n\n"
"""A comment, which readers skip; it shows that the connection still works."""


class _Event(BaseModel):
    # Fields may be added without notice, so a reader ignores unknown fields.
    model_config = ConfigDict(frozen=True, extra="ignore")


class SessionStart(_Event):
    """The first event: which session it is."""

    session_id: str
    """Not the one in the address if the peer has resumed that session after a lost connection."""


class Marker(_Event):
    """A moment that the page, or a program over HTTP, has marked."""

    name: str
    note: str = ""
    pts: float = Field(ge=0)
    """That of the newest frame that had arrived at the server, as in the telemetry."""
    id: int = Field(default=0, ge=0)
    """Its number in this session, from 1; 0: a server that numbers none."""


class MarkerNote(_Event):
    """What a person has written beside a marker that was sent before: the same marker, now with its note."""

    id: int = Field(ge=1)
    """That of the `Marker`."""
    name: str
    note: str
    pts: float = Field(ge=0)
    """When the marker was set, not when the note was written."""


class Lost(_Event):
    """Messages are missing here, because the listener reads too slowly."""

    messages: int = Field(ge=1)
    """How many are missing since the last event."""


class SessionEnd(_Event):
    """The last event: the session has ended."""

    ending: str
    """Why, as docs/telemetry.md lists it. More words may be added."""


LiveEvent = SessionStart | Telemetry | Marker | MarkerNote | Lost | SessionEnd
NAMES: Final[dict[str, type[LiveEvent]]] = {
    "session": SessionStart,
    "telemetry": Telemetry,
    "marker": Marker,
    "marker_note": MarkerNote,
    "lost": Lost,
    "end": SessionEnd,
}
"""The name of each event in the stream. More may be added: a reader skips those that it does not know."""
_NAME_OF = {kind: name for name, kind in NAMES.items()}


def encode_event(event: LiveEvent) -> str:
    """An event as it is sent."""
    if isinstance(event, Telemetry):
        return telemetry_event(encode_telemetry(event))
    return _event(_NAME_OF[type(event)], event.model_dump_json())


def telemetry_event(message: str) -> str:
    """A telemetry message that is encoded already, as an event."""
    return _event("telemetry", message)


def decode_event(name: str, text: str) -> LiveEvent | None:
    """One event; None: its name is not known. Raises ValueError if the JSON is not that of such an event."""
    kind = NAMES.get(name)
    return None if kind is None else kind.model_validate_json(text)


def _event(name: str, text: str) -> str:
    # The JSON has no line break: it escapes those in texts.
    return f"event: {name}\ndata: {text}\n\n"
