"""Your own analysis: which names are found, what is called, which values are kept, and what a fault costs."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import FrameReport, GrayImage
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.plugins import MAX_BYTES, MAX_VALUES, Plugin, checked_values, find_plugin
from facestream.analysis.tracking.tracks import Tracks
from facestream.errors import ConfigError
from facestream.resources import MODELS_DIR

MODULE = """
from dataclasses import replace

def on_faces(frame_luma, report):
    return {"faces": len(report.faces), "light": frame_luma.mean()}

def nothing(frame_luma, report):
    return None

def broken(frame_luma, report):
    return {"bad": 1 / 0}

def drawing(frame_luma, report):
    frame_luma[:] = 0
    return {}

def analyze(gray, tracks, time_s):
    return None

class Wrapped:
    def __init__(self, built_in):
        self.built_in = built_in

    def analyze(self, gray, tracks, time_s):
        report, tracks = self.built_in.analyze(gray, tracks, time_s)
        return replace(report, extra={"time_s": time_s}), tracks

class Model:
    def on_faces(self, frame_luma, report):
        return {"model": True}

made = Model()

class Both(Model):
    analyze = Wrapped.analyze

class Unmade(Model):
    def __init__(self):
        raise OSError("no such model")

number = 3

def one(value):
    return value
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "own_analysis.py").write_text(MODULE)
    (tmp_path / "own_fault.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    yield
    sys.modules.pop("own_analysis", None)


@pytest.fixture
def gray(clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]]) -> GrayImage:
    """One face."""
    return next(clip_frames("single_face.mp4"))[0]


def report_of(analyzer: Analyzer, name: str, gray: GrayImage) -> tuple[FrameReport, Tracks]:
    plugged = analyzer.with_plugin(Plugin(f"own_analysis:{name}", analyzer))
    return plugged.analyze(gray, Tracks(), 0.5)


def test_a_function_adds_values_to_the_report(analyzer: Analyzer, gray: GrayImage):
    report, tracks = report_of(analyzer, "on_faces", gray)

    assert report.extra["faces"] == len(report.faces) > 0
    assert report.extra["light"] == pytest.approx(gray.mean())
    assert len(tracks.followed) == len(report.faces)
    assert not report.extra_fault


@pytest.mark.parametrize(
    ("name", "extra"),
    [("Wrapped", {"time_s": 0.5}), ("Model", {"model": True}), ("made", {"model": True}), ("nothing", {})],
)
def test_classes_and_objects_are_plugins_too(
    analyzer: Analyzer, gray: GrayImage, name: str, extra: dict[str, object]
):
    report, _ = report_of(analyzer, name, gray)

    assert report.extra == extra
    assert len(report.faces) > 0


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("broken", "ZeroDivisionError"),
        ("drawing", "read-only"),
        ("analyze", "TypeError"),
    ],
)
def test_a_fault_costs_only_the_values(analyzer: Analyzer, gray: GrayImage, name: str, fault: str):
    report, tracks = report_of(analyzer, name, gray)

    assert fault in report.extra_fault
    assert report.extra == {}
    assert len(tracks.followed) == len(report.faces) > 0


def test_a_photograph_has_the_values_too(analyzer: Analyzer, gray: GrayImage):
    plugged = analyzer.with_plugin(Plugin("own_analysis:on_faces", analyzer))

    assert plugged.analyze_still(gray).extra["faces"] == len(analyzer.analyze_still(gray).faces)


def test_the_options_load_it():
    analyzer = load_analyzer(MODELS_DIR, AnalysisOptions(analyzer="own_analysis:Wrapped"))

    report, _ = analyzer.analyze(np.zeros((120, 160), np.uint8), Tracks(), 2.0)

    assert report.extra == {"time_s": 2.0}


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("smiles", "got 'smiles'; expected package.module:name"),
        (":name", "expected package.module:name"),
        ("own_analysis:missing", "AttributeError"),
        ("no_such_module:name", "ModuleNotFoundError"),
        ("own_fault:name", "ZeroDivisionError"),
        ("own_analysis:number", "is of type int"),
        ("own_analysis:one", "neither analyze"),
        ("own_analysis:Both", "or both"),
    ],
)
def test_a_wrong_name_is_reported(spec: str, reason: str):
    with pytest.raises(ConfigError, match=f"^analyzer: .*{reason}") as wrong:
        find_plugin(spec)

    assert wrong.value.setting == "analyzer"


def test_a_class_that_cannot_be_made_is_reported(analyzer: Analyzer):
    with pytest.raises(ConfigError, match=r"cannot be made \(OSError: no such model\)"):
        Plugin("own_analysis:Unmade", analyzer)


def test_numbers_of_numpy_become_numbers():
    values = checked_values(
        {"a": np.float32(0.5), "b": np.int64(3), "c": np.array([[1, 2]]), "d": (None, True, "x")}
    )

    assert values == {"a": 0.5, "b": 3, "c": [[1, 2]], "d": [None, True, "x"]}
    assert type(values["b"]) is int


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1], "expected a mapping"),
        ({"a": float("nan")}, "finite"),
        ({"a": np.float64("inf")}, "finite"),
        ({"a": object()}, "type object"),
        ({"a": [[[[[1]]]]]}, "nested"),
        ({"a": "x" * MAX_BYTES}, "bytes"),
        ({"a": [0] * 100_000}, "list of 100000"),
        ({"a": "\ud800"}, "surrogates"),
        ({"1a": 1}, "is named"),
        ({"a b": 1}, "is named"),
        ({3: 1}, "is named"),
        ({f"a{number}": 1 for number in range(MAX_VALUES + 1)}, "at most 32"),
    ],
)
def test_values_beyond_the_bounds_are_refused(values: object, reason: str):
    with pytest.raises(ValueError, match=reason):
        checked_values(values)


def test_values_at_the_bounds_are_kept():
    values = {f"a{number}": [[[1]]] for number in range(MAX_VALUES)}

    assert checked_values(values) == values


def test_an_endless_list_is_refused():
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(ValueError, match="nested"):
        checked_values({"a": endless})


def test_a_report_with_values_can_be_compared():
    assert replace(FrameReport(()), extra={"a": 1}) != FrameReport(())
