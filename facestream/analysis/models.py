"""Load the models that the options name, and try them on a known face; fetches nothing."""

from pathlib import Path
from typing import get_args

import numpy as np

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import BlazeFaceDetector
from facestream.analysis.detection.hog import FaceDetector, HogDetector
from facestream.analysis.emotion.reader import EmotionReader, MiniXception, OwnEmotionNet
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import AnalysisOptions, DetectorName, EmotionModelName
from facestream.analysis.self_test_image import self_test_image
from facestream.errors import ModelFileError
from facestream.resources import FETCH_MODELS, MODELS_DIR


def load_analyzer(models_dir: Path = MODELS_DIR, options: AnalysisOptions | None = None) -> Analyzer:
    """Check the model files, load them and try them on a test image; takes 1-2 s.

    Without `models_dir`, the models of this installation; without `options`, the defaults. Raises ModelFileError if a
    file is missing, is not the one that the manifest names, or cannot be loaded; `facestream models` fetches them.
    """
    options = options or AnalysisOptions()
    predictor = LandmarkPredictor(checked_path(models_dir, "landmarks"))
    path = checked_path(models_dir, options.emotion_model)
    emotions: EmotionReader = (
        MiniXception(path) if options.emotion_model == "mini_xception" else OwnEmotionNet(path)
    )
    detector: FaceDetector = (
        HogDetector()
        if options.detector == "dlib"
        else BlazeFaceDetector(checked_path(models_dir, options.detector))
    )
    _try(detector, predictor, emotions, path)
    return Analyzer(detector, predictor, emotions, options)


def try_every_model(models_dir: Path) -> None:
    """Load each detector and each emotion model and try them on a known face. Raises ModelFileError."""
    for detector in get_args(DetectorName):
        load_analyzer(models_dir, AnalysisOptions(detector=detector))
    for emotion_model in get_args(EmotionModelName):
        load_analyzer(models_dir, AnalysisOptions(emotion_model=emotion_model))


def _try(detector: FaceDetector, predictor: LandmarkPredictor, emotions: EmotionReader, path: Path) -> None:
    """Run the models on a drawn face: a file that loads can still be the wrong one for this runtime."""
    gray, box = self_test_image()
    if not detector.search_whole(gray, box.height / gray.shape[0] / 2):
        raise ModelFileError(f"detector: does not see the known face; run `{FETCH_MODELS}`")
    landmarks = predictor.predict(gray, box)
    middle = box_of_landmarks(landmarks)
    x, y = box.center_xy
    if not (middle.left < x < middle.left + middle.width and middle.top < y < middle.top + middle.height):
        raise ModelFileError(f"landmarks: the known face is not where it was drawn; run `{FETCH_MODELS}`")
    probabilities = emotions.read(gray, box, landmarks)
    if not (np.isfinite(probabilities).all() and abs(float(probabilities.sum()) - 1) < 0.01):
        raise ModelFileError(f"{path}: gave {probabilities} for the known face, expected seven shares of 1")
