"""A drawn face, always the same, on which the models are tried at start; no photograph of anybody is shipped."""

import cv2
import numpy as np

from facestream.analysis.faces import BoundingBox, GrayImage

SIZE_PX = 160


def self_test_image() -> tuple[GrayImage, BoundingBox]:
    """A gray picture (160, 160) and the box of its face."""
    picture = np.full((SIZE_PX, SIZE_PX), 90, np.uint8)
    cv2.ellipse(picture, (80, 82), (46, 60), 0, 0, 360, 190, cv2.FILLED, cv2.LINE_AA)
    for x in (62, 98):
        cv2.ellipse(picture, (x, 72), (10, 5), 0, 0, 360, 240, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, 72), 4, 40, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 60), (13, 4), 0, 180, 360, 70, 3, cv2.LINE_AA)
    cv2.line(picture, (80, 74), (76, 96), 150, 2, cv2.LINE_AA)
    cv2.line(picture, (76, 96), (85, 97), 120, 2, cv2.LINE_AA)
    cv2.ellipse(picture, (80, 112), (17, 7), 0, 0, 180, 80, 3, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.uint8), BoundingBox(30.0, 35.0, 100.0, 100.0)
