"""Settings of the analysis and of the video that is sent back."""

from typing import Final, Self

from pydantic import BaseModel, Field, model_validator

from facestream.analysis.options import (
    MAX_FACES_RANGE,
    MIN_FACE_SHARE_RANGE,
    AnalysisOptions,
    DetectorName,
    EmotionModelName,
    LandmarkModelName,
)
from facestream.config.cores import usable_cores

MAX_DEFAULT_PROCESSES = 4
"""A peer needs a fraction of a process, so more than this many by default would only cost memory."""
DEFAULTS = AnalysisOptions()
LEAST_KBPS: Final = 10
START_KBPS: Final = 1000
MIN_KBPS: Final = 150
MAX_KBPS: Final = 2500


class AnalysisSettings(BaseModel):
    """Models, their limits and their cost."""

    analysis_processes: int = Field(
        max(1, min(MAX_DEFAULT_PROCESSES, int(usable_cores()))),
        ge=0,
        le=64,
        description="analysis workers (processes); 0: no analysis, frames are sent back unchanged",
    )
    detector: DetectorName = Field(DEFAULTS.detector, description="face detector")
    landmarks: LandmarkModelName = Field(
        DEFAULTS.landmarks, description="landmark model: dlib's 68 points, or MediaPipe's face mesh (mesh)"
    )
    emotion_model: EmotionModelName = Field(
        DEFAULTS.emotion_model, description="emotion model: our own (emotion), or mini_xception"
    )
    min_face_share: float = Field(
        DEFAULTS.min_face_share,
        ge=MIN_FACE_SHARE_RANGE[0],
        le=MIN_FACE_SHARE_RANGE[1],
        description="side of the smallest face that is searched for, as a share of the frame's height",
    )
    max_faces: int = Field(
        DEFAULTS.max_faces,
        ge=MAX_FACES_RANGE[0],
        le=MAX_FACES_RANGE[1],
        description="faces followed in one stream",
    )
    smoothing_s: float = Field(
        DEFAULTS.smoothing_s, ge=0, le=10, description="time constant of the smoothed probabilities; 0: none"
    )
    steady_landmarks: bool = Field(
        DEFAULTS.steady_landmarks, description="smooth the landmarks of a face at rest (One-Euro filter)"
    )
    budget_ms: float = Field(
        DEFAULTS.budget_ms,
        gt=0,
        description="mean analysis time per frame above which the degradation level rises",
    )
    analyzer: str = Field(
        DEFAULTS.analyzer,
        description="your own analysis as package.module:name (docs/plugins.md); empty: none",
    )

    def analysis_options(self) -> AnalysisOptions:
        """The options of the analysis, from these settings."""
        names = AnalysisOptions.__dataclass_fields__
        return AnalysisOptions(**{name: getattr(self, name) for name in names})


class MediaSettings(BaseModel):
    """Bitrate of the annotated video for one peer."""

    bitrate_start_kbps: int = Field(
        START_KBPS,
        ge=LEAST_KBPS,
        le=100_000,
        description="initial bitrate of the annotated video for one peer",
    )
    bitrate_min_kbps: int = Field(
        MIN_KBPS, ge=LEAST_KBPS, le=100_000, description="lowest bitrate on a bad network"
    )
    bitrate_max_kbps: int = Field(
        MAX_KBPS, ge=LEAST_KBPS, le=100_000, description="highest bitrate on a good network"
    )

    @model_validator(mode="after")
    def _bitrates_in_order(self) -> Self:
        if not self.bitrate_min_kbps <= self.bitrate_start_kbps <= self.bitrate_max_kbps:
            msg = (
                f"bitrates of {self.bitrate_min_kbps}, {self.bitrate_start_kbps} and {self.bitrate_max_kbps} kbps; "
                "expected minimum <= start <= maximum"
            )
            raise ValueError(msg)
        return self
