"""Real frames of the test clips, and one analyzer with the real models for all tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.resources import MODELS_DIR


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    # No frame exceeds this budget: beside other tests a frame may take a second, and degradation is tested separately.
    return load_analyzer(MODELS_DIR, AnalysisOptions(budget_ms=1e6))


@pytest.fixture(scope="session")
def dlib_analyzer() -> Analyzer:
    """An analyzer with dlib's detector, which is not the default."""
    return load_analyzer(MODELS_DIR, AnalysisOptions(detector="dlib", budget_ms=1e6))


@pytest.fixture(scope="session")
def clip_frames(media_dir: Path) -> Callable[[str], Iterator[tuple[GrayImage, float]]]:
    """Gray frames of a clip with their times in seconds."""

    def frames(name: str) -> Iterator[tuple[GrayImage, float]]:
        with av.open(str(media_dir / name)) as clip:
            for frame in clip.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="gray"), np.uint8), float(frame.time or 0.0)

    return frames


@pytest.fixture(scope="session")
def group_gray(media_dir: Path) -> GrayImage:
    """An image of five people; one wears sunglasses and looks away."""
    image = cv2.imread(str(media_dir / "multi_face.jpg"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return np.asarray(image, np.uint8)
