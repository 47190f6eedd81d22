"""Cut the region of a search step out of a frame as a detector looks at it: scaled, with enough contrast. Pure."""

import cv2
import numpy as np

from facestream.analysis.contrast import raised_region
from facestream.analysis.detection.detector import SearchStep
from facestream.analysis.faces import GrayImage


def scaled_region(gray: GrayImage, step: SearchStep, size_wh: tuple[int, int]) -> GrayImage:
    """The region, scaled to `size_wh`, contiguous; what lies outside of the frame is black."""
    height, width = gray.shape
    left, top = max(0, step.left), max(0, step.top)
    right, bottom = min(width, step.left + step.width), min(height, step.top + step.height)
    inside = gray[top:bottom, left:right]
    whole = (right - left, bottom - top) == (step.width, step.height)
    across, down = size_wh[0] / step.width, size_wh[1] / step.height
    inside_wh = (
        size_wh if whole else (max(1, int((right - left) * across)), max(1, int((bottom - top) * down)))
    )
    scaled = np.asarray(
        cv2.resize(inside, inside_wh, interpolation=cv2.INTER_AREA if step.scale < 1 else cv2.INTER_LINEAR),
        np.uint8,
    )
    scaled = np.ascontiguousarray(raised_region(scaled))
    if whole:
        return scaled
    bordered = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    x = min(round((left - step.left) * across), size_wh[0] - inside_wh[0])
    y = min(round((top - step.top) * down), size_wh[1] - inside_wh[1])
    bordered[y : y + inside_wh[1], x : x + inside_wh[0]] = scaled
    return bordered
