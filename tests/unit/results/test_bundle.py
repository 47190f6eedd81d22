"""A folder of results: all formats at once, the codebook of all columns, session.json, a killed process."""

import json
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from facestream import __version__
from facestream.analysis.options import AnalysisOptions
from facestream.errors import ConfigError
from facestream.messages.telemetry import decode_telemetry
from facestream.resources import MODELS_DIR
from facestream.results import formats as formats_module
from facestream.results.bundle import Bundle, columns_of
from facestream.results.formats import FORMATS, check_formats
from facestream.results.session_file import SessionFacts, models_used
from facestream.results.tables import TableOptions
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds
from tests.unit.results.samples import face, frame

EXTRA = TableOptions(source="a, b.mp4", extra_names=("smiles",))
KILLED = """
import os, signal, sys
from pathlib import Path
from facestream.results.bundle import Bundle
from facestream.results.session_file import SessionFacts
from tests.unit.results.samples import face, frame
bundle = Bundle(Path(sys.argv[1]), ("csv", "jsonl"), SessionFacts(source="camera"))
for number in range(50):
    bundle.write(frame(number, face(1)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def session_of(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "session.json").read_text("utf-8"))
    return content


def test_a_bundle_has_every_format_with_the_same_frames(tmp_path: Path):
    bundle = Bundle(tmp_path, tuple(FORMATS), SessionFacts(), EXTRA)
    for number in range(3):
        bundle.write(frame(number, *(face(one + 1) for one in range(number)), extra={"smiles": number}))
    bundle.finish()

    csv_rows = pd.read_csv(tmp_path / "faces.csv")
    assert csv_rows["frame"].tolist() == [0, 1, 2, 2]
    assert csv_rows["extra_smiles"].tolist() == [0, 1, 2, 2]
    assert pd.read_csv(tmp_path / "pyfeat.csv")["frame"].tolist() == [0, 1, 2, 2]
    assert pd.read_csv(tmp_path / "openface.csv")["success"].tolist() == [0, 1, 1, 1]
    messages = [
        decode_telemetry(line) for line in (tmp_path / "frames.jsonl").read_text("utf-8").splitlines()
    ]
    assert [len(message.faces) for message in messages] == [0, 1, 2]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_parquet_has_the_numbers_of_the_csv_with_their_types(tmp_path: Path):
    bundle = Bundle(tmp_path, ("csv", "parquet"), SessionFacts())
    for number in range(1500):
        bundle.write(frame(number, *([face(1), face(2, score=None, pose_deg=None)] if number % 2 else [])))
    bundle.finish()

    typed, plain = pd.read_parquet(tmp_path / "faces.parquet"), pd.read_csv(tmp_path / "faces.csv")
    assert list(typed.columns) == list(plain.columns)
    assert len(typed) == len(plain) == 750 + 2 * 750
    numbers = [name for name in plain.columns if name not in {"label", "unsure", "gaze"}]
    assert (typed[numbers].fillna(-1) - plain[numbers].fillna(-1)).abs().max().max() < 0.001
    assert typed["label"].fillna("").tolist() == plain["label"].fillna("").tolist()
    assert typed["unsure"].isna().all()


def test_the_codebook_explains_every_column_of_every_format(tmp_path: Path):
    Bundle(tmp_path, tuple(FORMATS), SessionFacts(), EXTRA).finish()

    book = pd.read_csv(tmp_path / "codebook.csv", keep_default_na=False).set_index("column")
    assert list(book.columns) == ["unit", "range", "meaning"]
    assert book.index.is_unique
    assert (book["meaning"] != "").all()
    for name in ("faces.csv", "pyfeat.csv", "openface.csv"):
        assert set(pd.read_csv(tmp_path / name).columns) <= set(book.index), name
    assert book.loc["yaw_deg", "unit"] == "degrees"
    assert book.loc["Yaw", "unit"] == "rad"
    assert "faces.box" in book.index


def test_a_name_means_the_same_in_every_table():
    for name in FORMATS:
        for column in FORMATS[name].columns(EXTRA):
            (shared,) = [one for one in columns_of(FORMATS, EXTRA) if one.name == column.name]
            assert column == shared, (name, column.name)


def test_session_json_says_what_made_the_numbers_and_their_totals(tmp_path: Path):
    facts = SessionFacts(
        source="über 🙂.mp4",
        began_at="2026-11-27T14:00:00+00:00",
        models=models_used(MODELS_DIR, AnalysisOptions()),
        settings={"smoothing_s": 0.3, "every": 2},
    )
    bundle = Bundle(tmp_path, ("csv",), facts)
    for one in (
        frame(0, face(1), face(2, label="unsure", unsure="small")),
        replace(frame(2), extra_fault="ZeroDivisionError"),
        frame(4, unanalysed="fault"),
        frame(6, face(1)),
    ):
        bundle.write(one)
    assert session_of(tmp_path)["whole"] is False

    bundle.finish()

    session = session_of(tmp_path)
    assert session["whole"] is True
    assert (session["source"], session["settings"]) == (facts.source, facts.settings)
    assert session["totals"] == {
        "frames": 4,
        "frames_without_face": 1,
        "frames_unanalysed": {"fault": 1},
        "frames_extra_failed": {"ZeroDivisionError": 1},
        "faces": 2,
        "rows_by_label": {"happy": 2, "unsure": 1},
        "first_time_s": 0.0,
        "last_time_s": 0.2,
        "size_wh": [640, 360],
    }
    versions, models = session["versions"], session["models"]
    assert isinstance(versions, dict)
    assert isinstance(models, dict)
    assert versions["facestream"] == __version__
    assert "numpy" in versions
    manifest = json.loads((MODELS_DIR / "manifest.json").read_text("utf-8"))
    assert set(models) == {"blazeface", "landmarks", "emotion", "trust"}
    assert all(models[name]["sha256"] == manifest[name]["sha256"] for name in models)


def test_dlibs_detector_has_no_model_file():
    assert set(models_used(MODELS_DIR, AnalysisOptions(detector="dlib"))) == {"landmarks", "emotion", "trust"}


def test_what_was_written_before_a_kill_is_there(tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT,
        env=environment_of_the_checkout() | {"PYTHONPATH": str(ROOT)},
        timeout=seconds(60),
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    assert pd.read_csv(tmp_path / "faces.csv")["frame"].tolist() == list(range(50))
    assert len((tmp_path / "frames.jsonl").read_text("utf-8").splitlines()) == 50
    assert (session_of(tmp_path)["whole"], session_of(tmp_path)["source"]) == (False, "camera")
    assert (tmp_path / "codebook.csv").is_file()


def test_memory_does_not_grow_with_the_length(tmp_path: Path):
    bundle = Bundle(tmp_path, tuple(FORMATS), SessionFacts())
    one = face(1)

    def write(first: int, count: int) -> None:
        for number in range(first, first + count):
            bundle.write(frame(number, one))

    write(0, 1500)  # more than a group of rows of Parquet
    tracemalloc.start()
    try:
        write(1500, 2048)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bundle.finish()

    # 2048 rows of 160 numbers would take 10 MB.
    assert used < 6_000_000


def test_a_format_that_is_unknown_or_cannot_be_written_is_refused_before_anything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ConfigError, match="format is 'xlsx'; expected one of csv"):
        Bundle(tmp_path, ("csv", "xlsx"), SessionFacts())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package pyarrow; run `.*pip install"):
        check_formats(("parquet",))

    assert not list(tmp_path.iterdir())
    assert formats_module.FORMATS["csv"].file_name == "faces.csv"
