"""Measure what makes a face hard to read: light, size, detail, the frame's edge, covers, landmarks that lie elsewhere.

The measures are averaged over time, so that neither a hint nor a reason flickers. Never chooses a label:
`emotion/label.py` does. Keeps no state and needs no clock.
"""

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis import geometry
from facestream.analysis.contrast import mean_and_deviation
from facestream.analysis.faces import NEVER_S, BoundingBox, GrayImage, LandmarksXY, QualityHint
from facestream.analysis.trust.reader import VisibilityReader

# Each limit with the value at which its hint ends. docs/analysis.md says how they were measured.
DARK_LUMA = 40.0, 44.0
"""Mean luma of the inner face, 16..235: far below any skin in light that is enough."""
BACKLIT_DIFFERENCE = 80.0, 65.0
"""How much brighter the surroundings are, in luma."""
BACKLIT_LUMA = 110.0, 120.0
"""A brighter face is not backlit, however bright its surroundings are."""
FAR_EYE_DISTANCE_PX = 20.0, 22.0
BLURRED_SHARPNESS = 0.10, 0.12
CUT_SHARE = 0.12, 0.08
"""Of the area of the face's box, outside the frame."""
SURROUNDINGS = 2.2
"""Width of the surroundings, in widths of the inner face."""
SHARPNESS_PX = 40
EVERY_PIXEL = 4  # a mean of every fourth pixel of every fourth row is as good
MEASURE_EVERY_S = 0.2
SMOOTHING_S = 0.7
VISIBILITY_SMOOTHING_S = 0.35
"""Of what the trust net says: half a second after a hand covers the mouth, it is known."""
SETTLED_AFTER_S = 1.0
"""No hints before: a camera that has just opened adjusts its exposure and focus."""
FORGET_AFTER_S = 2.0


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one face, averaged over time."""

    luma: float
    """Mean of the inner face, 16..235."""
    around: float
    """Mean luma of its surroundings."""
    eyes_px: float
    """Distance between the eyes."""
    sharpness: float
    contrast: float
    """Standard deviation of the luma of the inner face: little in the dark, whatever the level of black is."""
    outside: float
    """Share of the face's box outside the frame, 0..1."""
    eyes_hidden: float
    """How sure the trust net is that the eyes are covered, 0..1."""
    mouth_hidden: float
    misplaced: float
    """How sure it is that the landmarks do not lie on the face, 0..1."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one face can be read, up to its last frame."""

    measures: Measures | None
    """None: nothing measured yet."""
    began_s: float
    measured_s: float
    hints: tuple[QualityHint, ...] = ()


NO_QUALITY = Quality(None, NEVER_S, NEVER_S)
# The last three measures come from the trust net.
_SMOOTHING_S: NDArray[np.float64] = np.array([SMOOTHING_S] * 6 + [VISIBILITY_SMOOTHING_S] * 3)


def next_quality(
    quality: Quality,
    gray: GrayImage,
    box: BoundingBox,
    landmarks_xy: LandmarksXY,
    time_s: float,
    visibility: VisibilityReader,
) -> Quality:
    """The quality after the frame at `time_s`; measures five times a second.

    A measurement takes 0.1 ms for a face of 180 px and 0.25 ms for one of 400 px, and the trust net as much again.
    """
    step_s = time_s - quality.measured_s
    if quality.measures and 0 <= step_s < MEASURE_EVERY_S:
        return quality
    read = _measure(gray, box, landmarks_xy, visibility)
    if not quality.measures or not 0 <= step_s <= FORGET_AFTER_S:
        return Quality(Measures(*read.tolist()), time_s, time_s)
    old = np.array(astuple(quality.measures))
    mixed = old + (1 - np.exp(-step_s / _SMOOTHING_S)) * (read - old)
    measures = Measures(*mixed.tolist())
    settled = time_s - quality.began_s >= SETTLED_AFTER_S
    return Quality(measures, quality.began_s, time_s, _hints(measures, quality.hints) if settled else ())


