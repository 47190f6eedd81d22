"""Recorders and frames for the tests of records."""

from pathlib import Path

import numpy as np

from facestream.analysis.faces import EMOTIONS, BoundingBox, Face, FrameReport
from facestream.messages.telemetry import StageTimes, Telemetry, face_messages
from facestream.recording.files import RecordOptions
from facestream.recording.folders import RecordFolders
from facestream.recording.recorder import Recorder
from facestream.results.session_file import SessionFacts
from facestream.results.tables import TableOptions

SECRET = "s" * 22
SIZE_WH = 640, 360
REPORT = FrameReport(
    (
        Face(
            1,
            BoundingBox(10, 20, 99, 100),
            np.ones((68, 2), np.float32),
            (0.1, 0.0, 0.0, 0.6, 0.1, 0.1, 0.1),
            EMOTIONS[3],
        ),
    )
)


def session_id(letter: str) -> str:
    return letter * 22


def message(seq: int, report: FrameReport = REPORT, **changed: object) -> Telemetry:
    values: dict[str, object] = {
        "seq": seq,
        "pts": seq / 10,
        "fps_in": 10,
        "fps_out": 10,
        "dropped": 0,
        "ms": StageTimes(wait=0, detect=0, landmarks=0, emotion=0, draw=0),
        "faces": face_messages(report),
        "extra": dict(report.extra),
    }
    return Telemetry(**{**values, **changed})  # type: ignore[arg-type]


def options_of(formats: tuple[str, ...] = ("csv", "jsonl", "html"), keep_days: int = 30) -> RecordOptions:
    return RecordOptions(formats, keep_days, SessionFacts(), TableOptions(changes=True, events=True))


def recorder_in(root: Path, keep_days: int = 30) -> Recorder:
    folders = RecordFolders(root)
    folders.prepare()
    return Recorder(folders, options_of(keep_days=keep_days))
