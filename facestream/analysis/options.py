"""The settings of the analysis as one value that crosses to the analysis processes.

Never reads the environment, a file or the command line: `facestream.config` does.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

# Importing the settings library takes 0.1 s, and no analysis process needs it.
if TYPE_CHECKING:
    from facestream.config import Config

DetectorName = Literal["dlib", "blazeface"]
EmotionModelName = Literal["mini_xception", "emotion"]


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How faces are found, followed and described. Raises ValueError for a value out of range."""

    detector: DetectorName = "blazeface"
    emotion_model: EmotionModelName = "emotion"
    min_face_share: float = 1 / 8
    """Side of the smallest face that is searched for, as a share of the height of the frame, 0.02..1."""
    max_faces: int = 8
    """Most faces that are followed, the largest first, 1..64."""
    smoothing_s: float = 0.3
    """Time constant of the emotion probabilities; 0: each reading is shown as it is."""
    steady_landmarks: bool = True
    """Whether landmarks are filtered over time before they are shown."""
    budget_ms: float = 25.0
    """Analysis time of a frame, averaged over half a second, above which the degradation level rises."""

    def __post_init__(self) -> None:
        if not 0.02 <= self.min_face_share <= 1:
            raise ValueError(f"min_face_share is {self.min_face_share}; expected 0.02..1")
        if not 1 <= self.max_faces <= 64:
            raise ValueError(f"max_faces is {self.max_faces}; expected 1..64")


def options_from(config: "Config") -> AnalysisOptions:
    """The settings of the analysis, taken from the table of all settings."""
    return AnalysisOptions(**{field.name: getattr(config, field.name) for field in fields(AnalysisOptions)})
