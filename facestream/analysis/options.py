"""The options of the analysis as one value, with their defaults and ranges; reads no settings."""

from dataclasses import dataclass
from typing import Literal, get_args

DetectorName = Literal["dlib", "blazeface"]
LandmarkModelName = Literal["dlib", "mesh"]
EmotionModelName = Literal["mini_xception", "emotion"]
CHOICES = {"detector": DetectorName, "landmarks": LandmarkModelName, "emotion_model": EmotionModelName}
"""The options that name a model, and the names that each may have."""
MIN_FACE_SHARE_RANGE = 0.02, 1.0
MAX_FACES_RANGE = 1, 64


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How faces are found, followed and described; raises ValueError for a value out of range."""

    detector: DetectorName = "blazeface"
    landmarks: LandmarkModelName = "dlib"
    emotion_model: EmotionModelName = "emotion"
    min_face_share: float = 1 / 8
    """Side of the smallest face that is searched for, as a share of the frame's height: 0.02..1."""
    max_faces: int = 8
    """Faces followed in one stream: 1..64."""
    smoothing_s: float = 0.3
    """Time constant of the smoothed probabilities in seconds; 0: each frame's own probabilities."""
    steady_landmarks: bool = True
    """Smooth the landmarks of a face at rest (One-Euro filter)."""
    budget_ms: float = 25.0
    """Mean analysis time per frame, in milliseconds, above which the degradation level rises."""
    analyzer: str = ""
    """Your own analysis as package.module:name (docs/plugins.md); empty: none."""

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if (chosen := getattr(self, name)) not in get_args(known):
                raise ValueError(f"{name} is {chosen!r}; expected {' or '.join(get_args(known))}")
        if not self.smoothing_s >= 0:
            raise ValueError(f"smoothing_s is {self.smoothing_s}; expected 0 or more seconds")
        if not self.budget_ms > 0:
            raise ValueError(f"budget_ms is {self.budget_ms}; expected milliseconds above 0")
        for name, (low, high) in (("min_face_share", MIN_FACE_SHARE_RANGE), ("max_faces", MAX_FACES_RANGE)):
            if not low <= (value := getattr(self, name)) <= high:
                raise ValueError(f"{name} is {value}; expected {low}..{high}")
