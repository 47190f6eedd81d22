"""The tables of all sources in one, as CSV and as Parquet."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from facestream.errors import ConfigError
from facestream.offline.combined import write_combined
from facestream.offline.journal import Entry, ResultFolder, Totals
from facestream.offline.sources import Source, SourceKind
from facestream.offline.summary import Fate, SourceOutcome
from facestream.results.bundle import Bundle
from facestream.results.parquet import ROWS_PER_JOINED_GROUP, join_parquet
from facestream.results.session_file import SessionFacts
from facestream.results.tables import TableOptions
from tests.conftest import environment_of_the_checkout
from tests.times import seconds
from tests.unit.results.samples import face, frame


def table(folder: Path, frames: int, *extra: str, formats: tuple[str, ...] = ("csv", "parquet")) -> Path:
    """A folder with the results of a source: a face in each frame but the first."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle = Bundle(folder, formats, SessionFacts(), TableOptions(extra_names=extra, landmarks=False))
    for number in range(frames):
        values = dict.fromkeys(extra, number)
        bundle.write(frame(number, *([face(1)] if number else []), extra=values))
    bundle.finish()
    return folder


def outcome(name: str, shown: str = "") -> SourceOutcome:
    source = Source(SourceKind.FILE, name, shown or name)
    entry = Entry(name, name, 1, 1, {}, Totals(1, 1, 1, 1.0, (640, 360)))
    return SourceOutcome(source, Fate.ANALYSED, name, entry)


def test_parquet_files_are_joined_as_the_csv_tables_are(tmp_path: Path):
    table(tmp_path / "a", 3)
    table(tmp_path / "b", 4, "smiles")
    outcomes = [outcome("a", "videos/ü: \U0001f600.mp4"), outcome("b", os.fsdecode(b"videos/\xff.mp4"))]
    with ResultFolder(tmp_path) as folder:
        written = write_combined(folder, outcomes, ("faces.csv", "faces.parquet", "frames.jsonl"))

    assert [path.name for path in written] == ["faces.csv", "faces.parquet"]
    plain, typed = pd.read_csv(tmp_path / "faces.csv"), pd.read_parquet(tmp_path / "faces.parquet")
    assert list(typed.columns) == list(plain.columns)
    assert list(typed.columns)[:3] == ["input", "frame", "time_s"]
    assert typed["input"].tolist() == ["videos/ü: \U0001f600.mp4"] * 3 + ["videos/\\udcff.mp4"] * 4
    assert typed["input"].tolist() == plain["input"].tolist()
    assert typed["frame"].tolist() == [0, 1, 2, 0, 1, 2, 3]
    assert typed["extra_smiles"].fillna("").tolist() == ["", "", "", "0", "1", "2", "3"]
    assert (typed["happy"].fillna(-1) - plain["happy"].fillna(-1)).abs().max() < 0.001
    types = {field.name: str(field.type) for field in parquet.read_schema(tmp_path / "faces.parquet")}
    assert (types["frame"], types["time_s"], types["happy"]) == ("int32", "double", "float")
    assert sorted(path.name for path in (tmp_path / ".facestream").iterdir()) == ["lock"]


def test_many_short_files_become_few_groups(tmp_path: Path):
    one = table(tmp_path / "one", 100, formats=("parquet",)) / "faces.parquet"
    count = ROWS_PER_JOINED_GROUP // 100 + 20

    join_parquet([(str(number), one) for number in range(count)], tmp_path / "all.parquet")

    with parquet.ParquetFile(tmp_path / "all.parquet") as joined:
        assert joined.num_row_groups == 2
        assert joined.metadata.num_rows == 100 * count


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("faces.parquet", b"PAR1 no more", "no Parquet file that can be read"),
        ("faces.parquet", b"", "no Parquet file that can be read"),
        ("faces.csv", b"frame,time_s\n1\n", "a row of 1 cells, expected 2"),
        ("faces.csv", b"frame,\xff\n", "no table"),
    ],
)
def test_a_damaged_table_is_named_and_the_old_one_stays(
    tmp_path: Path, name: str, content: bytes, named: str
):
    table(tmp_path / "a", 3)
    table(tmp_path / "b", 3)
    (tmp_path / "b" / name).write_bytes(content)
    with ResultFolder(tmp_path) as folder:
        (tmp_path / name).write_text("old")
        with pytest.raises(ConfigError, match=rf"b/{name}.*{named}.*run the command again"):
            write_combined(folder, [outcome("a"), outcome("b")], (name,))

    assert (tmp_path / name).read_text() == "old"
    assert sorted(path.name for path in (tmp_path / ".facestream").iterdir()) == ["lock"]


def test_a_run_joins_parquet_and_says_which_table_is_damaged(tmp_path: Path, media_dir: Path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(media_dir / "multi_face.jpg", photos / name)
    command = [sys.executable, "-m", "facestream", "analyze", str(photos), "--out", str(out)]
    command += ["--format", "parquet,html", "--combine"]

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, capture_output=True, text=True, timeout=seconds(120), env=environment_of_the_checkout(),
            check=False,
        )  # fmt: skip

    first = run()
    joined = pd.read_parquet(out / "faces.parquet")
    (out / "b" / "faces.parquet").write_bytes(b"")
    second = run()
    (out / "b" / "faces.parquet").unlink()
    third = run()

    assert [first.returncode, second.returncode, third.returncode] == [0, 1, 0], first.stderr + third.stderr
    assert joined.groupby("input").size().tolist() == [5, 5]
    assert "2 skipped" in second.stdout
    assert "out/b/faces.parquet is no Parquet file" in second.stderr
    assert "Traceback" not in second.stderr
    pd.testing.assert_frame_equal(pd.read_parquet(out / "faces.parquet"), joined)
