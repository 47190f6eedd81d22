"""The values that describe the faces of one frame; each checks its fields and does nothing else."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from facestream.analysis.affect import valence_and_arousal
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.shapes import Shape

GrayImage = NDArray[np.uint8]
"""Shape (height, width), luma 0..255."""

LandmarksXY = NDArray[np.float32]
"""Shape (68, 2), pixels of the frame, iBUG 300-W order."""

NEVER_S = -1e9
"""A time before the first frame of any stream."""


class Emotion(enum.StrEnum):
    """The seven emotion labels, in the order of `Face.probabilities`."""

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


EMOTIONS = tuple(Emotion)
"""The seven emotions, in the order of `Face.probabilities`."""
UNSURE = "unsure"
"""The label of a face whose emotion is not named; `Face.unsure` says why."""


class UnsureReason(enum.StrEnum):
    """Why a face has no emotion label."""

    CLOSE = "close"  # the two most probable emotions are about equally probable
    SMALL = "small"  # too few pixels between the eyes
    BLURRED = "blurred"  # out of focus or moving too fast
    TURNED = "turned"  # turned or tilted too far from the camera
    HIDDEN = "hidden"  # the eyes or the mouth are covered
    DARK = "dark"  # too little light on the face
    MISPLACED = "misplaced"  # the landmarks do not lie on the face


class Gaze(enum.StrEnum):
    """Where a face looks, coarsely: eyes and head together."""

    CAMERA = "camera"  # where it looks usually, which should be near the camera
    LEFT = "left"  # of the image
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class QualityHint(enum.StrEnum):
    """What makes a face hard to read, and what a person can change about it."""

    DARK = "dark"  # the face is too dark
    BACKLIT = "backlit"  # its surroundings are much brighter than the face
    FAR = "far"  # few pixels between the eyes
    BLURRED = "blurred"  # little detail
    CUT = "cut"  # a part of the face is outside the frame


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """The box of a face in pixels of its frame; it may extend beyond the frame."""

    left: float
    top: float
    width: float
    """Above 0."""
    height: float
    """Above 0."""

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            msg = f"box of {self.width} x {self.height} pixels; expected both sides above 0"
            raise ValueError(msg)

    @property
    def center_xy(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Rotation of a head in degrees; all zero if it faces the camera."""

    yaw_deg: float
    """Positive: towards the right of the image."""
    pitch_deg: float
    """Positive: up."""
    roll_deg: float
    """Positive: clockwise in the image."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in pixels of the frame it was found in."""

    id: int
    """1 or more; a session never uses it for another face."""
    box: BoundingBox
    landmarks_xy: LandmarksXY = field(repr=False, compare=False)
    """Shape (68, 2), pixels of the frame, iBUG 300-W order; `==` compares everything else."""
    probabilities: tuple[float, ...]
    """Seven values 0..1 that sum to 1, in the order of EMOTIONS, smoothed over time."""
    label: str
    """An Emotion, or UNSURE."""
    unsure: UnsureReason | None = None
    """Why the label is UNSURE; None if it is an emotion."""
    trust: float | None = None
    """How probable it is that most people would choose the most probable word here, 0..1; None: not measured."""
    pose: HeadPose | None = None
    """None: no pose fits the landmarks."""
    eye_opening: float = 0.0
    """Eye aspect ratio (Soukupova and Cech 2016), mean of both eyes: about 0.3 open, under 0.2 closed."""
    blinks: int = 0
    """Blinks since the face was first seen."""
    mouth_opening: float = 0.0
    """Height of the inner mouth over its width: 0 closed, above 0.3 open."""
    eyes_closed_s: float = 0.0
    """For how many seconds the eyes have been closed; 0: open, closed for no longer than a blink, or the head is turned
    too far to see them."""
    eye_closures: int = 0
    """How often they were closed for longer than a blink since the face was first seen, with the present time."""
    yawns: int = 0
    """Yawns since the face was first seen."""
    smile: float | None = None
    """By geometry, -1..1: 0 as this face at rest, 1 a broad smile; None: not known yet, turned, or a photograph."""
    brows: float | None = None
    """By geometry, -1..1: 0 as this face at rest, 1 raised, below 0 lowered; None: as for `smile`."""
    gaze: Gaze | None = None
    """None: not known, because the face is turned or small, its eyes are closed or covered, or time is missing."""
    hints: tuple[QualityHint, ...] = ()
    """Damped over about a second; empty for a photograph."""
    score: float | None = None
    """Of the detector when it last found the face, up to a second before: BlazeFace 0.5..1, dlib above 0 (a distance
    from its threshold, rarely above 3); None: not known."""

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(EMOTIONS):
            msg = f"{len(self.probabilities)} probabilities; expected {len(EMOTIONS)}"
            raise ValueError(msg)

    @property
    def by_emotion(self) -> dict[Emotion, float]:
        """Each probability, 0..1, by its emotion: `face.by_emotion["happy"]`."""
        return dict(zip(EMOTIONS, self.probabilities, strict=True))

    @property
    def valence(self) -> float:
        """Unpleasant to pleasant, -1..1, derived from `probabilities` (`valence_and_arousal`)."""
        return valence_and_arousal(self.probabilities)[0]

    @property
    def arousal(self) -> float:
        """Calm to excited, -1..1, derived from `probabilities` (`valence_and_arousal`)."""
        return valence_and_arousal(self.probabilities)[1]

    @property
    def confidence(self) -> float:
        """The highest probability, 0..1."""
        return max(self.probabilities)


@dataclass(frozen=True, slots=True)
class PluginFault:
    """What went wrong in your own analysis in one frame."""

    kind: str
    """The name of the exception, such as ZeroDivisionError; at most 64 characters. The peer gets nothing else."""
    sentence: str
    """Kind and message in one line; at most 300 characters."""
    traceback: str
    """The last five calls; at most 4000 characters."""


@dataclass(frozen=True, slots=True)
class FrameReport:
    """The faces of one frame, and the milliseconds that each stage of the analysis took."""

    faces: tuple[Face, ...]
    detect_ms: float = 0.0
    landmarks_ms: float = 0.0
    emotion_ms: float = 0.0
    degradation: DegradationLevel = DegradationLevel.NONE
    not_followed: int = 0
    """Further faces that the last search has seen; fewer are followed at the level FEWER_FACES."""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    """Values of your own analysis by name (docs/plugins.md)."""
    drawing: tuple[Shape, ...] = ()
    """What your own analysis wants drawn on the frame."""
    extra_fault: PluginFault | None = None
    """Why this frame has no values of your own analysis; None: it has not failed."""
