"""Steady the landmarks of one face over time, measured in seconds and not in frames. Pure."""

import math
from dataclasses import dataclass

import numpy as np

from facestream.analysis.faces import LandmarksXY

# One-Euro filter (Casiez, Roussel, Vogel 2012): the cutoff rises with the speed, so a face at rest does not jitter and
# a moving face does not lag. Speeds are in face widths per second, so that near and far faces behave alike.
REST_CUTOFF_HZ = 1.5
CUTOFF_PER_SPEED = 25.0
SPEED_CUTOFF_HZ = 2.0
RESTART_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Steady:
    """State of the filter for the landmarks of one face."""

    points_xy: LandmarksXY
    """The steadied landmarks."""
    speed_xy: LandmarksXY
    """Shape (68, 2), pixels per second, low-pass filtered."""
    time_s: float


def steady_landmarks(
    previous: Steady | None, landmarks_xy: LandmarksXY, time_s: float, face_px: float
) -> Steady:
    """The next state of the filter; `face_px` is the width of the face. It starts anew after a gap of a second."""
    if previous is None or not 0 < time_s - previous.time_s < RESTART_AFTER_S:
        return Steady(landmarks_xy, np.zeros_like(landmarks_xy), time_s)
    step_s = time_s - previous.time_s
    # The weight of the new value in a first-order low-pass filter is a / (1 + a), with a = 2 pi * cutoff * step.
    per_hz = 2 * math.pi * step_s
    way = landmarks_xy - previous.points_xy
    newest = SPEED_CUTOFF_HZ * per_hz / (1 + SPEED_CUTOFF_HZ * per_hz)
    speed = previous.speed_xy * np.float32(1 - newest) + way * np.float32(newest / step_s)
    # Each point has its own cutoff: lids and lips move while the head rests.
    share = np.hypot(speed[:, :1], speed[:, 1:])
    share *= np.float32(per_hz * CUTOFF_PER_SPEED / max(1.0, face_px))
    share += np.float32(per_hz * REST_CUTOFF_HZ)
    share /= 1 + share
    way *= share
    way += previous.points_xy
    return Steady(way, speed, time_s)
