"""The messages of the data channel `telemetry`, version 1: encode and decode; never sends anything."""

import base64
from typing import Annotated, Any, Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from facestream.analysis.affect import valence_and_arousal
from facestream.analysis.faces import (
    EMOTIONS,
    UNSURE,
    Face,
    FrameReport,
    Gaze,
    LandmarksXY,
    QualityHint,
    UnsureReason,
)

VERSION: Literal[1] = 1
Unanalysed = Literal["", "off", "unavailable", "fault"]
LABELS = (*map(str, EMOTIONS), UNSURE)
"""What `FaceMessage.label` may hold."""
_REASONS = tuple(map(str, UnsureReason))
_HINTS = tuple(map(str, QualityHint))
Probabilities = tuple[float, float, float, float, float, float, float]
LANDMARKS_CHARS = 184
"""Length of `FaceMessage.landmarks`: 136 bytes as base64."""
LANDMARKS_MARGIN = 0.25
"""The bytes span the box widened by this share of its size on every side, because the chin may be below the box."""
Milliseconds = Annotated[float, Field(ge=0)]


def _signed(description: str) -> Any:
    """A field of a value in -1..1 that is absent while it is not known."""
    return Field(None, ge=-1, le=1, exclude_if=lambda value: value is None, description=description)


class _Message(BaseModel):
    # Fields may be added without a new version, so a reader ignores unknown fields.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)


class StageTimes(_Message):
    """Milliseconds one frame spent in each stage on the server."""

    wait: Milliseconds = Field(description="from decoded to taken by an analysis process")
    detect: Milliseconds
    landmarks: Milliseconds
    emotion: Milliseconds
    draw: Milliseconds


class FaceMessage(_Message):
    """One face of a frame."""

    id: int = Field(ge=1, description="stable while the face is followed; never reused in a session")
    box: tuple[int, int, int, int] = Field(description="left, top, width, height in pixels")
    # Plain strings: a reader accepts the label or reason of a later server. The schema lists them as examples.
    label: str = Field(
        description="one of the seven emotions, or unsure", json_schema_extra={"examples": [*LABELS]}
    )
    unsure: str = Field(
        "",
        description=f"why: {', '.join(_REASONS[:-1])} or {_REASONS[-1]}; empty when sure",
        json_schema_extra={"examples": ["", *_REASONS]},
    )
    trust: float | None = Field(
        None,
        ge=0,
        le=1,
        exclude_if=lambda trust: trust is None,
        description="how probable it is that most people would choose the most probable word for this face; absent if "
        "it was not measured",
        json_schema_extra={"examples": [0.87]},
    )
    probabilities: Probabilities = Field(description=f"{', '.join(EMOTIONS)}; each 0..1")
    pose_deg: tuple[float, float, float] | None = Field(
        None, description="yaw, pitch, roll of the head; null where no pose fits the landmarks"
    )
    eyes: float = Field(0.0, description="eye aspect ratio: about 0.3 open, below 0.2 closed")
    mouth: float = Field(0.0, description="height of the inner mouth over its width: 0 closed")
    blinks: int = Field(0, ge=0, description="blinks since the face was first seen")
    valence: float | None = _signed("derived from probabilities: unpleasant to pleasant")
    arousal: float | None = _signed("derived from probabilities: calm to excited")
    smile: float | None = _signed("by geometry: 0 as this face at rest, 1 a broad smile; absent if not known")
    brows: float | None = _signed("by geometry: 0 as this face at rest, 1 raised; absent if not known")
    eyes_closed_s: float = Field(
        0,
        ge=0,
        exclude_if=lambda value: not value,
        description="seconds since the eyes closed; absent: open, closed for no longer than a blink, or the head is "
        "turned far",
    )
    eye_closures: int = Field(
        0,
        ge=0,
        exclude_if=lambda value: not value,
        description="how often the eyes were closed for longer than a blink; absent: never",
    )
    yawns: int = Field(
        0,
        ge=0,
        exclude_if=lambda value: not value,
        description="yawns since the face was first seen; absent: none",
    )
    gaze: str = Field(
        "",
        exclude_if=lambda word: not word,
        description=f"where the face looks: {', '.join(Gaze)}; left and right of the frame; absent if not known",
        json_schema_extra={"examples": [*map(str, Gaze)]},
    )
    hints: tuple[str, ...] = Field(
        (),
        exclude_if=lambda hints: not hints,
        description=f"what makes the face hard to read: {', '.join(_HINTS)}; absent if nothing does",
        json_schema_extra={"examples": [[str(QualityHint.DARK), str(QualityHint.FAR)]]},
    )
    landmarks: str | None = Field(
        None,
        pattern=f"^[A-Za-z0-9+/]{{{LANDMARKS_CHARS - 2}}}==$",
        exclude_if=lambda text: text is None,
        description="only on request: x, y of the 68 landmarks as base64, each a byte from 0 to 255 across the box "
        "widened by a quarter of its size on every side",
    )


