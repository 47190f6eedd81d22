"""faces.csv: its columns, its rows, and that `csv` and pandas read the same numbers from it."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facestream.errors import ConfigError
from facestream.results.formats import format_named
from facestream.results.record import FrameResult
from facestream.results.tables import TableOptions
from tests.unit.results.samples import POINTS, face, frame

FRAME = ["frame", "time_s"]
FACE = ["face_id", "box_left", "box_top", "box_width", "box_height", "score", "label", "unsure", "trust"]
EMOTIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
BODY = [
    "yaw_deg", "pitch_deg", "roll_deg", "eye_opening", "mouth_opening", "blinks",
    "valence", "arousal", "smile", "brows", "eyes_closed_s", "eye_closures", "yawns", "gaze",
]  # fmt: skip
COLUMNS = [*FRAME, *FACE, *EMOTIONS, *BODY]
LANDMARKS = [f"{axis}_{point}" for axis in "xy" for point in range(68)]


def written(*results: FrameResult, options: TableOptions | None = None, name: str = "csv") -> str:
    file = io.StringIO(newline="")
    writer = format_named(name).make_writer(file, options or TableOptions())
    for result in results:
        writer.write(result)
    writer.close()
    return file.getvalue()


def table(*results: FrameResult, options: TableOptions | None = None) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(written(*results, options=options)))


def test_the_columns_are_those_that_the_documentation_promises():
    assert list(table().columns) == COLUMNS + LANDMARKS
    assert list(table(options=TableOptions(landmarks=False)).columns) == COLUMNS
    assert list(table(options=TableOptions(landmarks=False, extra_names=("smiles",))).columns) == [
        *COLUMNS,
        "extra_smiles",
    ]


def test_each_face_of_a_frame_is_a_row_with_its_own_numbers():
    rows = table(frame(3, face(1), face(4, label="unsure", unsure="small", box=(300, 40, 20, 20))))

    assert rows["frame"].tolist() == [3, 3]
    assert rows["time_s"].tolist() == [0.1, 0.1]
    assert rows["face_id"].tolist() == [1, 4]
    assert rows["label"].tolist() == ["happy", "unsure"]
    assert rows["unsure"].isna().tolist() == [True, False]
    assert rows["box_left"].tolist() == [10.25, 300]
    assert rows["happy"].tolist() == [0.8, 0.8]
    assert rows["x_67"].tolist() == [67.25, 67.25]
    assert rows["y_0"].tolist() == [100.5, 100.5]
    assert np.array_equal(rows.loc[0, LANDMARKS].to_numpy(float), POINTS.T.ravel())


def test_a_frame_without_a_face_is_a_row_with_empty_cells():
    rows = table(frame(0), frame(1, face(1)))

    assert rows["frame"].tolist() == [0, 1]
    assert rows.loc[0, COLUMNS[2:] + LANDMARKS].isna().all()


def test_a_frame_that_was_not_analysed_has_no_row():
    assert table(frame(0, unanalysed="unavailable"), frame(1))["frame"].tolist() == [1]


def test_what_is_not_known_is_an_empty_cell():
    unknown = face(1, score=None, pose_deg=None, landmarks_xy=None, eye_opening=math.nan)

    rows = table(frame(0, unknown, face(2, pose_deg=(math.nan, math.inf, 1.0))))

    empty = ["score", "yaw_deg", "pitch_deg", "roll_deg", "eye_opening", "x_0", "y_67"]
    assert rows.loc[0, empty].isna().all()
    assert rows.loc[1, ["yaw_deg", "pitch_deg"]].isna().all()
    assert rows.loc[1, "roll_deg"] == 1.0


def test_the_text_has_three_decimals_and_line_feeds_only():
    text = written(frame(1, face(1)), options=TableOptions(landmarks=False))

    lines = text.split("\n")
    assert lines[1] == (
        "1,0.033,1,10.250,20.500,99.000,100.125,0.875,happy,,0.875,"
        "0.010,0.020,0.030,0.800,0.040,0.050,0.050,12.500,-3.250,0.000,0.310,0.050,2,0.600,0.500,-0.250,,1.500,3,1,left"
    )
    assert lines[2:] == [""]
    assert "\r" not in text


def test_values_of_a_plug_in_are_in_each_row_of_their_frame():
    options = TableOptions(landmarks=False, extra_names=("smiles", "note", "more"))
    note = 'a "smile", then\nnone 🙂'
    results = [
        frame(0, face(1), face(2), extra={"smiles": 2, "note": note, "more": {"of": [1, True]}, "other": 1}),
        frame(1, extra={"smiles": 0.125}),
    ]

    rows = list(csv.DictReader(io.StringIO(written(*results, options=options), newline="")))

    assert [row["extra_smiles"] for row in rows] == ["2", "2", "0.125"]
    assert [row["extra_note"] for row in rows] == [note, note, ""]
    assert rows[0]["extra_more"] == '{"of": [1, true]}'
    assert table(*results, options=options)["extra_smiles"].tolist() == [2, 2, 0.125]


def test_a_file_on_a_disk_is_read_untouched(tmp_path: Path):
    path = tmp_path / "faces.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = format_named("csv").make_writer(file, TableOptions(landmarks=False))
        for number in range(100):
            writer.write(frame(number, *(face(n) for n in range(1, number % 3 + 1))))
        writer.close()

    rows = pd.read_csv(path)

    assert rows["frame"].nunique() == 100
    assert rows["face_id"].notna().sum() == sum(number % 3 for number in range(100))
    assert rows.dtypes["yaw_deg"] == rows.dtypes["happy"] == np.float64


def test_a_format_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match="format is 'xlsx'; expected one of csv"):
        format_named("xlsx")
