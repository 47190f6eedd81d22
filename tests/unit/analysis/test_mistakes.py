"""What a person who tries the library does first: mistakes get a sentence, and unusual arrays work."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import facestream
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.models import self_test_image
from facestream.analysis.tracking.tracks import Tracks


@pytest.fixture
def gray() -> GrayImage:
    """One face."""
    return self_test_image()[0]


@pytest.mark.parametrize(
    ("change", "error", "advice"),
    [
        (lambda _gray: None, TypeError, "cv2.imread returns None"),
        (lambda _gray: "photo.jpg", TypeError, "read_gray reads a file"),
        (lambda gray: gray.tolist(), TypeError, "of type list; expected a numpy array"),
        (lambda gray: np.dstack([gray] * 3), ValueError, "COLOR_BGR2GRAY"),
        (lambda gray: gray[:, :, None], ValueError, "image.:, :, 0."),
        (lambda gray: gray / 255, ValueError, r"\(255 \* image\).astype"),
        (lambda gray: gray.astype(np.uint16), ValueError, "type uint16; expected"),
        (lambda gray: gray[:0], ValueError, "not empty"),
    ],
)
def test_an_image_of_another_kind_gets_the_reason_and_the_remedy(
    analyzer: Analyzer, gray: GrayImage, change: Any, error: type[Exception], advice: str
):
    with pytest.raises(error, match=advice):
        analyzer.analyze_still(change(gray))
    with pytest.raises(error, match=advice):
        analyzer.analyze(change(gray), Tracks(), 0.0)


@pytest.mark.parametrize(
    ("tracks", "time_s", "error", "reason"),
    [
        (None, 0.0, TypeError, "tracks of type NoneType; expected Tracks()"),
        (Tracks(), None, TypeError, "time_s is None"),
        (Tracks(), math.nan, ValueError, "time_s is nan"),
        (Tracks(), math.inf, ValueError, "time_s is inf"),
    ],
)
def test_a_state_of_another_kind_gets_the_reason(
    analyzer: Analyzer, gray: GrayImage, tracks: Any, time_s: Any, error: type[Exception], reason: str
):
    with pytest.raises(error) as raised:
        analyzer.analyze(gray, tracks, time_s)

    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(
    "change",
    [np.asfortranarray, lambda gray: np.repeat(gray, 2, axis=1)[:, ::2], lambda gray: gray[:, ::-1][:, ::-1]],
)
def test_the_memory_layout_of_an_image_changes_nothing(analyzer: Analyzer, gray: GrayImage, change: Any):
    plain, other = analyzer.analyze_still(gray), analyzer.analyze_still(change(gray))

    assert plain.faces
    assert other.faces == plain.faces


def test_threads_wait_for_each_other(analyzer: Analyzer, gray: GrayImage):
    same_models = analyzer.with_options(max_faces=2)

    with ThreadPoolExecutor(4) as threads:
        reports = list(
            threads.map(lambda number: (analyzer, same_models)[number % 2].analyze_still(gray), range(12))
        )

    assert all(report.faces == reports[0].faces for report in reports)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"detector": "mtcnn"}, "detector is 'mtcnn'; expected dlib or blazeface"),
        ({"landmarks": "fan"}, "landmarks is 'fan'; expected dlib or mesh"),
        ({"emotion_model": "fer"}, "expected mini_xception or emotion"),
        ({"smoothing_s": -1}, "smoothing_s is -1"),
        ({"budget_ms": 0}, "budget_ms is 0"),
        ({"max_faces": 0}, "max_faces is 0; expected 1..64"),
    ],
)
def test_an_option_out_of_range_is_refused(options: Any, reason: str):
    with pytest.raises(ValueError, match=reason):
        facestream.AnalysisOptions(**options)


def test_the_models_of_an_analyzer_cannot_be_changed(analyzer: Analyzer):
    with pytest.raises(ValueError, match="detector cannot be changed; load another"):
        analyzer.with_options(detector="dlib")


def test_values_are_short_in_an_interpreter_and_can_be_compared(analyzer: Analyzer, gray: GrayImage):
    report = analyzer.analyze_still(gray)

    assert "detector='blazeface'" in repr(analyzer)
    assert "array" not in repr(report)
    assert report.faces == analyzer.analyze_still(gray).faces
    assert report.faces[0].by_emotion["happy"] == report.faces[0].probabilities[3]  # type: ignore[index]
