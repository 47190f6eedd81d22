"""Steady what is shown, in seconds and not in frames: landmarks, probabilities and the label. Pure."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import EMOTIONS, UNSURE, LandmarksXY
from facestream.analysis.tracking.tracks import EmotionState, Steady

# One-Euro filter (Casiez, Roussel, Vogel 2012): the cutoff rises with the speed, so that rest is calm and motion does
# not lag. Speeds are in faces per second, so that near and far faces behave alike.
REST_CUTOFF_HZ = 1.5
CUTOFF_PER_SPEED = 25.0
SPEED_CUTOFF_HZ = 2.0

SWITCH_MARGIN = 0.08
"""How much more probable another emotion must be before the label changes."""
CLOSE_ENTER, CLOSE_LEAVE = 0.10, 0.18
"""The best two emotions count as equal below the first and as apart again above the second."""


def steady_landmarks(
    previous: Steady | None, landmarks_xy: LandmarksXY, time_s: float, face_px: float
) -> Steady:
    """The next state of the filter; its `points_xy` are the steadied landmarks."""
    if previous is None or not 0 < time_s - previous.time_s < 1.0:
        return Steady(landmarks_xy, np.zeros_like(landmarks_xy), time_s)
    step_s = time_s - previous.time_s
    speed = (landmarks_xy - previous.points_xy) / step_s
    smooth_speed = previous.speed_xy + _share(SPEED_CUTOFF_HZ, step_s) * (speed - previous.speed_xy)
    # All points of a face move with the head; a point's own motion (lids, lips) comes on top.
    faces_per_s = np.linalg.norm(smooth_speed, axis=1, keepdims=True) / max(1.0, face_px)
    cutoff_hz = REST_CUTOFF_HZ + CUTOFF_PER_SPEED * faces_per_s
    share = 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff_hz * step_s))
    points = previous.points_xy + share * (landmarks_xy - previous.points_xy)
    return Steady(points.astype(np.float32), smooth_speed.astype(np.float32), time_s)


def _share(cutoff_hz: float, step_s: float) -> float:
    return 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff_hz * step_s))


def next_emotion_state(
    emotion_state: EmotionState, read: NDArray[np.float32], time_s: float, smoothing_s: float
) -> EmotionState:
    """Mix what was read now into what was there: exponential average in time, label with hysteresis."""
    step_s = time_s - emotion_state.time_s
    if not emotion_state.probabilities or step_s > 2.0 or smoothing_s <= 0:
        mixed = read.astype(np.float64)
    else:
        old = np.array(emotion_state.probabilities)
        mixed = old + (1 - math.exp(-max(0.0, step_s) / smoothing_s)) * (read - old)
    mixed = mixed / max(1e-9, mixed.sum())
    second, first = np.sort(mixed)[-2:]
    close = bool(first - second < (CLOSE_LEAVE if emotion_state.close else CLOSE_ENTER))
    return replace(
        emotion_state,
        probabilities=tuple(float(p) for p in mixed),
        label=_label(emotion_state.label, mixed),
        time_s=time_s,
        close=close,
    )


def _label(label: str, probabilities: NDArray[np.float64]) -> str:
    best = int(probabilities.argmax())
    if label != UNSURE:
        known = EMOTIONS.index(label)
        if probabilities[best] - probabilities[known] < SWITCH_MARGIN:
            return label
    return str(EMOTIONS[best])
