"""The table of OpenFace's FeatureExtraction with our numbers, so that scripts for its output go on.

It has no action units, no gaze and no 3D landmarks: facestream does not measure them, and zeros would be false.
"""

import math
from collections.abc import Iterator, Sequence

from facestream.analysis.faces import HeadPose
from facestream.analysis.geometry import head_fit, rotation_of
from facestream.results.record import FaceResult, FrameResult
from facestream.results.tables import (
    FACE_ID,
    FRAME,
    Cell,
    Column,
    Table,
    TableOptions,
    extra_cells,
    extra_columns,
    landmark_cells,
    landmark_columns,
)

_FOCAL = "assumes an adult head and a focal length of the width of the frame; the middle between the eyes"
_COLUMNS = (
    FRAME,
    FACE_ID,
    Column("timestamp", "number", "s", "from 0", "time of the frame, from the clip's own clock"),
    Column("confidence", "number", "", "0.5 to 1", "score of BlazeFace; empty: another detector, or no face"),
    Column("success", "integer", "", "0, 1", "1: there is a face in this frame"),
    Column("pose_Tx", "number", "mm", "", f"place of the head, to the right of the image ({_FOCAL})"),
    Column("pose_Ty", "number", "mm", "", f"place of the head, down ({_FOCAL})"),
    Column("pose_Tz", "number", "mm", "above 0", f"distance of the head from the camera ({_FOCAL})"),
    Column("pose_Rx", "number", "rad", "-3.142 to 3.142", "pitch; positive: down. Rotation R = Rx * Ry * Rz"),
    Column("pose_Ry", "number", "rad", "-1.571 to 1.571", "yaw; positive: towards the left of the image"),
    Column("pose_Rz", "number", "rad", "-3.142 to 3.142", "roll; positive: clockwise in the image"),
)  # fmt: skip


def _columns(options: TableOptions) -> tuple[Column, ...]:
    return (*_COLUMNS, *landmark_columns(options), *extra_columns(options))


def _rows(result: FrameResult, options: TableOptions) -> Iterator[Sequence[Cell]]:
    if result.unanalysed:
        return
    extra = extra_cells(result, options)
    for face in result.faces:
        confidence = face.score if options.detector == "blazeface" else None
        place, turn = _place_mm(face, result.size_wh), _rotation_rad(face)
        landmarks = landmark_cells(face.landmarks_xy, options)
        yield [result.frame, face.id, result.time_s, confidence, 1, *place, *turn, *landmarks, *extra]
    if not result.faces:
        landmarks = landmark_cells(None, options)
        yield [result.frame, None, result.time_s, None, 0, *[None] * 6, *landmarks, *extra]


def _place_mm(face: FaceResult, size_wh: tuple[int, int] | None) -> Sequence[Cell]:
    fit = None
    if face.landmarks_xy is not None and size_wh is not None:
        fit = head_fit(face.landmarks_xy, size_wh)
    if fit is None:
        return [None] * 3
    x, y, z = fit[1]
    return [x, y, z]


def _rotation_rad(face: FaceResult) -> Sequence[Cell]:
    """Angles about x, y, z of the rotation, so that it is Rx * Ry * Rz."""
    if face.pose_deg is None or not all(map(math.isfinite, face.pose_deg)):
        return [None] * 3
    r = rotation_of(HeadPose(*face.pose_deg)).tolist()
    return [
        math.atan2(-r[1][2], r[2][2]),
        math.asin(max(-1.0, min(1.0, r[0][2]))),
        math.atan2(-r[0][1], r[0][0]),
    ]


OPENFACE = Table(_columns, _rows)
