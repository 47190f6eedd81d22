"""The state of one stream between two frames, as values that any worker can continue from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.degradation import NO_DEGRADATION, DegradationState
from facestream.analysis.detection.detector import Hint
from facestream.analysis.detection.hints import Visit
from facestream.analysis.emotion.reader import Look
from facestream.analysis.emotion.steadying import NO_EMOTION_STATE, EmotionState
from facestream.analysis.faces import NEVER_S, LandmarksXY, UnsureReason
from facestream.analysis.gaze import NO_GAZE, GazeState
from facestream.analysis.quality import NO_QUALITY, Quality
from facestream.analysis.tracking.blinks import NO_EYES, Eyes
from facestream.analysis.tracking.changes import Searched
from facestream.analysis.tracking.expression import NO_BROWS, NO_REST, Brows, Rest
from facestream.analysis.tracking.eye_spells import NO_EYE_SPELL, EyeSpell
from facestream.analysis.tracking.lips import NO_LIPS, Lips
from facestream.analysis.tracking.smoothing import Steady
from facestream.analysis.tracking.yawns import NO_MOUTH, Mouth


@dataclass(frozen=True, slots=True)
class Track:
    """One face that is followed from frame to frame."""

    id: int
    landmarks_xy: LandmarksXY
    """As predicted in the last frame in which the face was seen."""
    seen_s: float
    velocity_xy: tuple[float, float] = (0.0, 0.0)
    """Pixels per second of the middle of the landmarks."""
    looked_s: float = NEVER_S
    """When a detector last checked whether this is a face."""
    confirmed_xy: LandmarksXY | None = None
    """The landmarks at the last check that found a face."""
    confirmed_velocity_xy: tuple[float, float] = (0.0, 0.0)
    confirmed_s: float = NEVER_S
    score: float | None = None
    """Of the detector, at the last check or search that found the face."""
    points_off: float | None = None
    """How far the landmarks were from eyes, nose and mouth at the last check (`Check.points_off`)."""
    shows_face: bool = True
    """False: in the last frame, the landmark model saw no face there."""
    failed_looks: int = 0
    """Checks in a row that found no face here."""
    missed_searches: int = 0
    """Of a face that is set aside: whole searches that began since one has found it."""
    steady: Steady | None = None
    emotion_state: EmotionState = NO_EMOTION_STATE
    look: Look = Look.BOTH
    """How the emotion was read last; MIRRORED and PLAIN take turns."""
    detail: float = 0.0
    """`quality.sharpness` of the face whose emotion was read last."""
    eyes: Eyes = NO_EYES
    eye_spell: EyeSpell = NO_EYE_SPELL
    mouth: Mouth = NO_MOUTH
    rest: Rest = NO_REST
    brows: Brows = NO_BROWS
    lips: Lips = NO_LIPS
    gaze: GazeState = NO_GAZE
    unsure: UnsureReason | None = None
    """Why the face had no emotion label in its last frame."""
    unsure_until_s: float = NEVER_S
    """The reason is shown until then, though it may have ended."""
    quality: Quality = NO_QUALITY


@dataclass(frozen=True, slots=True)
class Tracks:
    """The state of one stream between two frames; `Tracks()` is that of a new stream. Its fields are internal."""

    followed: tuple[Track, ...] = ()
    """In the order of their ids."""
    lost: tuple[Track, ...] = ()
    """Not seen for 1.5 s at most; a face that reappears near by gets its id again."""
    aside: tuple[Track, ...] = ()
    """In the frame, but not followed, because only a few faces may be; each keeps its id, in the order of the ids."""
    next_id: int = 1
    steps_due: tuple[int, ...] = ()
    """Steps that the search under way has still to take (`searching.py`)."""
    turn: int = 0
    """The step of the plan that the next search takes in any case."""
    finer_step: int = 0
    """The finer tile with which the round through them goes on."""
    finer_began_s: float = NEVER_S
    """When this round began."""
    searched: Searched | None = None
    """What the searches have seen; None: nothing of this scene yet."""
    hints: tuple[Hint, ...] = ()
    """Places that may be small faces."""
    visits: tuple[Visit, ...] = ()
    """Where hints led the last searches."""
    searched_s: float = NEVER_S
    """When the last search of a change began."""
    compared_s: float = NEVER_S
    """When a frame was last compared with `searched`."""
    stepped_s: float = NEVER_S
    """When the last step of a search was taken."""
    thumbnail: NDArray[np.uint8] | None = None
    """The last frame that was not blank, shape (12, 16): what the next one is compared with (`cuts.py`)."""
    blank_since_s: float | None = None
    """When the frames became blank; None: the last one was not."""
    size_wh: tuple[int, int] = (0, 0)
    degradation: DegradationState = NO_DEGRADATION
