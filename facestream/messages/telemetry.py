"""The messages of the data channel `telemetry`, version 1: encode and decode; never sends anything."""

from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from facestream.analysis.faces import EMOTIONS, UNSURE, FrameReport, UnsureReason

VERSION: Literal[1] = 1
Unanalysed = Literal["", "off", "unavailable", "fault"]
LABELS = (*map(str, EMOTIONS), UNSURE)
"""What `FaceMessage.label` may hold."""
_REASONS = tuple(map(str, UnsureReason))
Probabilities = tuple[float, float, float, float, float, float, float]
Milliseconds = Annotated[float, Field(ge=0)]


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
    probabilities: Probabilities = Field(description=f"{', '.join(EMOTIONS)}; each 0..1")
    pose_deg: tuple[float, float, float] | None = Field(
        None, description="yaw, pitch, roll of the head; null where no pose fits the landmarks"
    )
    eyes: float = Field(0.0, description="eye aspect ratio: about 0.3 open, below 0.2 closed")
    mouth: float = Field(0.0, description="height of the inner mouth over its width: 0 closed")
    blinks: int = Field(0, ge=0, description="blinks since the face was first seen")


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
    ms: StageTimes
    faces: tuple[FaceMessage, ...]


def face_messages(report: FrameReport) -> tuple[FaceMessage, ...]:
    """The faces of a report as sent: whole pixels, probabilities with three decimals."""
    return tuple(
        FaceMessage(
            id=face.id,
            box=(round(face.box.left), round(face.box.top), round(face.box.width), round(face.box.height)),
            label=str(face.label),
            unsure=str(face.unsure or ""),
            pose_deg=None
            if face.pose is None
            else (round(face.pose.yaw_deg, 1), round(face.pose.pitch_deg, 1), round(face.pose.roll_deg, 1)),
            eyes=round(face.eye_opening, 2),
            mouth=round(face.mouth_opening, 2),
            blinks=face.blinks,
            # `Face` has checked that there are seven.
            probabilities=cast(Probabilities, tuple(round(p, 3) for p in face.probabilities)),
        )
        for face in report.faces
    )


def encode_telemetry(message: Telemetry) -> str:
    """One line of compact JSON, under 1,100 bytes for two faces, so that it fits into one SCTP chunk."""
    return message.model_dump_json()


def decode_telemetry(text: str | bytes) -> Telemetry:
    """Decode one message of the data channel `telemetry`, a JSON text; raises ValueError if it is not one."""
    return Telemetry.model_validate_json(text)
