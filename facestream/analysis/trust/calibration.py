"""One number for how far the emotion of a face can be trusted: the share of such faces whose word is right.

A logistic function of what was measured, fitted with `models/training/trust_calibrate.py`. Pure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import EMOTIONS, UNSURE, HeadPose
from facestream.analysis.options import EmotionModelName
from facestream.analysis.quality import Measures

FEATURES = (
    "one",
    "probability",
    "margin",
    "entropy",
    "eyes_hidden",
    "mouth_hidden",
    "misplaced",
    "small",
    "blurred",
    "dark",
    "turned",
)
"""From `eyes_hidden` on, each is 0 for a face that is large, sharp, in light, frontal and not covered."""
SHARP_FROM = 0.5
"""Detail of the inner face from which on more does not help."""
LARGE_FROM_PX = 16.0
"""Distance between the eyes from which on more does not help."""
CLEAR_FROM = 25.0
"""Contrast from which on more does not help."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights of the features, in the order of FEATURES."""

    weights: tuple[float, ...]


# A weight of 0: beyond what the probabilities say already, it says nothing. Fitted on dlib's landmarks; weights of the
# mesh's own are no better (docs/analysis.md).
_CALIBRATIONS: Mapping[EmotionModelName, Calibration] = {
    "emotion": Calibration((0.726, 0.817, -0.086, -0.740, -0.296, -0.736, 0.0, 0.0, -0.130, -0.058, 0.0)),
    # Fitted on landmarks of whole pixels, without more contrast for dark faces; a later fit is no better.
    "mini_xception": Calibration(
        (-0.193, 1.129, -0.745, 0.497, -0.092, -0.679, -0.011, 0.0, -0.142, -0.657, -0.083)
    ),
}


def calibration_of(emotion_model: EmotionModelName) -> Calibration:
    """The calibration for the probabilities of this model."""
    return _CALIBRATIONS[emotion_model]


def trust_of(
    calibration: Calibration, state: EmotionState, measures: Measures, pose: HeadPose | None
) -> float:
    """How probable it is that most people would choose the word of `state` for the face, 0..1."""
    features = features_of(state, measures, pose)
    score = sum(weight * value for weight, value in zip(calibration.weights, features, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def features_of(state: EmotionState, measures: Measures, pose: HeadPose | None) -> tuple[float, ...]:
    """In the order of FEATURES."""
    probabilities = state.probabilities
    named = EMOTIONS.index(state.label) if state.label != UNSURE else probabilities.index(max(probabilities))
    best = min(0.999, max(0.001, probabilities[named]))
    second = max(value for number, value in enumerate(probabilities) if number != named)
    entropy = -sum(value * math.log(value) for value in probabilities if value > 0) / math.log(len(EMOTIONS))
    turned = math.hypot(pose.yaw_deg / 40, pose.pitch_deg / 32) if pose else 1.5
    return (
        1.0,
        math.log(best / (1 - best)),
        best - second,
        entropy,
        measures.eyes_hidden,
        measures.mouth_hidden,
        measures.misplaced,
        max(0.0, math.log(LARGE_FROM_PX / max(1.0, measures.eyes_px))),
        max(0.0, math.log(SHARP_FROM / max(0.001, measures.sharpness))),
        max(0.0, math.log(CLEAR_FROM / max(0.5, measures.contrast))),
        min(1.5, turned),
    )
