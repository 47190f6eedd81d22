"""The results of one frame as values: made from a report or from a telemetry message, and read by every writer.

Writes nothing itself.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from facestream.analysis.faces import EMOTIONS, Face, FrameReport, LandmarksXY
from facestream.messages.telemetry import (
    FaceMessage,
    Probabilities,
    StageTimes,
    Telemetry,
    Unanalysed,
    face_message,
    landmarks_of,
)


@dataclass(frozen=True, slots=True)
class FaceResult:
    """One face, in pixels of the frame it was found in."""

    id: int
    """1 or more; kept while the face is followed."""
    box: tuple[float, float, float, float]
    """Left, top, width, height in pixels; it may extend beyond the frame."""
    score: float | None
    """The detector's score when it last saw the face; None: not known, as for a face of a telemetry message."""
    label: str
    """An emotion, or `unsure`."""
    unsure: str
    """Why the label is `unsure`; empty if it is an emotion."""
    trust: float | None
    """How probable it is that most people would choose the most probable word, 0..1; None: not measured."""
    probabilities: tuple[float, ...]
    """Seven values 0..1 in the order of EMOTIONS."""
    pose_deg: tuple[float, float, float] | None
    """Yaw (positive: towards the right of the image), pitch (up), roll (clockwise); None: no pose fits."""
    eye_opening: float
    mouth_opening: float
    blinks: int
    """Blinks since the face was first seen."""
    valence: float | None = None
    """Derived from the probabilities, -1..1; None: not known, as for a message of an older server."""
    arousal: float | None = None
    smile: float | None = None
    """By geometry, -1..1, 0 as this face at rest; None: not known."""
    brows: float | None = None
    eyes_closed_s: float = 0.0
    """0: open, or closed for no longer than a blink."""
    eye_closures: int = 0
    yawns: int = 0
    gaze: str = ""
    """Where the face looks; empty: not known."""
    hints: tuple[str, ...] = ()
    landmarks_xy: LandmarksXY | None = None
    """Shape (68, 2), pixels; None: not sent."""
    baseline: tuple[float, ...] | None = None
    """The probabilities of this face at rest, in the order of EMOTIONS; None: not known."""

    def __post_init__(self) -> None:
        for values in (self.probabilities, self.baseline):
            if values is not None and len(values) != len(EMOTIONS):
                raise ValueError(f"{len(values)} probabilities; expected {len(EMOTIONS)}")

    @property
    def changes(self) -> tuple[float | None, ...]:
        """How much each probability differs from the face at rest; None: not known."""
        if self.baseline is None:
            return (None,) * len(EMOTIONS)
        return tuple(now - rest for now, rest in zip(self.probabilities, self.baseline, strict=True))


