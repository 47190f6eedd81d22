"""A gray face to draw on, and what every cover is drawn with: textures, shapes, soft edges. Reads no file."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 192
"""Of the images that covers are drawn on: four times those of FER+."""

Image = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A face to draw on."""

    image: Image
    """Shape (SIDE, SIDE), 0..255."""
    points: Points
    """Shape (68, 2), pixels of the image."""
    donor: Image
    """Another face, shape (SIDE, SIDE): its texture is that of hands, cloth and patches."""
    rng: np.random.Generator

    @property
    def unit(self) -> float:
        """Distance between the eyes in pixels, at least 12."""
        return max(12.0, math.dist(self.points[36:42].mean(0), self.points[42:48].mean(0)))

    @property
    def skin(self) -> float:
        """Gray level of the cheeks."""
        x, y = np.clip(self.points[[2, 14, 30, 33]].mean(0), 0, SIDE - 1).astype(int)
        around = self.image[max(0, y - 12) : y + 12, max(0, x - 12) : x + 12]
        return float(np.median(around))

    def spot(self, name: str) -> Points:
        """A place on the face, shape (2,)."""
        parts = {
            "mouth": slice(48, 60), "left_eye": slice(36, 42), "right_eye": slice(42, 48), "eyes": slice(36, 48),
            "nose": slice(29, 36), "left_cheek": slice(2, 5), "right_cheek": slice(12, 15), "chin": slice(7, 10),
        }  # fmt: skip
        return np.asarray(self.points[parts[name]].mean(0), np.float32)

    @property
    def axes(self) -> tuple[Points, Points]:
        """Unit vectors of the face: to the right of the image, and down."""
        across = self.points[42:48].mean(0) - self.points[36:42].mean(0)
        across = across / max(1e-6, float(np.linalg.norm(across)))
        return np.asarray(across, np.float32), np.array([-across[1], across[0]], np.float32)


Covered = tuple[Image, Image]
"""The image, 0..255, and the mask: 1 where the face is covered, 0 where it is not, between them at soft edges."""


def texture(canvas: Canvas, mean: float, contrast: float) -> Image:
    """A piece of the other face, turned and enlarged, brought to this mean; `contrast` multiplies its detail."""
    rng = canvas.rng
    side = int(rng.integers(24, 110))
    x, y = rng.integers(0, SIDE - side, 2)
    piece = cv2.resize(canvas.donor[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    piece = np.rot90(piece, int(rng.integers(4)))
    return np.ascontiguousarray(mean + contrast * (piece - piece.mean()), np.float32)


def skin_texture(canvas: Canvas) -> Image:
    """Skin like that of this face, in a little other light."""
    rng = canvas.rng
    center = canvas.donor[70:120, 60:130]
    piece = cv2.resize(np.rot90(center, int(rng.integers(4))), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    level = canvas.skin * rng.uniform(0.72, 1.25)
    return np.asarray(
        level + rng.uniform(0.1, 0.35) * (piece - piece.mean()) + rng.normal(0, 2, piece.shape), np.float32
    )


def blend(canvas: Canvas, cover: Image, mask: Image, soften: float | None = None) -> Covered:
    """Put the cover over the face with soft edges, a shadow beside them and light that falls across it."""
    rng = canvas.rng
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), soften or rng.uniform(0.6, 2.2)), np.float32)
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE - 0.5
    angle = rng.uniform(0, 2 * math.pi)
    lit = cover * (1 + rng.uniform(0, 0.5) * (xs * math.cos(angle) + ys * math.sin(angle)))
    image = canvas.image
    if rng.random() < 0.6:
        shift = np.array([[1, 0, rng.uniform(-5, 5)], [0, 1, rng.uniform(0, 7)]], np.float32)
        shadow = cv2.GaussianBlur(cv2.warpAffine(mask, shift, (SIDE, SIDE)), (0, 0), rng.uniform(3, 8))
        image = image * (1 - rng.uniform(0.1, 0.5) * shadow)
    return np.clip(image * (1 - soft) + lit * soft, 0, 255).astype(np.float32), soft


def filled(polygon: NDArray[np.floating]) -> Image:
    """The mask of a polygon, shape (n, 2)."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillPoly(mask, [np.round(polygon * 8).astype(np.int32)], 1.0, cv2.LINE_AA, shift=3)
    return mask


def capsule(start: Points, end: Points, radius: float) -> tuple[Image, Image]:
    """Mask of a finger, and how far each pixel is from its middle line, in radii."""
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    line = end - start
    length_2 = max(1e-6, float(line @ line))
    along = np.clip(((xs - start[0]) * line[0] + (ys - start[1]) * line[1]) / length_2, 0, 1)
    # Fingers are thinner at their tips.
    thick = radius * (1 - 0.22 * along)
    apart = np.hypot(xs - start[0] - along * line[0], ys - start[1] - along * line[1]) / thick
    return np.asarray(np.clip((1 - apart) * thick + 0.5, 0, 1), np.float32), np.asarray(apart, np.float32)


def tilted_box(center: Points, angle: float, size: tuple[float, float]) -> tuple[Points, Image]:
    """Corners of a turned rectangle, and where each pixel is across it, -1..1."""
    along = np.array([math.cos(angle), math.sin(angle)], np.float32)
    side = np.array([-along[1], along[0]], np.float32)
    corners = [
        center + along * size[0] * a + side * size[1] * b for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    place = ((xs - center[0]) * side[0] + (ys - center[1]) * side[1]) / size[1]
    return np.asarray(corners, np.float32), np.asarray(place, np.float32)
