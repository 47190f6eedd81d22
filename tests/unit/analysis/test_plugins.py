"""Your own analysis: which names are found, what is called, which values are kept, and what a fault costs."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.faces import Emotion, FrameReport, GrayImage
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.plugin_values import MAX_BYTES, MAX_VALUES, checked_values
from facestream.analysis.plugins import Plugin, find_plugin
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

def exits(frame_luma, report):
    raise SystemExit(3)

def stops(frame_luma, report):
    raise StopIteration

def hangs(frame_luma, report):
    import time
    time.sleep(60)

def moves(frame_luma, report):
    for face in report.faces:
        face.landmarks_xy[:] = 0

async def later(frame_luma, report):
    return {}

def some(frame_luma, report):
    yield {}

def changed(**changes):
    def analyze(gray, tracks, time_s):
        report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
        return replace(report, faces=tuple(replace(face, **changes) for face in report.faces)), tracks
    return analyze

bored = changed(label="bored")
too_sure = changed(probabilities=(1.0,) * 7)
turned = changed(landmarks_xy=[[1, 2]])
same_id = changed(id=0)

def no_faces(gray, tracks, time_s):
    return replace(BUILT_IN.analyze(gray, tracks, time_s)[0], faces=("face",)), tracks

def negative(gray, tracks, time_s):
    return replace(BUILT_IN.analyze(gray, tracks, time_s)[0], detect_ms=float("nan")), tracks

def odd_tracks(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    return report, replace(tracks, followed=(1,))

def odd_landmarks(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    moved = [replace(each, landmarks_xy=each.landmarks_xy.astype(float)) for each in tracks.followed]
    return report, replace(tracks, followed=tuple(moved))

def lost_landmarks(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    moved = [replace(each, landmarks_xy=each.landmarks_xy * float("nan")) for each in tracks.followed]
    return report, replace(tracks, followed=tuple(moved))

def odd_velocity(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    return report, replace(tracks, followed=(replace(tracks.followed[0], velocity_xy=(1.0,)),))

def odd_size(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    return report, replace(tracks, size_wh=("640", "480"))

def odd_state(gray, tracks, time_s):
    report, tracks = BUILT_IN.analyze(gray, tracks, time_s)
    return report, replace(tracks, followed=(replace(tracks.followed[0], eyes="open"),))

class OneParameter:
    def on_faces(self, report):
        return {}

class Exits(OneParameter):
    def __init__(self):
        raise SystemExit(0)

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
    (tmp_path / "own_exit.py").write_text("raise SystemExit")
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
    sys.modules["own_analysis"].BUILT_IN = analyzer  # type: ignore[attr-defined]
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
        ("moves", "read-only"),
        ("exits", "SystemExit: 3"),
        ("stops", "StopIteration"),
        ("analyze", "TypeError"),
        ("bored", "put words of your own into the extra values"),
        ("too_sure", "sum to 7.000"),
        ("turned", "expected (68, 2)"),
        ("same_id", "expected a whole number from 1"),
        ("no_faces", "is of type str; expected Face"),
        ("negative", "detect_ms is nan"),
        ("odd_tracks", "tracks.followed is of type int; expected Track"),
        (
            "odd_landmarks",
            "tracks.followed.landmarks_xy has the type float64 and the shape (68, 2); expected float32",
        ),
        ("lost_landmarks", "tracks.followed.landmarks_xy has numbers that are not finite"),
        ("odd_velocity", "tracks.followed.velocity_xy has 1 items; expected 2"),
        ("odd_size", "tracks.size_wh is of type str; expected int"),
        ("odd_state", "tracks.followed.eyes is of type str; expected Eyes"),
    ],
)
def test_a_fault_costs_only_the_values(analyzer: Analyzer, gray: GrayImage, name: str, fault: str):
    report, tracks = report_of(analyzer, name, gray)

    assert report.extra_fault is not None
    assert fault in report.extra_fault.traceback
    assert report.extra == {}
    assert len(tracks.followed) == len(report.faces) > 0


def test_the_kind_of_a_fault_has_no_message(analyzer: Analyzer, gray: GrayImage):
    report, _ = report_of(analyzer, "broken", gray)

    assert report.extra_fault is not None
    assert report.extra_fault.kind == "ZeroDivisionError"
    assert report.extra_fault.sentence == "ZeroDivisionError: division by zero"


def test_ctrl_c_is_no_fault(analyzer: Analyzer, gray: GrayImage, monkeypatch: pytest.MonkeyPatch):
    plugin = Plugin("own_analysis:on_faces", analyzer)
    monkeypatch.setattr(plugin, "_on_faces", lambda _gray, _report: signal.raise_signal(signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        plugin.analyze(gray, Tracks(), 0.5)


def test_time_over_costs_the_values_and_after_three_frames_the_plugin_is_left_out(
    analyzer: Analyzer, gray: GrayImage
):
    plugin, tracks, kinds = Plugin("own_analysis:hangs", analyzer, 0.01), Tracks(), []

    for number in range(5):
        report, tracks = plugin.analyze(gray, tracks, number / 30)
        assert report.faces
        assert report.extra_fault is not None
        kinds.append(report.extra_fault.kind)

    assert kinds == ["OutOfTime"] * 3 + ["LeftOut"] * 2
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_tracks_that_the_built_in_analysis_cannot_use_are_dropped(analyzer: Analyzer, gray: GrayImage):
    plugin = Plugin("own_analysis:analyze", analyzer)
    _, tracks = analyzer.analyze(gray, Tracks(), 0.0)
    broken = replace(tracks, followed=(replace(tracks.followed[0], landmarks_xy=None),))  # type: ignore[arg-type]

    report, after = plugin.analyze(gray, broken, 0.1)

    assert [face.id for face in report.faces] == [tracks.next_id]
    assert after.next_id > tracks.next_id


@pytest.mark.parametrize("name", ["on_faces", "Wrapped"])
def test_a_photograph_has_the_values_too(analyzer: Analyzer, gray: GrayImage, name: str):
    plain, plugged = (
        analyzer.analyze_still(gray),
        analyzer.with_plugin(Plugin(f"own_analysis:{name}", analyzer)),
    )

    report = plugged.analyze_still(gray)

    assert report.extra in ({"faces": len(plain.faces), "light": pytest.approx(gray.mean())}, {"time_s": 0.0})
    assert [face.box for face in report.faces] == [face.box for face in plain.faces]


def test_changed_options_keep_the_plugin():
    analyzer = load_analyzer(MODELS_DIR, AnalysisOptions(analyzer="own_analysis:Wrapped"))

    changed = analyzer.with_options(max_faces=2)

    assert changed.analyze(np.zeros((120, 160), np.uint8), Tracks(), 2.0)[0].extra == {"time_s": 2.0}
    assert not changed.without_plugin().analyze(np.zeros((120, 160), np.uint8), Tracks(), 2.0)[0].extra


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
        ("own_analysis:later", "is an async function"),
        ("own_analysis:some", "is a generator"),
        ("own_exit:name", "SystemExit"),
    ],
)
def test_a_wrong_name_is_reported(spec: str, reason: str):
    with pytest.raises(ConfigError, match=f"^analyzer: .*{reason}") as wrong:
        find_plugin(spec)

    assert wrong.value.setting == "analyzer"


def test_a_class_that_cannot_be_made_is_reported(analyzer: Analyzer):
    with pytest.raises(ConfigError, match=r"cannot be made \(OSError: no such model\)"):
        Plugin("own_analysis:Unmade", analyzer)
    with pytest.raises(ConfigError, match=r"cannot be made \(SystemExit: 0\)"):
        Plugin("own_analysis:Exits", analyzer)
    with pytest.raises(ConfigError, match="on_faces of own_analysis:OneParameter does not take 2 parameters"):
        Plugin("own_analysis:OneParameter", analyzer)


def test_numbers_of_numpy_become_numbers():
    values = checked_values(
        {
            "a": np.float32(0.5),
            "b": np.int64(3),
            "c": np.array([[1, 2]]),
            "d": (None, True, "x"),
            "e": np.array(2.5),
            "f": {np.int64(1): np.bool_(True)},
        }
    )

    assert values == {"a": 0.5, "b": 3, "c": [[1, 2]], "d": [None, True, "x"], "e": 2.5, "f": {"1": True}}
    assert type(values["b"]) is int


def test_values_of_own_types_become_plain_ones():
    values = checked_values({"label": Emotion.HAPPY, "level": DegradationLevel.NONE})

    assert [type(value) for value in values.values()] == [str, int]


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
        ({"a": {"\ud800": 1}}, "surrogates"),
        ({"a": b"x"}, "type bytes"),
        ({"a": {None: 1}}, "key of type NoneType"),
        ({"a": {1: 1, "1": 2}}, "twice"),
        ({"a": 2**53 + 1}, "beyond"),
        ({"a": np.complex64(1)}, "type complex"),
        ({"1a": 1}, "is named"),
        ({"a b": 1}, "is named"),
        ({3: 1}, "is named"),
        ({f"a{number}": 1 for number in range(MAX_VALUES + 1)}, "at most 32"),
    ],
)
def test_values_beyond_the_bounds_are_refused(values: object, reason: str):
    with pytest.raises((ValueError, TypeError), match=reason):
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
