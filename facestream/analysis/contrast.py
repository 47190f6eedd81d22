"""Raise the contrast of a dark or pale face or region before a model looks at it. Pure: needs no model.

A region of enough contrast is returned as it is, not copied. The emotion net gets the frame's own pixels: it scales its
input itself.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import BoundingBox, GrayImage

FACE_RAISED_BELOW, FACE_FULLY_BELOW = 24.0, 14.0
"""Standard deviation of the gray levels of a face, below which its contrast is raised, in part and fully. 97 % of the
faces of FER+ valid have more than 24; between the limits the gain changes gradually, so landmarks do not jump."""
REGION_RAISED_BELOW, REGION_FULLY_BELOW = 4.0, 2.5
"""The same for a region that a detector searches. With 9 and 6 the detector saw a face in a cloud."""
TARGET = 50.0
"""Standard deviation after raising it fully."""
MIDDLE = 115.0
"""Mean gray level after raising it."""
MARGIN_SIDES = 1.0
"""How much around the box of a face is raised with it, in sides of the box: more than predictors and detectors see."""
SMOOTHED_FROM_PX = 40
"""Width of the box from which a raised face is smoothed: raising the contrast raises the noise of the camera, too."""
SAMPLES = 32
"""A face is judged by this many pixels across and down."""
_LEAST_DEVIATION = 0.5
_LEVELS: NDArray[np.float64] = np.arange(256, dtype=np.float64)


def raised_region(region: GrayImage) -> GrayImage:
    """The region for a detector: with more contrast if it has nearly none."""
    mean, deviation = mean_and_deviation(region)
    gain = _gain(deviation, REGION_RAISED_BELOW, REGION_FULLY_BELOW)
    return region if gain == 1 else _raised(region, mean, gain)


def raised_face(gray: GrayImage, box: BoundingBox) -> tuple[GrayImage, tuple[int, int]]:
    """An image of the face in `box` with enough contrast for landmarks, and where its first pixel is in `gray`.

    It is `gray` itself, at (0, 0), unless the face is dark or pale.
    """
    step = max(1, int(box.width) // SAMPLES)
    left, top, right, bottom = _part(gray, box, 0.0)
    seen = gray[top:bottom:step, left:right:step]
    if not seen.size:
        return gray, (0, 0)
    mean, deviation = mean_and_deviation(seen)
    gain = _gain(deviation, FACE_RAISED_BELOW, FACE_FULLY_BELOW)
    if gain == 1:
        return gray, (0, 0)
    left, top, right, bottom = _part(gray, box, MARGIN_SIDES)
    raised = _raised(gray[top:bottom, left:right], mean, gain)
    if box.width >= SMOOTHED_FROM_PX:
        raised = np.asarray(cv2.GaussianBlur(raised, (5, 5), 0), np.uint8)
    return raised, (left, top)


def mean_and_deviation(gray: GrayImage | NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation of all pixels; for a small image in a tenth of the time that numpy takes."""
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(gray))
    return float(mean[0, 0]), float(deviation[0, 0])


def _gain(deviation: float, raised_below: float, fully_below: float) -> float:
    if deviation >= raised_below:
        return 1.0
    share = min(1.0, (raised_below - deviation) / (raised_below - fully_below))
    return 1.0 + share * (TARGET / max(deviation, _LEAST_DEVIATION) - 1.0)


def _raised(region: GrayImage, mean: float, gain: float) -> GrayImage:
    levels = np.clip((_LEVELS - mean) * gain + MIDDLE, 0, 255)
    return np.asarray(cv2.LUT(region, levels.astype(np.uint8)), np.uint8)


def _part(gray: GrayImage, box: BoundingBox, margin: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the box with a margin of so many sides, within the image."""
    height, width = gray.shape
    across, down = margin * box.width, margin * box.height
    return (
        max(0, int(box.left - across)),
        max(0, int(box.top - down)),
        min(width, max(0, int(box.left + box.width + across))),
        min(height, max(0, int(box.top + box.height + down))),
    )
