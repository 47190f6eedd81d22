"""What is searched in a picture, with which models, and how dear it may be."""

from typing import Literal

from pydantic import BaseModel, Field

from facestream.config.cores import usable_cores

MOST_WORKERS = 4
"""Limit of the default; a peer needs a fraction of a process."""


class AnalysisSettings(BaseModel):
    """What is searched in a picture, with which models, and how dear it may be."""

    analysis_processes: int = Field(
        max(1, min(MOST_WORKERS, int(usable_cores()))),
        ge=0,
        le=64,
        description="processes that run the models; 0: pictures go back as they came",
    )
    detector: Literal["blazeface", "dlib"] = Field(
        "blazeface", description="what finds faces in the whole picture"
    )
    emotion_model: Literal["emotion", "mini_xception"] = Field(
        "emotion", description="net that reads the emotion: our own (emotion), or mini_xception"
    )
    min_face_share: float = Field(
        0.125,
        ge=0.02,
        le=1,
        description="side of the smallest face that is searched, as a share of the height",
    )
    max_faces: int = Field(8, ge=1, le=64, description="faces followed in one stream")
    smoothing_s: float = Field(0.3, ge=0, le=10, description="time constant of the probabilities; 0: none")
    steady_landmarks: bool = Field(True, description="steady landmarks at rest (One-Euro filter)")
    budget_ms: float = Field(25.0, gt=0, description="analysis time of a frame above which economy starts")