def inner_face(gray: GrayImage, box: BoundingBox, wider: float = 1.0) -> GrayImage:
    """A view of the pixels from forehead to chin, without hair and background; empty for a face beyond the frame.

    With `wider`, a region of that many times the width and height.
    """
    x, y = box.center_xy
    left, right = round(x - 0.44 * wider * box.width), round(x + 0.44 * wider * box.width)
    top, bottom = round(y - 0.49 * wider * box.height), round(y + 0.39 * wider * box.height)
    return gray[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]


def sharpness(gray: GrayImage, box: BoundingBox) -> float:
    """Variance of the Laplacian over the variance of the gray levels, in the inner face scaled to 40 x 40 pixels.

    The value is 0 for a flat or blurred face and does not depend on its size or contrast.
    """
    return sharpness_and_contrast(gray, box)[0]


def sharpness_and_contrast(gray: GrayImage, box: BoundingBox) -> tuple[float, float]:
    """`sharpness`, and the standard deviation of the gray levels of the same pixels."""
    inner = inner_face(gray, box)
    if inner.size == 0:
        return 0.0, 0.0
    shrinks = box.width > SHARPNESS_PX
    face = cv2.resize(
        inner, (SHARPNESS_PX, SHARPNESS_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    detail = np.asarray(cv2.Laplacian(face, cv2.CV_32F), np.float32)
    _, contrast = mean_and_deviation(np.asarray(face, np.uint8))
    return mean_and_deviation(detail)[1] ** 2 / (contrast**2 + 25.0), contrast


def _measure(
    gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY, visibility: VisibilityReader
) -> NDArray[np.float64]:
    """In the order of `Measures`."""
    inner = inner_face(gray, box)[::EVERY_PIXEL, ::EVERY_PIXEL]
    wide = inner_face(gray, box, SURROUNDINGS)[::EVERY_PIXEL, ::EVERY_PIXEL]
    luma = float(inner.mean()) if inner.size else 0.0
    around_px = wide.size - inner.size
    around = (float(wide.sum()) - float(inner.sum())) / around_px if around_px > 0 else luma
    eyes_px = geometry.eye_distance_px(landmarks_xy)
    detail, contrast = sharpness_and_contrast(gray, box)
    outside = _share_outside(gray, box)
    return np.array((luma, around, eyes_px, detail, contrast, outside, *visibility.read(gray, landmarks_xy)))


def _share_outside(gray: GrayImage, box: BoundingBox) -> float:
    height, width = float(gray.shape[0]), float(gray.shape[1])
    inside_w = min(box.left + box.width, width) - max(box.left, 0)
    inside_h = min(box.top + box.height, height) - max(box.top, 0)
    return 1 - max(inside_w, 0) * max(inside_h, 0) / (box.width * box.height)


def _hints(measures: Measures, previous: tuple[QualityHint, ...]) -> tuple[QualityHint, ...]:
    luma, around = measures.luma, measures.around

    def limit(hint: QualityHint, begins_and_ends: tuple[float, float]) -> float:
        return begins_and_ends[hint in previous]

    found = {
        QualityHint.DARK: luma < limit(QualityHint.DARK, DARK_LUMA),
        QualityHint.BACKLIT: around - luma > limit(QualityHint.BACKLIT, BACKLIT_DIFFERENCE)
        and luma < limit(QualityHint.BACKLIT, BACKLIT_LUMA),
        QualityHint.FAR: measures.eyes_px < limit(QualityHint.FAR, FAR_EYE_DISTANCE_PX),
        QualityHint.BLURRED: measures.sharpness < limit(QualityHint.BLURRED, BLURRED_SHARPNESS),
        QualityHint.CUT: measures.outside > limit(QualityHint.CUT, CUT_SHARE),
    }
    return tuple(hint for hint, holds in found.items() if holds)
