"""Find the 68 landmarks of every FER+ image with the detector and predictor the server uses; never trains.

Slow (about two minutes of two cores for both splits), so the answer is kept in a cache file.
"""

import multiprocessing
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

UPSCALE = 4
"""dlib's HOG detector needs faces of about 80 px; FER+ images are 48 px wide."""
PAD_PX = 24
"""Repeated edge around the enlarged image, since many FER+ faces touch it."""
_SCORE_MIN = -0.3  # every image is known to be a face, so an uncertain box is better than none
_CHUNK = 500


def find_landmarks(
    images: NDArray[np.uint8], predictor: Path, cache: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give landmarks (N, 68, 2) and boxes (N, 5), x0, y0, x1, y1, found (1 or 0), in image pixels."""
    if cache.exists():
        with np.load(cache) as stored:
            if len(stored["landmarks"]) == len(images):
                return stored["landmarks"], stored["boxes"]
    if not predictor.is_file():
        raise FileNotFoundError(f"{predictor}: no such file; expected dlib's 68-point predictor (README.md)")
    chunks = np.array_split(images, max(1, len(images) // _CHUNK))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        answers = pool.map(partial(_landmarks_of_chunk, predictor=str(predictor)), chunks, chunksize=1)
    landmarks = np.concatenate([a[0] for a in answers])
    boxes = np.concatenate([a[1] for a in answers])
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, landmarks=landmarks, boxes=boxes)
    return landmarks, boxes


def _landmarks_of_chunk(
    images: NDArray[np.uint8], predictor: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import dlib  # only the worker processes need it

    cv2.setNumThreads(1)
    detector = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(predictor)
    landmarks = np.empty((len(images), 68, 2), np.float32)
    boxes = np.empty((len(images), 5), np.float32)
    for i, image in enumerate(images):
        large = cv2.resize(image, None, fx=UPSCALE, fy=UPSCALE, interpolation=cv2.INTER_CUBIC)
        side = large.shape[0]
        large = cv2.copyMakeBorder(large, PAD_PX, PAD_PX, PAD_PX, PAD_PX, cv2.BORDER_REPLICATE)
        rects, scores, _ = detector.run(large, 0, _SCORE_MIN)
        if len(rects):
            rect, found = rects[int(np.argmax(scores))], 1.0
        else:  # the usual place of a face in FER+
            inset = side // 16
            rect = dlib.rectangle(
                PAD_PX + inset, PAD_PX + 3 * inset, PAD_PX + side - inset, PAD_PX + side + inset // 2
            )
            found = 0.0
        shape = predict(large, rect)
        points = np.array([(p.x, p.y) for p in shape.parts()], np.float32)
        landmarks[i] = (points - PAD_PX + 0.5) / UPSCALE - 0.5
        corners = np.array([rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1], np.float32)
        boxes[i, :4] = (corners - PAD_PX) / UPSCALE
        boxes[i, 4] = found
    return landmarks, boxes
