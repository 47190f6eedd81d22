"""Notice what makes a face hard to read: dark, backlit, far, blurred, cut by the frame's edge. Never changes a label.

The measures are averaged over about a second, so that a hint does not flicker. Pure: needs no model and no clock.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facestream.analysis import geometry
from facestream.analysis.emotion.label import inner_face, sharpness
from facestream.analysis.faces import NEVER_S, BoundingBox, GrayImage, LandmarksXY, QualityHint

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
EVERY_PIXEL = 4  # a mean of every fourth pixel of every fourth row is as good
MEASURE_EVERY_S = 0.2
SMOOTHING_S = 0.7
SETTLED_AFTER_S = 1.0
"""No hints before: a camera that has just opened adjusts its exposure and focus."""
FORGET_AFTER_S = 2.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one face can be read, up to its last frame."""

    measures: tuple[float, ...]
    """Luma of the face, luma of its surroundings, eye distance in pixels, sharpness, share outside the frame.

    Empty: nothing measured yet.
    """
    began_s: float
    measured_s: float
    hints: tuple[QualityHint, ...] = ()


NO_QUALITY = Quality((), NEVER_S, NEVER_S)


def next_quality(
    quality: Quality, gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY, time_s: float
) -> Quality:
    """The quality after the frame at `time_s`; measures five times a second.

    A measurement takes 0.1 ms for a face of 180 px and 0.25 ms for one of 400 px.
    """
    step_s = time_s - quality.measured_s
    if quality.measures and 0 <= step_s < MEASURE_EVERY_S:
        return quality
    read = _measure(gray, box, landmarks_xy)
    if not quality.measures or not 0 <= step_s <= FORGET_AFTER_S:
        return Quality(tuple(read), time_s, time_s)
    old = np.array(quality.measures)
    mixed = old + (1 - math.exp(-step_s / SMOOTHING_S)) * (read - old)
    measures = tuple(float(value) for value in mixed)
    settled = time_s - quality.began_s >= SETTLED_AFTER_S
    return Quality(measures, quality.began_s, time_s, _hints(measures, quality.hints) if settled else ())


def _measure(gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY) -> NDArray[np.float64]:
    inner = inner_face(gray, box)[::EVERY_PIXEL, ::EVERY_PIXEL]
    wide = inner_face(gray, box, SURROUNDINGS)[::EVERY_PIXEL, ::EVERY_PIXEL]
    luma = float(inner.mean()) if inner.size else 0.0
    around_px = wide.size - inner.size
    around = (float(wide.sum()) - float(inner.sum())) / around_px if around_px > 0 else luma
    eyes_px = geometry.eye_distance_px(landmarks_xy)
    return np.array((luma, around, eyes_px, sharpness(gray, box), _share_outside(gray, box)))


def _share_outside(gray: GrayImage, box: BoundingBox) -> float:
    height, width = float(gray.shape[0]), float(gray.shape[1])
    inside_w = min(box.left + box.width, width) - max(box.left, 0)
    inside_h = min(box.top + box.height, height) - max(box.top, 0)
    return 1 - max(inside_w, 0) * max(inside_h, 0) / (box.width * box.height)


def _hints(measures: tuple[float, ...], previous: tuple[QualityHint, ...]) -> tuple[QualityHint, ...]:
    luma, around, eyes_px, sharp, outside = measures

    def limit(hint: QualityHint, begins_and_ends: tuple[float, float]) -> float:
        return begins_and_ends[hint in previous]

    found = {
        QualityHint.DARK: luma < limit(QualityHint.DARK, DARK_LUMA),
        QualityHint.BACKLIT: around - luma > limit(QualityHint.BACKLIT, BACKLIT_DIFFERENCE)
        and luma < limit(QualityHint.BACKLIT, BACKLIT_LUMA),
        QualityHint.FAR: eyes_px < limit(QualityHint.FAR, FAR_EYE_DISTANCE_PX),
        QualityHint.BLURRED: sharp < limit(QualityHint.BLURRED, BLURRED_SHARPNESS),
        QualityHint.CUT: outside > limit(QualityHint.CUT, CUT_SHARE),
    }
    return tuple(hint for hint, holds in found.items() if holds)
