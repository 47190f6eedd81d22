"""Turn a square of the picture upright, so that what knows upright faces only can look at a tilted one. Pure."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import GrayImage

_HALF_DIAGONAL = 0.72
"""Of a square's side, a little more than half the square root of 2: a turned square lies within this reach."""


def deroll_square(
    gray: GrayImage, center_xy: tuple[float, float], side_px: float, tilt_deg: float, size_px: int
) -> tuple[GrayImage, NDArray[np.float64]]:
    """The square of `side_px` that is tilted by `tilt_deg` (positive: clockwise), upright, `size_px` wide.

    The matrix, shape (2, 3), leads from the picture's pixels to those of the square. Edges repeat.
    """
    scale = size_px / side_px
    matrix = np.asarray(cv2.getRotationMatrix2D(center_xy, tilt_deg, scale), np.float64)
    matrix[:, 2] += (size_px - 1) / 2 - np.array(center_xy)
    shrink = int(1 / scale)
    source, from_source = gray, matrix
    if shrink >= 2:
        # Averaged down first: a warp alone would take every n-th pixel, and fine texture would turn to noise.
        left, columns = _blocks(center_xy[0], side_px, gray.shape[1], shrink)
        top, rows = _blocks(center_xy[1], side_px, gray.shape[0], shrink)
        if columns and rows:
            region = gray[top : top + rows * shrink, left : left + columns * shrink]
            source = np.asarray(cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
            # The middle of a block of n pixels lies (n - 1) / 2 past its first.
            origin = np.array([left, top]) + (shrink - 1) / 2
            from_source = np.column_stack([matrix[:, :2] * shrink, matrix[:, :2] @ origin + matrix[:, 2]])
    square = cv2.warpAffine(
        source, from_source, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(square, np.uint8), matrix


def _blocks(center: float, side_px: float, length: int, shrink: int) -> tuple[int, int]:
    """Start and number of the whole blocks that the square may see along one edge of the picture."""
    reach = _HALF_DIAGONAL * side_px + shrink
    start = min(max(0, math.floor(center - reach)), length)
    end = min(max(0, math.ceil(center + reach)), length)
    return start, max(0, end - start) // shrink


def back_from(matrix: NDArray[np.float64], points_xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points of the square, shape (n, 2), in the picture's pixels."""
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return np.asarray(points_xy @ inverse[:, :2].T + inverse[:, 2], np.float32)