class Telemetry(_Message):
    """The numbers of one frame; sent on the data channel `telemetry`. docs/telemetry.md describes every field."""

    v: Literal[1] = Field(VERSION, description="version of this message")
    seq: int = Field(ge=0, description="number of the frame in its session, from 0, without gaps when sent")
    pts: float = Field(ge=0, description="the frame's presentation time in seconds from the first frame")
    fps_in: float = Field(ge=0, description="frames per second that arrive")
    fps_out: float = Field(ge=0, description="analysed frames per second that are sent back")
    dropped: int = Field(
        ge=0,
        description="frames dropped so far: replaced by a newer one, or over the rate limit",
    )
    analysed: bool = Field(True, description="false: the frame was sent back unannotated")
    unanalysed: Unanalysed = Field("", description="why analysed is false; empty when it is true")
    degradation: int = Field(
        0,
        ge=0,
        le=3,
        alias="economy",
        description="degradation level of the analysis; 0: everything is computed",
    )
    not_followed: int = Field(
        0,
        ge=0,
        exclude_if=lambda count: not count,
        description="further faces that the last search has seen, where only a few are followed; absent if none",
    )
    extra: dict[str, JsonValue] = Field(
        {},
        exclude_if=lambda values: not values,
        description="values of the server's own analysis by name, see docs/plugins.md; absent if there are none",
        json_schema_extra={"examples": [{"smiles": 2}]},
    )
    extra_fault: str = Field(
        "",
        max_length=64,
        exclude_if=lambda kind: not kind,
        description="why the server's own analysis has no values for this frame: the name of its exception; absent if "
        "it did not fail",
        json_schema_extra={"examples": ["ZeroDivisionError"]},
    )
    ms: StageTimes
    faces: tuple[FaceMessage, ...]


def face_messages(report: FrameReport, with_landmarks: int | None = None) -> tuple[FaceMessage, ...]:
    """The faces of a report as sent: whole pixels, probabilities with three decimals.

    The face with the id `with_landmarks` has its landmarks.
    """
    return tuple(
        _message_of(face, face.landmarks_xy if face.id == with_landmarks else None) for face in report.faces
    )


def _message_of(face: Face, landmarks_xy: LandmarksXY | None) -> FaceMessage:
    valence, arousal = valence_and_arousal(face.probabilities)
    box, pose = face.box, face.pose
    return face_message(
        id=face.id,
        box=(box.left, box.top, box.width, box.height),
        label=str(face.label),
        unsure=str(face.unsure or ""),
        trust=face.trust,
        probabilities=cast(Probabilities, face.probabilities),  # `Face` has checked that there are seven
        pose_deg=None if pose is None else (pose.yaw_deg, pose.pitch_deg, pose.roll_deg),
        eye_opening=face.eye_opening,
        mouth_opening=face.mouth_opening,
        blinks=face.blinks,
        valence=valence,
        arousal=arousal,
        smile=face.smile,
        brows=face.brows,
        eyes_closed_s=face.eyes_closed_s,
        eye_closures=face.eye_closures,
        yawns=face.yawns,
        gaze=str(face.gaze or ""),
        hints=tuple(map(str, face.hints)),
        landmarks_xy=landmarks_xy,
    )


def face_message(
    *,
    id: int,
    box: tuple[float, float, float, float],
    label: str,
    unsure: str,
    trust: float | None,
    probabilities: Probabilities,
    pose_deg: tuple[float, float, float] | None,
    eye_opening: float,
    mouth_opening: float,
    blinks: int,
    valence: float | None,
    arousal: float | None,
    smile: float | None,
    brows: float | None,
    eyes_closed_s: float,
    eye_closures: int,
    yawns: int,
    gaze: str,
    hints: tuple[str, ...],
    landmarks_xy: LandmarksXY | None,
) -> FaceMessage:
    """One face, rounded as it is sent."""
    left, top, width, height = map(round, box)
    whole = left, top, width, height
    return FaceMessage(
        id=id,
        box=whole,
        label=label,
        unsure=unsure,
        trust=None if trust is None else round(trust, 2),
        probabilities=cast(Probabilities, tuple(round(p, 3) for p in probabilities)),
        pose_deg=pose_deg and (round(pose_deg[0], 1), round(pose_deg[1], 1), round(pose_deg[2], 1)),
        eyes=round(eye_opening, 2),
        mouth=round(mouth_opening, 2),
        blinks=blinks,
        valence=_rounded(valence, 3),
        arousal=_rounded(arousal, 3),
        smile=_rounded(smile, 2),
        brows=_rounded(brows, 2),
        eyes_closed_s=round(eyes_closed_s, 1),
        eye_closures=eye_closures,
        yawns=yawns,
        gaze=gaze,
        hints=hints,
        landmarks=None if landmarks_xy is None else _packed(landmarks_xy, whole),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def landmarks_of(face: FaceMessage) -> LandmarksXY | None:
    """The landmarks of a face, shape (68, 2), in pixels of the frame; None if this message does not have them.

    Each is at most 0.3 % of the box away from where it was found; those outside of the widened box are on its edge.
    """
    if face.landmarks is None:
        return None
    spread = np.frombuffer(base64.b64decode(face.landmarks), np.uint8).reshape(68, 2) / 255
    shares = spread * (1 + 2 * LANDMARKS_MARGIN) - LANDMARKS_MARGIN
    return np.asarray(np.array(face.box[:2]) + shares * np.array(face.box[2:]), np.float32)


def _packed(landmarks_xy: LandmarksXY, box: tuple[int, int, int, int]) -> str:
    left, top, width, height = box
    shares = (landmarks_xy - (left, top)) / (max(1, width), max(1, height))
    spread = (shares + LANDMARKS_MARGIN) / (1 + 2 * LANDMARKS_MARGIN)
    # A coordinate that is not finite cannot be a byte.
    bytes_xy = np.rint(np.nan_to_num(spread, nan=0.5, posinf=1, neginf=0).clip(0, 1) * 255).astype(np.uint8)
    return base64.b64encode(bytes_xy.tobytes()).decode()


def encode_telemetry(message: Telemetry) -> str:
    """One line of compact JSON, under 1,200 bytes for two faces without hints, so that it fits into one SCTP chunk."""
    return message.model_dump_json()


def decode_telemetry(text: str | bytes) -> Telemetry:
    """Decode one message of the data channel `telemetry`, a JSON text; raises ValueError if it is not one."""
    return Telemetry.model_validate_json(text)
