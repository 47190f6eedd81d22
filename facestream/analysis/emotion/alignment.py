"""Cut one face upright and at a fixed scale out of a gray image, as in the training of our emotion net.

Pure: runs no model. It never decides whether the emotion of a face may be named.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.geometry import eyes_and_mouth_xy

EYE_LINE_Y = 0.34
"""Height of the point between the eyes in the crop, as a share of its side."""
FACE_UNIT = 0.38
"""Length of one face unit (about the distance between the eyes), as a share of the side of the crop."""
EYES_TO_MOUTH_UNITS = 1.08
"""Distance from the point between the eyes to the center of the mouth on a frontal face, in face units."""

_MIN_UNIT_PX = 1.0  # below this, the landmarks have collapsed and have no direction


def alignment_matrix(landmarks_xy: NDArray[np.float32], size_px: int) -> NDArray[np.float64]:
    """Similarity transform, shape (2, 3), from pixels of the image to those of a crop of `size_px` x `size_px`.

    The eyes give the rotation. The scale comes from the larger of eye distance and eyes-to-mouth distance: otherwise a
    head turned aside (eyes close together), up or down (mouth close to the eyes) would fill the crop. Raises
    ValueError for landmarks of another shape, landmarks that are not finite, or an empty crop.
    """
    points = np.asarray(landmarks_xy, dtype=np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"landmarks have shape {points.shape}, expected (68, 2) in iBUG 300-W order")
    if not np.isfinite(points).all():
        raise ValueError("landmarks are not finite, expected pixels; leave out the face")
    if size_px < 1:
        raise ValueError(f"crop size is {size_px} px, expected at least 1")
    left, right, mouth = eyes_and_mouth_xy(landmarks_xy).tolist()
    middle_x, middle_y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    eyes_px = math.dist(left, right)
    unit_px = max(eyes_px, math.dist((middle_x, middle_y), mouth) / EYES_TO_MOUTH_UNITS, _MIN_UNIT_PX)

    scale = FACE_UNIT * size_px / unit_px
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    # Coordinates are those of pixel centers: the center of n pixels is at (n - 1) / 2.
    across = 0.5 * size_px - 0.5 - cos * middle_x - sin * middle_y
    down = EYE_LINE_Y * size_px - 0.5 + sin * middle_x - cos * middle_y
    return np.array([[cos, sin, across], [-sin, cos, down]])


def align_face(gray: NDArray[np.uint8], landmarks_xy: NDArray[np.float32], size_px: int) -> NDArray[np.uint8]:
    """Cut the face, shape (size_px, size_px); what lies outside the image repeats its edge.

    A face larger than the crop is averaged first, so that fine texture does not alias. Raises ValueError.
    """
    if gray.ndim != 2 or gray.size == 0:
        raise ValueError(f"image has shape {gray.shape}, expected a gray image (height, width)")
    matrix = alignment_matrix(landmarks_xy, size_px)
    shrink = int(1.0 / math.hypot(matrix[0, 0], matrix[0, 1]))
    if shrink >= 2:
        gray, matrix = _shrink_around(gray, matrix, size_px, shrink)
    crop = cv2.warpAffine(
        gray, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, dtype=np.uint8)


def _shrink_around(
    gray: NDArray[np.uint8], matrix: NDArray[np.float64], size_px: int, shrink: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average the part of the image that the crop covers over `shrink` x `shrink` blocks; returns it and its matrix."""
    # Plain numbers: numpy takes longer for so few.
    (a, b, across), (c, d, down) = matrix.tolist()
    area, edge = a * d - b * c, float(size_px)
    xs, ys = [], []
    for x, y in ((-1.0, -1.0), (edge, -1.0), (-1.0, edge), (edge, edge)):
        xs.append((d * (x - across) - b * (y - down)) / area)
        ys.append((a * (y - down) - c * (x - across)) / area)
    height, width = gray.shape
    x0, x1 = _span(xs, width, shrink)
    y0, y1 = _span(ys, height, shrink)
    # Whole blocks only, so that the factor is exact; the last odd pixels of the image are left out.
    columns, rows = max(1, (x1 - x0) // shrink), max(1, (y1 - y0) // shrink)
    x1, y1 = min(x1, x0 + columns * shrink), min(y1, y0 + rows * shrink)
    small = cv2.resize(gray[y0:y1, x0:x1], (columns, rows), interpolation=cv2.INTER_AREA)
    wide, high = (x1 - x0) / columns, (y1 - y0) / rows
    # The center of pixel i of the small image is at factor * (i + 0.5) - 0.5 + origin in the large one.
    left, top = x0 + wide / 2 - 0.5, y0 + high / 2 - 0.5
    return np.asarray(small, dtype=np.uint8), np.array(
        [
            [a * wide, b * high, a * left + b * top + across],
            [c * wide, d * high, c * left + d * top + down],
        ]
    )


def _span(places: list[float], length: int, margin: int) -> tuple[int, int]:
    """The pixels from the first to behind the last of these places, with a margin, of a row of `length`."""
    first = min(max(math.floor(min(places)) - margin, 0), length - 1)
    return first, min(max(math.ceil(max(places)) + margin, first + 1), length)
