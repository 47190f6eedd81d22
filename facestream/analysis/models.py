"""Load the models that the options name and try them on a drawn face; fetches nothing."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import BlazeFaceDetector
from facestream.analysis.detection.detector import FaceDetector
from facestream.analysis.emotion.reader import EmotionReader, MiniXception, OwnEmotionNet
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.mesh_landmarks import MeshLandmarks
from facestream.analysis.model_files import checked_paths, file_names, landmarks_file, read_manifest
from facestream.analysis.options import CHOICES, AnalysisOptions
from facestream.analysis.plugins import Plugin, find_plugin
from facestream.analysis.trust.reader import OUTPUTS, TrustNet, VisibilityReader
from facestream.errors import ModelFileError
from facestream.resources import FETCH_MODELS, MODELS_DIR

SELF_TEST_PX = 160


def load_analyzer(
    models_dir: Path | str = MODELS_DIR,
    options: AnalysisOptions | None = None,
    *,
    plugin_limit_s: float | None = None,
) -> Analyzer:
    """Check the model files, load them and try them on `self_test_image`; takes 1-2 s.

    Without `models_dir`, the models of this installation; without `options`, the defaults. Raises ModelFileError if a
    file is missing, is not the one that the manifest names, or cannot be loaded; `facestream models` fetches them.
    Raises ConfigError if `options.analyzer` names no analysis; `plugin_limit_s` is the time that it may take for a
    frame in the main thread of a process, in seconds; None: no limit.
    """
    models_dir, options = Path(models_dir), options or AnalysisOptions()
    if options.analyzer:
        find_plugin(options.analyzer)
    # All files are checked before the largest model is loaded.
    paths = checked_paths(models_dir, file_names(options))
    predictor = _landmark_model(models_dir, options, paths)
    path = paths[options.emotion_model]
    emotions: EmotionReader = (
        MiniXception(path) if options.emotion_model == "mini_xception" else OwnEmotionNet(path)
    )
    detector = _detector(options, paths)
    _try(detector, predictor, emotions, path)
    visibility = TrustNet(paths["trust"])
    _try_visibility(visibility, predictor, paths["trust"])
    analyzer = Analyzer(detector, predictor, emotions, visibility, options)
    if not options.analyzer:
        return analyzer
    return analyzer.with_plugin(Plugin(options.analyzer, analyzer, plugin_limit_s))


def _landmark_model(
    models_dir: Path, options: AnalysisOptions, paths: Mapping[str, Path]
) -> LandmarkPredictor:
    name = landmarks_file(options)
    if options.landmarks == "mesh":
        return MeshLandmarks(paths[name])
    # Here, so that an installation without dlib runs with the other models.
    with _needs_dlib("landmarks", "mesh"):
        from facestream.analysis.dlib_landmarks import DlibLandmarks

    return DlibLandmarks(paths[name], read_manifest(models_dir)[name].sha256)


def _detector(options: AnalysisOptions, paths: Mapping[str, Path]) -> FaceDetector:
    if options.detector != "dlib":
        return BlazeFaceDetector(paths[options.detector])
    with _needs_dlib("detector", "blazeface"):
        from facestream.analysis.detection.hog import HogDetector

    return HogDetector()


@contextlib.contextmanager
def _needs_dlib(setting: str, other: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ModelFileError(
            f"{setting} is dlib, and dlib cannot be imported ({error}); install dlib-bin, or set {setting} to {other}"
        ) from error


def self_test_image() -> tuple[GrayImage, BoundingBox]:
    """A drawn face, always the same, on which the models are tried: a gray image (160, 160) and the box of the face.

    It is drawn, so that no photograph of a person is shipped.
    """
    image = np.full((SELF_TEST_PX, SELF_TEST_PX), 90, np.uint8)
    cv2.ellipse(image, (80, 82), (46, 60), 0, 0, 360, 190, cv2.FILLED, cv2.LINE_AA)
    for x in (62, 98):
        cv2.ellipse(image, (x, 72), (10, 5), 0, 0, 360, 240, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, (x, 72), 4, 40, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(image, (x, 60), (13, 4), 0, 180, 360, 70, 3, cv2.LINE_AA)
    cv2.line(image, (80, 74), (76, 96), 150, 2, cv2.LINE_AA)
    cv2.line(image, (76, 96), (85, 97), 120, 2, cv2.LINE_AA)
    cv2.ellipse(image, (80, 112), (17, 7), 0, 0, 180, 80, 3, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8), BoundingBox(30.0, 35.0, 100.0, 100.0)


def try_every_model(models_dir: Path) -> None:
    """Load each model that can be chosen and try it on the drawn face. Raises ModelFileError."""
    chosen = [{name: model} for name, models in CHOICES.items() for model in get_args(models)]
    # A set: the defaults are in each of the choices.
    for options in {replace(AnalysisOptions(), **choice) for choice in chosen}:
        load_analyzer(models_dir, options)


def _try(detector: FaceDetector, predictor: LandmarkPredictor, emotions: EmotionReader, path: Path) -> None:
    """Run the models on the drawn face: a file that loads may still not work with this runtime."""
    gray, box = self_test_image()
    if not detector.search_whole(gray, box.height / gray.shape[0] / 2):
        raise ModelFileError(f"detector: does not find the face of the self-test; run `{FETCH_MODELS}`")
    landmarks = predictor.predict(gray, box)
    middle = box_of_landmarks(landmarks)
    x, y = box.center_xy
    if not (middle.left < x < middle.left + middle.width and middle.top < y < middle.top + middle.height):
        raise ModelFileError(f"landmarks: not on the face of the self-test; run `{FETCH_MODELS}`")
    probabilities = emotions.read(gray, box, landmarks)
    if not (np.isfinite(probabilities).all() and abs(float(probabilities.sum()) - 1) < 0.01):
        raise ModelFileError(
            f"{path}: {probabilities} for the face of the self-test, expected seven values that sum to 1"
        )


def _try_visibility(visibility: VisibilityReader, predictor: LandmarkPredictor, path: Path) -> None:
    gray, box = self_test_image()
    read = visibility.read(gray, predictor.predict(gray, box))
    if not (read.shape == (OUTPUTS,) and (read >= 0).all() and (read <= 1).all()):
        raise ModelFileError(f"{path}: {read} for the face of the self-test, expected three values 0..1")
