"""The tidy table of faces: one row for each face and frame, one without a face where there is none.

A frame that was not analysed has no row: nobody knows how many faces it shows.
"""

from collections.abc import Iterator, Sequence

from facestream.analysis.faces import EMOTIONS, UNSURE, Gaze, UnsureReason
from facestream.results.record import FaceResult, FrameResult
from facestream.results.tables import (
    FACE_ID,
    FRAME,
    Cell,
    Column,
    Table,
    TableOptions,
    change_column,
    emotion_column,
    extra_cells,
    extra_columns,
    landmark_cells,
    landmark_columns,
)

_FRAME_COLUMNS = (
    FRAME,
    Column("time_s", "number", "s", "from 0", "time of the frame, from the clip's own clock"),
)
_LABEL_COLUMNS = (
    FACE_ID,
    Column("box_left", "number", "px", "may be outside of the frame", "left edge of the box, from brows to chin"),
    Column("box_top", "number", "px", "may be outside of the frame", "top edge of the box"),
    Column("box_width", "number", "px", "above 0", "width of the box"),
    Column("box_height", "number", "px", "above 0", "height of the box"),
    Column("score", "number", "", "BlazeFace: 0.5 to 1; dlib: above 0", "score of the face detector; empty: not known"),
    Column("label", "text", "", ", ".join((*EMOTIONS, UNSURE)), "the word that most people would choose for the face"),
    Column("unsure", "text", "", ", ".join(UnsureReason), f"why the label is {UNSURE}; empty if it is an emotion"),
    Column("trust", "number", "", "0 to 1", "how probable it is that the word is right; empty: not measured"),
    *map(emotion_column, EMOTIONS),
)  # fmt: skip
_CHANGE_COLUMNS = tuple(map(change_column, EMOTIONS))
_POSE_COLUMNS = (
    Column("yaw_deg", "number", "degrees", "-90 to 90", "turn of the head; positive: towards the right of the frame"),
    Column("pitch_deg", "number", "degrees", "-90 to 90", "nod of the head; positive: up"),
    Column("roll_deg", "number", "degrees", "-180 to 180", "tilt of the head; positive: clockwise in the frame"),
    Column("eye_opening", "number", "", "from 0", "eye aspect ratio of both eyes: about 0.3 open, below 0.2 closed"),
    Column("mouth_opening", "number", "", "from 0", "height of the inner mouth over its width: above 0.3 open"),
    Column("blinks", "integer", "", "from 0", "blinks since the face was first seen"),
    Column("valence", "number", "", "-1 to 1", "unpleasant to pleasant; derived from the seven probabilities"),
    Column("arousal", "number", "", "-1 to 1", "calm to excited; derived from the seven probabilities"),
    Column("smile", "number", "", "-1 to 1", "by geometry: 0 as this face at rest, 1 a broad smile; empty: not known"),
    Column("brows", "number", "", "-1 to 1", "by geometry: 0 as this face at rest, 1 raised; empty: not known"),
    Column("eyes_closed_s", "number", "s", "from 0", "since the eyes closed; 0: open, or closed as for a blink"),
    Column("eye_closures", "integer", "", "from 0", "how often the eyes were closed for longer than a blink"),
    Column("yawns", "integer", "", "from 0", "yawns since the face was first seen"),
    Column("gaze", "text", "", ", ".join(Gaze), "where the face looks, left and right of the frame; empty: not known"),
)  # fmt: skip


def _columns(options: TableOptions) -> tuple[Column, ...]:
    return (*_FRAME_COLUMNS, *_face_columns(options), *landmark_columns(options), *extra_columns(options))


def _face_columns(options: TableOptions) -> tuple[Column, ...]:
    return (*_LABEL_COLUMNS, *(_CHANGE_COLUMNS if options.changes else ()), *_POSE_COLUMNS)


def _rows(result: FrameResult, options: TableOptions) -> Iterator[Sequence[Cell]]:
    if result.unanalysed:
        return
    extra = extra_cells(result, options)
    for face in result.faces:
        yield [
            result.frame,
            result.time_s,
            *_cells(face, options),
            *landmark_cells(face.landmarks_xy, options),
            *extra,
        ]
    if not result.faces:
        empty = [None] * len(_face_columns(options))
        yield [result.frame, result.time_s, *empty, *landmark_cells(None, options), *extra]


def _cells(face: FaceResult, options: TableOptions) -> list[Cell]:
    return [
        face.id, *face.box, face.score, face.label, face.unsure, face.trust, *face.probabilities,
        *(face.changes if options.changes else ()),
        *(face.pose_deg or (None, None, None)), face.eye_opening, face.mouth_opening, face.blinks,
        face.valence, face.arousal, face.smile, face.brows, face.eyes_closed_s, face.eye_closures, face.yawns,
        face.gaze,
    ]  # fmt: skip


FACES = Table(_columns, _rows)
