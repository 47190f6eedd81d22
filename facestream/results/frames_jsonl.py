"""frames.jsonl: a message a line: the telemetry of each frame, also of those that were not analysed, and markers.

A note that was written after its marker is a line of its own, `marker_note`, with the id of the marker.
"""

from collections.abc import Iterable, Iterator
from typing import TextIO

from facestream.messages.control import ControlReply, decode_reply
from facestream.messages.telemetry import FaceMessage, Telemetry, decode_telemetry, encode_telemetry
from facestream.results.record import FrameResult, telemetry_of
from facestream.results.report.session import EventKind, ReportEvent
from facestream.results.tables import Column, TableOptions

_MARKER_FIELDS = {"type", "name", "note", "pts"}
_NUMBERED = _MARKER_FIELDS | {"id"}
_MARKER = '{"type"'
"""How the line of a marker begins; a telemetry message has no type."""


class JsonlWriter:
    """Writes a telemetry message a line."""

    def __init__(self, file: TextIO, options: TableOptions) -> None:
        self._file = file
        self._options = options

    def write(self, result: FrameResult) -> None:
        message = telemetry_of(result)
        if not self._options.landmarks:
            faces = tuple(face.model_copy(update={"landmarks": None}) for face in message.faces)
            message = message.model_copy(update={"faces": faces})
        self._file.write(encode_telemetry(message) + "\n")

    def add_event(self, event: ReportEvent) -> None:
        """Write a marker, as `replay --telemetry` does, or the note that a marker has got since then."""
        marker = ControlReply(
            type=event.kind, id=event.id, name=event.text, note=event.note, pts=round(event.time_s, 3)
        )
        self._file.write(marker.model_dump_json(include=_NUMBERED if event.id else _MARKER_FIELDS) + "\n")

    def close(self) -> None:
        """Nothing is left to write."""


def read_messages(lines: Iterable[str]) -> Iterator[Telemetry | ReportEvent]:
    """The frames and events of a frames.jsonl; raises ValueError for a line that is neither."""
    for line in lines:
        if line.startswith(_MARKER):
            marker = decode_reply(line)
            kind: EventKind = "marker_note" if marker.type == "marker_note" else "marker"
            yield ReportEvent(marker.pts, marker.name, marker.note, marker.id, kind)
        else:
            yield decode_telemetry(line)


def jsonl_fields(options: TableOptions) -> tuple[Column, ...]:
    """The fields of a message; a face's have the prefix `faces.`."""
    page = "docs/telemetry.md"
    left_out = () if options.landmarks else ("landmarks",)
    return tuple(
        Column(prefix + (field.alias or name), "text", "", page, field.description or page)
        for prefix, model in (("", Telemetry), ("faces.", FaceMessage))
        for name, field in model.model_fields.items()
        if name not in left_out
    )
