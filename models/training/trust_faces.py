"""Faces that are clean, covered or met by landmarks that do not lie on them, with how it is; reads no file.

Covers are drawn on the image, and the server's own predictor then finds the landmarks on the covered image, as it
happens in a video. A crop of such a face is what the trust net is trained and judged with.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.following import predict_with_contrast
from facestream.analysis.geometry import eye_distance_px, tilt_deg
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from models.training.trust_canvas import SIDE, Canvas, Image, Points, texture
from models.training.trust_covers import Cover, hidden_shares

UPSCALE = 4
PAD_PX = 24
FAILED_NME = 0.10
"""Landmarks that are further than this from those of the clean face, in distances between the eyes, have failed."""
UNSTABLE_NME = 0.06
"""A face whose landmarks move by more when they are predicted once more has no known landmarks."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One face as the server meets it, and what is wrong with it."""

    image: GrayImage
    """Shape (48, 48)."""
    landmarks_xy: LandmarksXY
    """Shape (68, 2), pixels of the image."""
    hidden_eyes: float
    """Share of the eyes that is covered, 0..1; NaN: not known."""
    hidden_mouth: float
    nme: float
    """Mean distance of the landmarks from those of the clean face, in distances between the eyes."""


class FaceMaker:
    """Makes samples of one face; keeps the predictor and the generator."""

    def __init__(self, predictor: LandmarkPredictor, rng: np.random.Generator) -> None:
        self._predictor = predictor
        self.rng = rng

    def true_landmarks(self, image: GrayImage, landmarks_xy: LandmarksXY) -> tuple[LandmarksXY, float]:
        """The landmarks predicted once more, in pixels of the image, and how far they moved (NME)."""
        large, points = _enlarge(image), _up(landmarks_xy)
        again = self._predict(large, points, 0.0)
        return _down(again), _nme(again, points)

    def clean(self, image: GrayImage, points: LandmarksXY) -> Sample:
        """The face as it is, followed from the frame before."""
        found = self._predict(_enlarge(image), _up(points))
        return Sample(image, _down(found), 0.0, 0.0, _nme(found, _up(points)))

    def covered(self, image: GrayImage, points: LandmarksXY, donor: GrayImage, cover: Cover) -> Sample:
        """The face with this cover."""
        true = _up(points)
        drawn, mask = cover(Canvas(_large(image), true, _large(donor), self.rng))
        eyes, mouth = hidden_shares(true, mask)
        small = _small(drawn)
        found = self._predict(_enlarge(small), true)
        return Sample(small, _down(found), eyes, mouth, _nme(found, true))

    def far_off(self, image: GrayImage, points: LandmarksXY) -> Sample:
        """Landmarks predicted from a box far from the face, of another size or tilt."""
        rng, true = self.rng, _up(points)
        box, tilt = box_of_landmarks(true), tilt_deg(true)
        away, turn = rng.uniform(0.15, 0.7) * box.width, rng.uniform(0, 2 * math.pi)
        side = box.width * math.exp(rng.uniform(math.log(0.5), math.log(1.9)))
        x, y = box.center_xy
        x, y = x + away * math.cos(turn), y + away * math.sin(turn)
        tilt += rng.choice((0.0, 1.0)) * rng.normal(0, 40)
        found = self._predict_in(_enlarge(image), BoundingBox(x - side / 2, y - side / 2, side, side), tilt)
        return _unknown(image, found, _nme(found, true))

    def jittered(self, image: GrayImage, points: LandmarksXY) -> Sample:
        """The landmarks moved, turned and scaled as a whole: a mesh that the face has left."""
        rng, true = self.rng, _up(points)
        unit, middle = eye_distance_px(true), true.mean(0)
        angle, scale = rng.normal(0, 25) * math.pi / 180, math.exp(rng.normal(0, 0.25))
        turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        found = np.asarray((true - middle) @ turn.T + middle + rng.normal(0, 0.3 * unit, 2), np.float32)
        return _unknown(image, found, _nme(found, true))

    def half_on_background(self, image: GrayImage, points: LandmarksXY, donor: GrayImage) -> Sample:
        """A face of which one half is replaced by background, as a frontal mesh on a profile is."""
        rng, true = self.rng, _up(points)
        canvas = Canvas(_large(image), true, _large(donor), rng)
        across, _ = canvas.axes
        side = rng.choice((-1.0, 1.0))
        ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        place = ((xs - true[30, 0]) * across[0] + (ys - true[30, 1]) * across[1]) / canvas.unit * side
        down = np.array([-across[1], across[0]])
        height = ((xs - true[30, 0]) * down[0] + (ys - true[30, 1]) * down[1]) / canvas.unit
        # The outline of a profile: the nose stands out, brow and mouth less.
        edge = rng.uniform(-0.15, 0.15) + 0.22 * np.exp(-((height / 0.16) ** 2)) + 0.08 * np.sin(4 * height)
        mask = np.asarray(1 / (1 + np.exp(-(place - edge) / 0.02)), np.float32)
        back = texture(canvas, float(rng.uniform(5, 250)), float(rng.choice((0.0, 0.3, 1.0))))
        small = _small(canvas.image * (1 - mask) + back * mask)
        found = self._predict(_enlarge(small), true)
        return _unknown(small, found, max(FAILED_NME * 1.5, _nme(found, true)))

    def no_face(self, image: GrayImage, points: LandmarksXY) -> Sample:
        """Landmarks on something that is no face: a piece of an image, enlarged, or a face upside down."""
        rng = self.rng
        if rng.random() < 0.3:
            other = np.ascontiguousarray(np.rot90(image, int(rng.integers(1, 4))))
        else:
            side = int(rng.integers(6, 20))
            x, y = rng.integers(0, 48 - side, 2)
            piece = cv2.resize(image[y : y + side, x : x + side], (48, 48), interpolation=cv2.INTER_CUBIC)
            other = np.asarray(piece, np.uint8)
        found = self._predict(_enlarge(other), _up(points))
        return _unknown(other, found, 1.0)

    def _predict(self, large: GrayImage, points: Points, jitter: float = 0.04) -> Points:
        """Landmarks on the enlarged image, started where they were in the frame before."""
        box, rng = box_of_landmarks(points), self.rng
        side = box.width * math.exp(rng.normal(0, 1) * jitter)
        x, y = np.array(box.center_xy) + rng.normal(0, 1, 2) * jitter * box.width
        return self._predict_in(large, BoundingBox(x - side / 2, y - side / 2, side, side), tilt_deg(points))

    def _predict_in(self, large: GrayImage, box: BoundingBox, tilt: float) -> Points:
        padded = BoundingBox(box.left + PAD_PX, box.top + PAD_PX, box.width, box.height)
        return predict_with_contrast(self._predictor, large, padded, tilt)[0] - np.float32(PAD_PX)


