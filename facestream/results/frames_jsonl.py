"""frames.jsonl: the telemetry message of each frame, one a line, also of frames that were not analysed."""

from typing import TextIO

from facestream.messages.telemetry import FaceMessage, Telemetry, encode_telemetry
from facestream.results.record import FrameResult, telemetry_of
from facestream.results.tables import Column, TableOptions


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

    def close(self) -> None:
        """Nothing is left to write."""


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
