"""Read the emotion of one face with a TFLite net, from the same crop that the net was trained with.

Never smooths and never chooses a label: `label.py` does.
"""

import enum
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.derolling import deroll_square
from facestream.analysis.emotion.alignment import align_face
from facestream.analysis.faces import EMOTIONS, BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.interpreter import Interpreter
from facestream.analysis.landmarks import DEROLL_FROM_DEG

MINI_XCEPTION_PX = 64
WIDEN_SHARE = 0.2
UP_SHARE = 0.1


class Look(enum.StrEnum):
    """How a face is read: a net says something else of the mirrored face, and the mean is right more often."""

    PLAIN = "plain"
    MIRRORED = "mirrored"
    BOTH = "both"  # the mean of the two; takes twice the time


class EmotionReader(Protocol):
    """Reads the emotion of one face."""

    def read(
        self, gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY, look: Look = Look.PLAIN
    ) -> NDArray[np.float32]:
        """Seven probabilities, shape (7,), each 0..1, that sum to 1, in the order of EMOTIONS."""


class MiniXception:
    """mini-XCEPTION (Arriaga et al. 2017) on the widened box of a face; input 64x64 in -1..1."""

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, MINI_XCEPTION_PX, MINI_XCEPTION_PX, 1), (1, len(EMOTIONS)))

    def read(
        self, gray: GrayImage, box: BoundingBox, landmarks_xy: LandmarksXY, look: Look = Look.PLAIN
    ) -> NDArray[np.float32]:
        tilt = tilt_deg(landmarks_xy)
        if abs(tilt) < DEROLL_FROM_DEG:
            crop = crop_square(gray, box, MINI_XCEPTION_PX)
        else:
            crop = crop_tilted(gray, box, tilt, MINI_XCEPTION_PX)
        return _looked(self._net.run, (crop.astype(np.float32) / 255.0 - 0.5) * 2.0, look)


class OwnEmotionNet:
    """Our own net on an aligned face; input 48x48 in 0..255. Its graph contains the scaling and the softmax."""

    SIZE_PX = 48

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, self.SIZE_PX, self.SIZE_PX, 1), (1, len(EMOTIONS)))

    def read(
        self,
        gray: GrayImage,
        box: BoundingBox,  # noqa: ARG002 - the landmarks are enough
        landmarks_xy: LandmarksXY,
        look: Look = Look.PLAIN,
    ) -> NDArray[np.float32]:
        return _looked(self._net.run, align_face(gray, landmarks_xy, self.SIZE_PX).astype(np.float32), look)


def _looked(
    run: Callable[[NDArray[np.float32]], list[NDArray[np.float32]]], crop: NDArray[np.float32], look: Look
) -> NDArray[np.float32]:
    if look == Look.PLAIN:
        return run(crop)[0]
    mirrored = run(np.ascontiguousarray(crop[:, ::-1]))[0]
    return mirrored if look == Look.MIRRORED else np.mean([run(crop)[0], mirrored], axis=0, dtype=np.float32)


def crop_tilted(gray: GrayImage, box: BoundingBox, tilt_deg: float, size_px: int) -> GrayImage:
    """The crop of `crop_square` around a tilted face, derolled by `tilt_deg` (positive: clockwise)."""
    side, tilt = max(box.width, box.height), math.radians(tilt_deg)
    x, y = box.center_xy
    center_xy = x + UP_SHARE * side * math.sin(tilt), y - UP_SHARE * side * math.cos(tilt)
    return deroll_square(gray, center_xy, side * (1 + 2 * WIDEN_SHARE), tilt_deg, size_px)[0]


def crop_square(gray: GrayImage, box: BoundingBox, size_px: int) -> GrayImage:
    """The box, widened by 0.2 of its side at each edge and moved up by 0.1, as a square of shape (size_px, size_px).

    What lies outside the image repeats its edge; one face in eight extends beyond it.
    """
    side = max(box.width, box.height)
    x, y = box.center_xy
    y -= UP_SHARE * side
    side *= 1 + 2 * WIDEN_SHARE
    left, top, span = round(x - side / 2), round(y - side / 2), max(1, round(side))
    height, width = gray.shape
    inside = gray[max(0, top) : max(0, top + span), max(0, left) : max(0, left + span)]
    if inside.size == 0:
        return np.zeros((size_px, size_px), np.uint8)
    if inside.shape != (span, span):  # most faces lie inside and need no copy
        top_px, bottom_px = max(0, -top), max(0, top + span - height)
        left_px, right_px = max(0, -left), max(0, left + span - width)
        padded = cv2.copyMakeBorder(inside, top_px, bottom_px, left_px, right_px, cv2.BORDER_REPLICATE)
        inside = np.asarray(padded, np.uint8)
    shrinks = span > size_px
    resized = cv2.resize(
        inside, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(resized, np.uint8)