def misplaced_target(nme: NDArray[np.floating]) -> NDArray[np.float32]:
    """What the net shall say about landmarks that are off by this: 0.5 at FAILED_NME, 1 at 0.13."""
    return np.clip((nme - FAILED_NME + 0.03) / 0.06, 0, 1).astype(np.float32)


def hidden_target(share: NDArray[np.floating]) -> NDArray[np.float32]:
    """What the net shall say about a part of which this share is covered: 0 up to 15 %, 1 from 50 % on."""
    return np.clip((share - 0.15) / 0.35, 0, 1).astype(np.float32)


def _unknown(image: GrayImage, found: Points, nme: float) -> Sample:
    # Nobody can say what is covered of a face that the crop does not show; near landmarks still show it.
    hidden = 0.0 if nme < FAILED_NME else math.nan
    return Sample(image, _down(found), hidden, hidden, nme)


def _large(image: GrayImage) -> Image:
    large = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def _small(image: Image) -> GrayImage:
    side = SIDE // UPSCALE
    return np.asarray(
        np.rint(np.clip(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), 0, 255)), np.uint8
    )


def _enlarge(image: GrayImage) -> GrayImage:
    large = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(
        cv2.copyMakeBorder(large, PAD_PX, PAD_PX, PAD_PX, PAD_PX, cv2.BORDER_REPLICATE), np.uint8
    )


def _up(points: LandmarksXY) -> Points:
    return np.asarray((points + 0.5) * UPSCALE - 0.5, np.float32)


def _down(points: Points) -> LandmarksXY:
    return np.asarray((points + 0.5) / UPSCALE - 0.5, np.float32)


def _nme(found: Points, true: Points) -> float:
    return float(np.linalg.norm(found - true, axis=1).mean() / max(1.0, eye_distance_px(true)))
