"""Check what your own analysis returns: extra values, and a report and tracks of its own.

What passes has plain types and values within the bounds of the results, so that nothing behind the analysis meets
another one. Every function raises ValueError or TypeError with what was got and expected; calls no plug-in.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

import numpy as np
from pydantic import JsonValue

from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.faces import (
    EMOTIONS,
    UNSURE,
    BoundingBox,
    Emotion,
    Face,
    FrameReport,
    Gaze,
    HeadPose,
    QualityHint,
    UnsureReason,
)
from facestream.analysis.field_types import check_types
from facestream.analysis.shapes import Shape, shapes_of
from facestream.analysis.tracking.tracks import Tracks

MAX_VALUES: Final = 32
"""Most extra values of a frame."""
MAX_DEPTH: Final = 4
"""How deep lists and objects may be in each other."""
MAX_BYTES: Final = 1024
"""Length of all extra values of a frame as compact JSON in UTF-8."""
MAX_WHOLE: Final = 2**53
"""Whole numbers beyond this cannot be read exactly by JavaScript, R and pandas."""
SUM_TOLERANCE: Final = 0.02
"""How far the sum of the probabilities of a face may be from 1."""
DRAW: Final = "draw"
"""The name whose value is a list of shapes; it is drawn, and no extra value."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}", re.ASCII)


def with_values(report: FrameReport, values: object) -> FrameReport:
    """The report with extra values and a drawing; None: neither."""
    if values is None:
        return report
    given = _mapping(values)
    others = {name: value for name, value in given.items() if name != DRAW}
    drawing: tuple[Shape, ...] = shapes_of(given[DRAW]) if DRAW in given else ()
    return replace(report, extra=checked_values(others), drawing=drawing)


def checked_values(given: object) -> dict[str, JsonValue]:
    """The extra values of a frame as JSON, with numpy's numbers as numbers."""
    values = _mapping(given)
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values)} extra values; expected at most {MAX_VALUES}")
    for name in values:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"an extra value is named {name!r:.50}; expected up to 32 letters, digits and underscores"
            )
    checked = {str(name): _as_json(value, MAX_DEPTH, str(name)) for name, value in values.items()}
    length = len(json.dumps(checked, ensure_ascii=False, separators=(",", ":")).encode())
    if length > MAX_BYTES:
        raise ValueError(f"the extra values have {length} bytes as JSON; expected at most {MAX_BYTES}")
    return checked


def checked_report(report: object) -> FrameReport:
    """A report that a plug-in has made, in plain types."""
    if not isinstance(report, FrameReport):
        raise TypeError(f"analyze returned a report of type {type(report).__name__}; expected FrameReport")
    faces = tuple(map(_checked_face, report.faces))
    if len({face.id for face in faces}) < len(faces):
        raise ValueError("two faces of a report have the same id; expected an id for each face")
    plain = FrameReport(
        faces=faces,
        detect_ms=_number("detect_ms", report.detect_ms, 0),
        landmarks_ms=_number("landmarks_ms", report.landmarks_ms, 0),
        emotion_ms=_number("emotion_ms", report.emotion_ms, 0),
        degradation=DegradationLevel(report.degradation),
        not_followed=_whole("not_followed", report.not_followed, 0),
    )
    return with_values(plain, report.extra)


def checked_tracks(tracks: object) -> Tracks:
    """The tracks that a plug-in has returned: each field has its type, so that any worker can read them."""
    check_types(Tracks, tracks, "tracks")
    checked = cast(Tracks, tracks)
    _whole("next_id", checked.next_id, 1)
    return checked


def _mapping(values: object) -> Mapping[object, object]:
    if not isinstance(values, Mapping):
        raise TypeError(
            f"extra values are of type {type(values).__name__}; expected a mapping of names to values"
        )
    return values


