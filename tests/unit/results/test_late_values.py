"""Values of your own analysis that appear after the first frames: they are columns, and no row and no file is lost."""

import csv
import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from facestream.analysis.drawing.words import Language
from facestream.results.bundle import Bundle
from facestream.results.files import PRIVATE
from facestream.results.finishing import finish_interrupted
from facestream.results.formats import FORMATS
from facestream.results.growing_table import MAX_EXTRA_NAMES
from facestream.results.report.session import ReportOptions
from facestream.results.session_file import SessionFacts
from facestream.results.tables import TableOptions, whole_rows
from tests.unit.results.samples import face, frame

TABLES = {"faces.csv": "csv", "pyfeat.csv": "pyfeat", "openface.csv": "openface"}
QUOTED = TableOptions(source='a "b",\nc.mp4', changes=True)
"""A name with all that must be quoted, in the table of Py-Feat."""


def written(folder: Path, options: TableOptions = QUOTED) -> Bundle:
    """Frames with one value from the third on, and with two from the fifth on."""
    bundle = Bundle(folder, tuple(FORMATS), SessionFacts(), options)
    for number in range(6):
        extra = {"smiles": number, "a": "x"} if number > 3 else {"smiles": number} if number > 1 else {}
        bundle.write(frame(number, face(1), face(2), extra=extra))
    return bundle


@pytest.mark.parametrize("name", TABLES)
def test_a_value_that_appears_late_is_a_column_that_is_empty_before(tmp_path: Path, name: str):
    written(tmp_path).finish()

    table = pd.read_csv(tmp_path / name)
    assert list(table.columns[-2:]) == ["extra_smiles", "extra_a"]
    assert table["extra_smiles"].fillna(-1).tolist() == [-1, -1, -1, -1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert table["extra_a"].fillna("").tolist() == [""] * 8 + ["x"] * 4
    codebook = pd.read_csv(tmp_path / "codebook.csv")["column"].tolist()
    assert {"extra_smiles", "extra_a"} <= set(codebook)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", [*TABLES, "faces.parquet"])
def test_the_other_columns_are_those_of_a_table_that_knew_all_names(tmp_path: Path, name: str):
    late, known = tmp_path / "late", tmp_path / "known"
    for folder, names in ((late, ()), (known, ("smiles", "a"))):
        folder.mkdir()
        options = TableOptions(source=QUOTED.source, changes=True, extra_names=names)
        written(folder, options).finish()

    if name.endswith(".csv"):
        assert (late / name).read_text() == (known / name).read_text()
    else:
        pd.testing.assert_frame_equal(pd.read_parquet(late / name), pd.read_parquet(known / name))


def test_a_parquet_file_with_several_groups_of_rows_is_widened(tmp_path: Path):
    bundle = Bundle(tmp_path, ("parquet",), SessionFacts())
    for number in range(1500):
        bundle.write(frame(number, face(1), extra={"late": number} if number > 1400 else {}))
    bundle.finish()

    table = pd.read_parquet(tmp_path / "faces.parquet")
    assert table["frame"].tolist() == list(range(1500))
    assert table["extra_late"].dropna().tolist() == [str(number) for number in range(1401, 1500)]


def test_names_beyond_the_limit_are_counted_and_columns_are_not_made(tmp_path: Path):
    bundle = Bundle(tmp_path, ("csv",), SessionFacts())
    for number in range(3 * MAX_EXTRA_NAMES):
        bundle.write(frame(number, face(1), extra={f"v{number}": 1}))
    bundle.finish()

    columns = pd.read_csv(tmp_path / "faces.csv").columns
    assert sum(name.startswith("extra_") for name in columns) == MAX_EXTRA_NAMES
    assert [*bundle.names_left_out] == [
        f"v{number}" for number in range(MAX_EXTRA_NAMES, 2 * MAX_EXTRA_NAMES)
    ]


def test_a_full_disk_while_a_table_gets_a_column_costs_none_of_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle = Bundle(tmp_path, ("csv",), SessionFacts(), None, None, "by caller", PRIVATE)
    bundle.write(frame(0, face(1)))

    replace_file = Path.replace

    def full(path: Path, target: Path) -> None:
        if path.name == ".faces.csv.part":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            bundle.write(frame(1, face(1), extra={"late": 1}))
    bundle.close()
    finish_interrupted(tmp_path, "the disk was full", ReportOptions(Language.ENGLISH))

    assert pd.read_csv(tmp_path / "faces.csv")["frame"].tolist() == [0]


def test_a_process_that_is_killed_in_between_leaves_the_table_as_it_was(tmp_path: Path):
    bundle = Bundle(tmp_path, ("csv",), SessionFacts(), None, None, "each frame", PRIVATE)
    bundle.write(frame(0, face(1)))
    bundle.close()
    (tmp_path / ".faces.csv.part").write_text("frame,half of a he")
    (tmp_path / ".codebook.csv.part").write_text("")

    finish_interrupted(tmp_path, "killed", ReportOptions(Language.ENGLISH))

    assert pd.read_csv(tmp_path / "faces.csv")["frame"].tolist() == [0]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_rows_of_a_file_are_those_that_a_reader_of_csv_finds(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"x\ny",2\n"""",3\n4,"torn\n', newline="")

    with path.open(newline="") as file:
        rows = list(whole_rows(file))

    assert [next(csv.reader([row], strict=True)) for row in rows] == [["a", "b"], ["x\ny", "2"], ['"', "3"]]
