"""Cut a tilted square upright out of a gray image, for models that know upright faces only. Pure."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import GrayImage

_HALF_DIAGONAL = 0.72
"""Half the diagonal of a square over its side, rounded up: a turned square lies within this reach of its center."""


def deroll_square(
    gray: GrayImage,
    center_xy: tuple[float, float],
    side_px: float,
    tilt_deg: float,
    size_px: int,
    beyond: int = cv2.BORDER_REPLICATE,
) -> tuple[GrayImage, NDArray[np.float64]]:
    """The square of `side_px` around a point, derolled by `tilt_deg` (positive: clockwise) and scaled to `size_px`.

    Returns the square, shape (size_px, size_px), and the matrix, shape (2, 3), from pixels of the image to those of
    the square. `beyond` is OpenCV's word for what lies outside the image: its edge repeated, or BORDER_CONSTANT, black.
    """
    scale = size_px / side_px
    matrix = np.asarray(cv2.getRotationMatrix2D(center_xy, tilt_deg, scale), np.float64)
    matrix[:, 2] += (size_px - 1) / 2 - np.array(center_xy)
    shrink = int(1 / scale)
    source, from_source = gray, matrix
    if shrink >= 2:
        # Average blocks first: a warp alone takes every n-th pixel, which turns fine texture into noise.
        left, columns = _blocks(center_xy[0], side_px, gray.shape[1], shrink)
        top, rows = _blocks(center_xy[1], side_px, gray.shape[0], shrink)
        if columns and rows:
            region = gray[top : top + rows * shrink, left : left + columns * shrink]
            source = np.asarray(cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
            # The center of a block of n pixels is (n - 1) / 2 after its first pixel.
            origin = np.array([left, top]) + (shrink - 1) / 2
            from_source = np.column_stack([matrix[:, :2] * shrink, matrix[:, :2] @ origin + matrix[:, 2]])
    square = cv2.warpAffine(
        source, from_source, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=beyond
    )
    return np.asarray(square, np.uint8), matrix


def _blocks(center: float, side_px: float, length: int, shrink: int) -> tuple[int, int]:
    """Start and number of the whole blocks that the square may cover along one axis of the image."""
    reach = _HALF_DIAGONAL * side_px + shrink
    start = min(max(0, math.floor(center - reach)), length)
    end = min(max(0, math.ceil(center + reach)), length)
    return start, max(0, end - start) // shrink


def back_from(matrix: NDArray[np.float64], points_xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points of the square, shape (n, 2), in pixels of the image that `matrix` was made for."""
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return np.asarray(points_xy @ inverse[:, :2].T + inverse[:, 2], np.float32)
