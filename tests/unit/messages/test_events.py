"""The events of a session on the wire."""

import pytest
from pydantic import ValidationError

from facestream.messages.events import (
    LiveEvent,
    Lost,
    Marker,
    MarkerNote,
    SessionEnd,
    SessionStart,
    decode_event,
    encode_event,
)
from facestream.messages.telemetry import StageTimes, Telemetry

TELEMETRY = Telemetry(
    seq=7,
    pts=1.5,
    fps_in=30,
    fps_out=29.5,
    dropped=0,
    ms=StageTimes(wait=0, detect=0, landmarks=0, emotion=0, draw=0),
    faces=(),
)


@pytest.mark.parametrize(
    "event",
    [
        SessionStart(session_id="a\nb"),
        TELEMETRY,
        Marker(name="cat", note="\u2028", pts=1, id=3),
        MarkerNote(id=3, name="cat", note="\u2028", pts=1),
        Lost(messages=3),
        SessionEnd(ending="goodbye"),
    ],
)
def test_an_event_is_two_lines_and_read_as_it_was_sent(event: LiveEvent):
    first, second, *rest = encode_event(event).split("\n")

    assert rest == ["", ""]
    assert decode_event(first.removeprefix("event: "), second.removeprefix("data: ")) == event


def test_an_event_of_a_later_server_is_skipped():
    assert decode_event("applause", "{}") is None


def test_an_event_that_is_not_what_its_name_says_is_a_value_error():
    with pytest.raises(ValidationError):
        decode_event("lost", '{"messages": "many"}')
