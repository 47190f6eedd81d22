"""Results made for the tests of tables and other formats."""

import numpy as np

from facestream.results.record import FaceResult, FrameResult

POINTS = np.column_stack([np.arange(68) + 0.25, 100.5 - np.arange(68)]).astype(np.float32)


def face(number: int, **changed: object) -> FaceResult:
    values: dict[str, object] = {
        "id": number,
        "box": (10.25, 20.5, 99.0, 100.125),
        "score": 0.875,
        "label": "happy",
        "unsure": "",
        "trust": 0.875,
        "probabilities": (0.01, 0.02, 0.03, 0.8, 0.04, 0.05, 0.05),
        "pose_deg": (12.5, -3.25, -0.0001),
        "eye_opening": 0.31,
        "mouth_opening": 0.05,
        "blinks": 2,
        "valence": 0.6,
        "arousal": 0.5,
        "smile": -0.25,
        "brows": None,
        "eyes_closed_s": 1.5,
        "eye_closures": 3,
        "yawns": 1,
        "gaze": "left",
        "landmarks_xy": POINTS,
    }
    return FaceResult(**{**values, **changed})  # type: ignore[arg-type]


def frame(number: int, *faces: FaceResult, **changed: object) -> FrameResult:
    values: dict[str, object] = {"time_s": number / 30, "size_wh": (640, 360)}
    return FrameResult(frame=number, faces=faces, **{**values, **changed})  # type: ignore[arg-type]
