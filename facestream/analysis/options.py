"""The settings of the analysis as one value; nothing here reads the environment."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

if (
    TYPE_CHECKING
):  # the settings library takes a tenth of a second, which each analysis process would wait for
    from facestream.config import Config

DetectorName = Literal["dlib", "blazeface"]
EmotionModelName = Literal["mini_xception", "emotion"]


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How faces are found, followed and judged; crosses to the analysis processes."""

    detector: DetectorName = "blazeface"
    emotion_model: EmotionModelName = "emotion"
    min_face_share: float = 1 / 8
    """Side of the smallest face that matters, as a share of the picture's height."""
    max_faces: int = 8
    smoothing_s: float = 0.3
    """Time constant of the probabilities; 0 shows each frame's own."""
    steady_landmarks: bool = True
    budget_ms: float = 25.0
    """Analysis time a frame may take on average before degradation starts."""

    def __post_init__(self) -> None:
        if not 0.02 <= self.min_face_share <= 1:
            raise ValueError(f"min_face_share is {self.min_face_share}; expected 0.02..1")
        if not 1 <= self.max_faces <= 64:
            raise ValueError(f"max_faces is {self.max_faces}; expected 1..64")


def options_from(config: "Config") -> AnalysisOptions:
    """The settings of the analysis out of the table of all settings."""
    return AnalysisOptions(**{field.name: getattr(config, field.name) for field in fields(AnalysisOptions)})
