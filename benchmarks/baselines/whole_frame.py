"""The same models in the usual way: the detector runs on every whole frame, drawing in BGR, no tracking."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.detection.detector import SearchStep
from facestream.analysis.detection.hog import HogDetector
from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.reader import MiniXception
from facestream.analysis.faces import EMOTIONS
from facestream.analysis.model_files import checked_path
from facestream.resources import MODELS_DIR

ImageBGR = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Models:
    """One set of models; dlib's detector must not be shared between threads."""

    detector: HogDetector
    predictor: DlibLandmarks
    emotions: MiniXception


_of_thread = threading.local()


def executor_with_models() -> ThreadPoolExecutor:
    """One thread for each core, each with its models loaded."""
    threads = os.cpu_count() or 1
    executor = ThreadPoolExecutor(threads)
    all_started = threading.Barrier(threads)

    def load() -> None:
        _models()
        all_started.wait()

    for loading in [executor.submit(load) for _ in range(threads)]:
        loading.result()
    return executor


def annotate(image_bgr: ImageBGR) -> list[str]:
    """Find, describe and draw the faces of one frame; returns their labels."""
    models = _models()
    gray = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    height, width = gray.shape
    labels = []
    for found in models.detector.search(gray, SearchStep(0, 0, width, height, 1.0)):
        box = found.box
        landmarks_xy = models.predictor.predict(gray, box)
        probabilities = models.emotions.read(gray, box, landmarks_xy)
        label = str(EMOTIONS[int(probabilities.argmax())])
        left, top = round(box.left), round(box.top)
        corner = (left + round(box.width), top + round(box.height))
        cv2.rectangle(image_bgr, (left, top), corner, (0, 255, 0), 2)
        for x, y in landmarks_xy:
            cv2.circle(image_bgr, (round(x), round(y)), 1, (0, 255, 255), -1)
        cv2.putText(image_bgr, label, (left, top - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 255, 0), 2)
        labels.append(label)
    return labels


def _models() -> Models:
    models: Models | None = getattr(_of_thread, "models", None)
    if models is None:
        models = _of_thread.models = Models(
            HogDetector(),
            DlibLandmarks(checked_path(MODELS_DIR, "landmarks")),
            MiniXception(checked_path(MODELS_DIR, "mini_xception")),
        )
    return models