@dataclass(frozen=True, slots=True)
class FrameResult:
    """The faces of one frame, in the order of their ids."""

    frame: int
    """Number of the frame in its clip or session, from 0."""
    time_s: float
    """The clip's own time, or the session's, from 0."""
    size_wh: tuple[int, int] | None
    """Width and height of the frame in pixels; None: not known, as for a telemetry message."""
    faces: tuple[FaceResult, ...]
    unanalysed: Unanalysed = ""
    """Why the frame was not analysed; empty if it was."""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    """Values that a plug-in added, by name."""
    extra_fault: str = ""
    """Why the plug-in has no values for this frame: the name of its exception; empty if it did not fail."""
    degradation: int = 0
    not_followed: int = 0
    stage_ms: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Milliseconds of detection, landmarks and emotion."""
    message: Telemetry | None = None
    """The message that the result was read from; None: it comes from a report."""

    def __post_init__(self) -> None:
        if self.frame < 0 or not (math.isfinite(self.time_s) and self.time_s >= 0):
            raise ValueError(f"frame {self.frame} at {self.time_s} s; expected a number and a time from 0")


def result_of(
    report: FrameReport,
    frame: int,
    time_s: float,
    size_wh: tuple[int, int],
    extra: Mapping[str, JsonValue] | None = None,
) -> FrameResult:
    """The result of a frame that was analysed here; `extra` are the values of a plug-in."""
    return FrameResult(
        frame=frame,
        time_s=time_s,
        size_wh=size_wh,
        faces=tuple(map(_face_of, report.faces)),
        extra=extra or report.extra,
        extra_fault=report.extra_fault.kind if report.extra_fault else "",
        degradation=report.degradation,
        not_followed=report.not_followed,
        stage_ms=(report.detect_ms, report.landmarks_ms, report.emotion_ms),
    )


def result_of_telemetry(message: Telemetry) -> FrameResult:
    """The result of a frame that a server analysed: its frame is `seq`, its time `pts`."""
    return FrameResult(
        frame=message.seq,
        time_s=message.pts,
        size_wh=None,
        faces=tuple(map(_face_of_message, message.faces)),
        unanalysed=message.unanalysed,
        extra=message.extra,
        extra_fault=message.extra_fault,
        degradation=message.degradation,
        not_followed=message.not_followed,
        stage_ms=(message.ms.detect, message.ms.landmarks, message.ms.emotion),
        message=message,
    )


def telemetry_of(result: FrameResult) -> Telemetry:
    """The message that the result was read from; for a report, what a server would send, with all landmarks.

    Such a message has no rates and no dropped frames, because a file has none.
    """
    if result.message is not None:
        return result.message
    detect, landmarks, emotion = (round(ms, 1) for ms in result.stage_ms)
    return Telemetry(
        seq=result.frame,
        pts=round(result.time_s, 3),
        fps_in=0.0,
        fps_out=0.0,
        dropped=0,
        analysed=not result.unanalysed,
        unanalysed=result.unanalysed,
        degradation=result.degradation,
        not_followed=result.not_followed,
        extra=dict(result.extra),
        extra_fault=result.extra_fault,
        ms=StageTimes(wait=0.0, detect=detect, landmarks=landmarks, emotion=emotion, draw=0.0),
        faces=tuple(map(_message_of, result.faces)),
    )


def _face_of(face: Face) -> FaceResult:
    box, pose = face.box, face.pose
    return FaceResult(
        id=face.id,
        box=(box.left, box.top, box.width, box.height),
        score=face.score,
        label=str(face.label),
        unsure=str(face.unsure or ""),
        trust=face.trust,
        probabilities=face.probabilities,
        pose_deg=None if pose is None else (pose.yaw_deg, pose.pitch_deg, pose.roll_deg),
        eye_opening=face.eye_opening,
        mouth_opening=face.mouth_opening,
        blinks=face.blinks,
        valence=face.valence,
        arousal=face.arousal,
        smile=face.smile,
        brows=face.brows,
        eyes_closed_s=face.eyes_closed_s,
        eye_closures=face.eye_closures,
        yawns=face.yawns,
        gaze=str(face.gaze or ""),
        hints=tuple(map(str, face.hints)),
        landmarks_xy=face.landmarks_xy,
    )


def _face_of_message(face: FaceMessage) -> FaceResult:
    return FaceResult(
        id=face.id,
        box=face.box,
        score=None,
        label=face.label,
        unsure=face.unsure,
        trust=face.trust,
        probabilities=face.probabilities,
        pose_deg=face.pose_deg,
        eye_opening=face.eyes,
        mouth_opening=face.mouth,
        blinks=face.blinks,
        valence=face.valence,
        arousal=face.arousal,
        smile=face.smile,
        brows=face.brows,
        eyes_closed_s=face.eyes_closed_s,
        eye_closures=face.eye_closures,
        yawns=face.yawns,
        gaze=face.gaze,
        hints=face.hints,
        landmarks_xy=landmarks_of(face),
    )


def _message_of(face: FaceResult) -> FaceMessage:
    return face_message(
        id=face.id,
        box=face.box,
        label=face.label,
        unsure=face.unsure,
        trust=face.trust,
        probabilities=cast(Probabilities, face.probabilities),
        pose_deg=face.pose_deg,
        eye_opening=face.eye_opening,
        mouth_opening=face.mouth_opening,
        blinks=face.blinks,
        valence=face.valence,
        arousal=face.arousal,
        smile=face.smile,
        brows=face.brows,
        eyes_closed_s=face.eyes_closed_s,
        eye_closures=face.eye_closures,
        yawns=face.yawns,
        gaze=face.gaze,
        hints=face.hints,
        landmarks_xy=face.landmarks_xy,
    )
