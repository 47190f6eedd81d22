"""The public interface: its names, the cost of importing it, and the contents of its docstrings."""

import importlib.util
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import facestream
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds

NAMES = [
    "EMOTIONS",
    "UNSURE",
    "AnalysisOptions",
    "Analyzer",
    "BoundingBox",
    "Config",
    "Emotion",
    "Face",
    "FacestreamError",
    "FrameReport",
    "HeadPose",
    "Lost",
    "Marker",
    "MarkerNote",
    "QualityHint",
    "ReplayOptions",
    "SessionEnd",
    "SessionStart",
    "Summary",
    "Telemetry",
    "Tracks",
    "UnsureReason",
    "analyze_clip",
    "decode_telemetry",
    "follow_events",
    "load_analyzer",
    "load_config",
    "read_gray",
    "replay_clip",
    "serve",
]
PROMISES = {
    "Analyzer.analyze": ["(height, width)", "uint8", "seconds", "ValueError"],
    "Analyzer.analyze_still": ["(height, width)", "uint8", "ValueError"],
    "analyze_clip": ["seconds", "pixels", "ClipError", "ImageError", "ModelFileError", "ValueError"],
    "decode_telemetry": ["ValueError"],
    "follow_events": ["seconds", "ServerUnreachableError", "ConfigError"],
    "load_analyzer": ["ModelFileError"],
    "load_config": ["ConfigError"],
    "read_gray": ["(height, width)", "uint8", "ImageError"],
    "replay_clip": ["ClipError", "ConfigError", "ServerUnreachableError"],
    "serve": ["ConfigError", "ModelFileError"],
}
"""Shapes, units and errors that a docstring must name."""
FIELDS_WITH_UNITS = {
    "AnalysisOptions": {"seconds", "milliseconds", "share"},
    "BoundingBox": {"pixels"},
    "Face": {"(68, 2)", "pixels", "0..1"},
    "FrameReport": {"milliseconds"},
    "ReplayOptions": {"Seconds"},
    "Summary": {"Milliseconds", "0..1"},
}


def test_these_are_the_public_names():
    assert facestream.__all__ == NAMES
    assert set(facestream._MODULE_OF) == set(NAMES)
    assert set(NAMES) <= set(dir(facestream))


def test_the_table_of_the_documentation_has_the_public_names():
    table = (ROOT / "docs" / "api" / "facestream.md").read_text(encoding="utf-8")
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert sorted(re.findall(r"`(\w+)`", "".join(first_cells))) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_public_name_exists_and_is_described(name: str):
    value = getattr(facestream, name)

    assert len(inspect.getdoc(value) or "") > 20
    assert not (inspect.getdoc(value) or "").startswith(f"{name}(")


@pytest.mark.parametrize("name", NAMES)
def test_no_public_name_is_that_of_a_submodule(name: str):
    # Otherwise the meaning of `facestream.NAME` would depend on the order of imports.
    assert importlib.util.find_spec(f"facestream.{name}") is None


@pytest.mark.parametrize(("name", "words"), PROMISES.items())
def test_the_docstring_of_a_function_has_shapes_units_and_errors(name: str, words: list[str]):
    value: object = facestream
    for part in name.split("."):
        value = getattr(value, part)

    assert [word for word in words if word not in (inspect.getdoc(value) or "")] == []


@pytest.mark.parametrize(("name", "words"), FIELDS_WITH_UNITS.items())
def test_the_fields_of_a_value_have_units(name: str, words: set[str]):
    source = inspect.getsource(getattr(facestream, name))

    assert [word for word in sorted(words) if word not in source] == []


def test_paths_may_be_texts():
    options = facestream.ReplayOptions("clip.mp4", out="out.mp4")  # type: ignore[arg-type]

    assert (options.clip, options.out) == (Path("clip.mp4"), Path("out.mp4"))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'recognise'"):
        facestream.recognise  # noqa: B018


def imported_after(statement: str) -> set[str]:
    """The top-level modules that a new interpreter has imported after a statement."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=True,
    )  # fmt: skip
    return {name.partition(".")[0] for name in json.loads(ended.stdout)}


HEAVY = {"aiohttp", "aioice", "aiortc", "av", "cv2", "dlib", "numpy", "pydantic", "ai_edge_litert"}


def test_importing_facestream_imports_no_library():
    assert not HEAVY & imported_after("import facestream")


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ("facestream.Face", {"aiohttp", "aiortc", "cv2", "dlib"}),
        ("facestream.Telemetry", {"aiohttp", "aiortc", "cv2", "dlib"}),
        ("facestream.Config", {"aiohttp", "aiortc", "cv2", "dlib"}),
        ("facestream.load_analyzer", {"aiohttp", "aiortc"}),
    ],
)
def test_a_name_imports_only_what_it_needs(statement: str, others: set[str]):
    assert not others & imported_after(f"import facestream; {statement}")


def test_the_example_prints_the_emotion_of_each_face(media_dir: Path, tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "analyze_frames.py"), str(media_dir / "single_face.mp4")],
        cwd=tmp_path, env=environment_of_the_checkout(), capture_output=True, text=True, timeout=seconds(100),
        check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert len(lines) > 20
    assert "face 1" in lines[0]
