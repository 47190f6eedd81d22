"""The state of one stream between two frames, as values that cross to whichever process takes the next frame."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import UNSURE, DegradationLevel, LandmarksXY, UnsureReason

NEVER_S = -1e9


@dataclass(frozen=True, slots=True)
class Steady:
    """State of the One-Euro filter of one face's landmarks."""

    points_xy: LandmarksXY
    speed_xy: LandmarksXY
    """Shape (68, 2), pixels per second, low-passed."""
    time_s: float


@dataclass(frozen=True, slots=True)
class EmotionState:
    """What is remembered of one face's emotion."""

    probabilities: tuple[float, ...]
    label: str
    time_s: float
    close: bool = False
    """True while the best two emotions are about equal."""


NO_EMOTION_STATE = EmotionState((), UNSURE, NEVER_S)


@dataclass(frozen=True, slots=True)
class Eyes:
    """What is remembered of one face's eyes."""

    usual_opening: float
    """Eye aspect ratio while open; 0: not seen yet."""
    closed_since_s: float | None
    """None: they are open."""
    blinks: int
    time_s: float


NO_EYES = Eyes(0.0, None, 0, NEVER_S)


@dataclass(frozen=True, slots=True)
class Track:
    """One face followed from frame to frame."""

    id: int
    landmarks_xy: LandmarksXY
    """As the predictor gave them in the last frame the face was seen in."""
    seen_s: float
    velocity_xy: tuple[float, float] = (0.0, 0.0)
    """Pixels per second of the landmarks' middle."""
    looked_s: float = NEVER_S
    """When a detector last looked whether this is a face."""
    confirmed_xy: LandmarksXY | None = None
    """Where the landmarks were when it last agreed."""
    confirmed_velocity_xy: tuple[float, float] = (0.0, 0.0)
    confirmed_s: float = NEVER_S
    failed_looks: int = 0
    """Detector looks in a row that found no face here."""
    steady: Steady | None = None
    emotion_state: EmotionState = NO_EMOTION_STATE
    eyes: Eyes = NO_EYES
    unsure: UnsureReason | None = None
    """Why the face was shown without an emotion in its last frame."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """The state of one stream between two frames; `Tracks()` is that of a new stream. Its fields are internal."""

    followed: tuple[Track, ...] = ()
    lost: tuple[Track, ...] = ()
    """Not seen for less than a second or so; one that comes back near its place gets its id back."""
    next_id: int = 1
    search_step: int = 0
    """Next step of the search plan; 0 starts a round."""
    searched_s: float = NEVER_S
    """When the last round began."""
    stepped_s: float = NEVER_S
    """When the last step was taken."""
    thumbnail: NDArray[np.uint8] | None = None
    """The last frame, very small, to notice a cut."""
    size_wh: tuple[int, int] = (0, 0)
    frame: int = 0
    cost_ms: float = 0.0
    """Analysis time of a frame, averaged over about half a second."""
    degradation: DegradationLevel = DegradationLevel.NONE
    degradation_since_s: float = field(default=NEVER_S)