def _checked_face(face: object) -> Face:
    if not isinstance(face, Face):
        raise TypeError(f"a face of the report is of type {type(face).__name__}; expected Face")
    landmarks_xy = np.array(face.landmarks_xy, np.float32)
    if landmarks_xy.shape != (68, 2):
        raise ValueError(f"landmarks_xy has the shape {landmarks_xy.shape}; expected (68, 2)")
    probabilities = tuple(_number("a probability", value, 0, 1) for value in face.probabilities)
    if abs(sum(probabilities) - 1) > SUM_TOLERANCE:
        raise ValueError(f"the probabilities of a face sum to {sum(probabilities):.3f}; expected 1")
    if face.label not in {*EMOTIONS, UNSURE}:
        raise ValueError(
            f"a label is {face.label!r:.50}; expected {', '.join(EMOTIONS)} or {UNSURE}: "
            "put words of your own into the extra values"
        )
    box, pose = face.box, face.pose
    return Face(
        id=_whole("id", face.id, 1),
        box=BoundingBox(*(_number("a box", side) for side in (box.left, box.top, box.width, box.height))),
        landmarks_xy=landmarks_xy,
        probabilities=probabilities,
        label=UNSURE if face.label == UNSURE else Emotion(face.label),
        unsure=None if face.unsure is None else UnsureReason(face.unsure),
        trust=None if face.trust is None else _number("trust", face.trust, 0, 1),
        pose=pose
        and HeadPose(*(_number("a pose", angle) for angle in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg))),
        eye_opening=_number("eye_opening", face.eye_opening, 0),
        blinks=_whole("blinks", face.blinks, 0),
        mouth_opening=_number("mouth_opening", face.mouth_opening, 0),
        eyes_closed_s=_number("eyes_closed_s", face.eyes_closed_s, 0),
        eye_closures=_whole("eye_closures", face.eye_closures, 0),
        yawns=_whole("yawns", face.yawns, 0),
        smile=None if face.smile is None else _number("smile", face.smile, -1, 1),
        brows=None if face.brows is None else _number("brows", face.brows, -1, 1),
        gaze=None if face.gaze is None else Gaze(face.gaze),
        hints=tuple(map(QualityHint, face.hints)),
        score=None if face.score is None else _number("score", face.score),
    )


def _number(name: str, value: object, least: float = -math.inf, most: float = math.inf) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not (math.isfinite(number) and least <= number <= most):
        wanted = "a finite number" if least == -math.inf else f"a number from {least:g}"
        raise ValueError(
            f"{name} is {number}; expected {wanted}" + (f" to {most:g}" if most < math.inf else "")
        )
    return number


def _whole(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= MAX_WHOLE:
        raise ValueError(f"{name} is {value!r:.50}; expected a whole number from {least}")
    return int(value)


def _as_json(value: object, depth: int, name: str) -> JsonValue:
    """Types are exact: a class of the plug-in's own would be made anew in the process that reads the reply."""
    if isinstance(value, np.generic | np.ndarray) and value.ndim == 0:
        value = value.item()
    match value:
        case None | bool():
            return value
        case int():
            if not -MAX_WHOLE <= value <= MAX_WHOLE:
                raise ValueError(f"{name} is a whole number beyond 2**53; expected a smaller one, or a text")
            return int(value)
        case str():
            return _text(value, name)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{name} is {value}; expected a finite number, or None")
            return float(value)
        case list() | tuple() | Mapping() | np.ndarray() if depth == 0:
            raise ValueError(f"{name} is nested more than {MAX_DEPTH} deep")
        case np.ndarray() | list() | tuple():
            if len(value) > MAX_BYTES:
                raise ValueError(
                    f"{name} has a list of {len(value)} values; expected at most {MAX_BYTES} bytes"
                )
            return [_as_json(item, depth - 1, name) for item in value]
        case Mapping():
            if len(value) > MAX_BYTES:
                raise ValueError(
                    f"{name} has an object of {len(value)} values; expected at most {MAX_BYTES} bytes"
                )
            return _object(value, depth, name)
        case _:
            raise TypeError(f"{name} is of type {type(value).__name__}; expected what JSON has")


def _object(values: Mapping[object, object], depth: int, name: str) -> JsonValue:
    made: dict[str, JsonValue] = {}
    for key, value in values.items():
        if isinstance(key, bool) or not isinstance(key, str | int | np.integer):
            raise TypeError(
                f"{name} has a key of type {type(key).__name__}; expected a text or a whole number"
            )
        text = _text(key, name) if isinstance(key, str) else str(int(key))
        if text in made:
            raise ValueError(f"{name} has the key {text!r:.50} twice, as a text and as a number")
        made[text] = _as_json(value, depth - 1, name)
    return made


def _text(text: str, name: str) -> str:
    try:
        # Half of a surrogate pair cannot be sent.
        return str.encode(text).decode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has a character that UTF-8 does not have ({error.reason})") from error
