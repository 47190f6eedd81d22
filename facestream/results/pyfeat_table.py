"""The table of Py-Feat (class Fex) with our numbers, so that scripts for its output go on.

It has the columns that Py-Feat's own detectors fill and facestream measures: no action units, gaze or embeddings. Signs
and units are those of Py-Feat 2.1.
"""

import math
from collections.abc import Iterator, Sequence

from facestream.results.record import FaceResult, FrameResult
from facestream.results.tables import (
    FRAME,
    Cell,
    Column,
    Table,
    TableOptions,
    emotion_column,
    extra_cells,
    extra_columns,
    landmark_cells,
    landmark_columns,
)

_BOX_COLUMNS = (
    Column("FaceRectX", "number", "px", "may be outside of the frame", "left edge of the box"),
    Column("FaceRectY", "number", "px", "may be outside of the frame", "top edge of the box"),
    Column("FaceRectWidth", "number", "px", "above 0", "width of the box"),
    Column("FaceRectHeight", "number", "px", "above 0", "height of the box"),
    Column("FaceScore", "number", "", "BlazeFace: 0.5 to 1; dlib: above 0", "as score in faces.csv"),
)
_POSE_COLUMNS = (
    Column("Pitch", "number", "rad", "-1.571 to 1.571", "nod of the head; positive: up"),
    Column("Roll", "number", "rad", "-3.142 to 3.142", "tilt of the head; positive: to the right of the person"),
    Column("Yaw", "number", "rad", "-1.571 to 1.571", "turn of the head; positive: to the right of the person"),
)  # fmt: skip
_EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
_EMOTION_COLUMNS = tuple(map(emotion_column, _EMOTIONS))
_LAST_COLUMNS = (
    Column("input", "text", "", "", "name of the clip or image"),
    FRAME,
    Column("approx_time", "text", "min:s", "from 00:00", "time of the frame in whole seconds"),
    Column("Identity", "text", "", "Person_0, Person_1 ...", "face_id of faces.csv minus 1; nobody is recognised"),
)  # fmt: skip


def _columns(options: TableOptions) -> tuple[Column, ...]:
    landmarks = landmark_columns(options)
    return (
        *_BOX_COLUMNS,
        *landmarks,
        *_POSE_COLUMNS,
        *_EMOTION_COLUMNS,
        *_LAST_COLUMNS,
        *extra_columns(options),
    )


def _rows(result: FrameResult, options: TableOptions) -> Iterator[Sequence[Cell]]:
    if result.unanalysed:
        return
    minutes, seconds = divmod(int(result.time_s), 60)
    last = options.source, result.frame, f"{minutes:02d}:{seconds:02d}"
    extra = extra_cells(result, options)
    for face in result.faces:
        landmarks = landmark_cells(face.landmarks_xy, options)
        pose, name = _pose_rad(face), f"Person_{face.id - 1}"
        yield [*face.box, face.score, *landmarks, *pose, *face.probabilities, *last, name, *extra]
    if not result.faces:
        numbers = len(_BOX_COLUMNS) + len(landmark_columns(options)) + len(_POSE_COLUMNS) + len(_EMOTIONS)
        yield [*[None] * numbers, *last, None, *extra]


def _pose_rad(face: FaceResult) -> tuple[Cell, Cell, Cell]:
    """Pitch, roll, yaw: ours are positive to the right of the image and clockwise, which is the left of the person."""
    if face.pose_deg is None:
        return None, None, None
    yaw, pitch, roll = map(math.radians, face.pose_deg)
    return pitch, -roll, -yaw


PYFEAT = Table(_columns, _rows)
