"""The tables of results in R: `read.csv` takes them as they are, with the types and the values that they have."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from facestream.results.bundle import Bundle
from facestream.results.report.session import ReportEvent
from facestream.results.session_file import SessionFacts
from facestream.results.tables import TableOptions
from tests.times import seconds
from tests.unit.results.samples import face, frame

pytestmark = pytest.mark.clients

TABLES = ("faces.csv", "pyfeat.csv", "openface.csv", "events.csv", "codebook.csv")
NAME = 'a "b", ö 🙂\nc.mp4'
# Without any option, as somebody types it; then what R has understood, for pandas.
SCRIPT = """
for (name in commandArgs(trailingOnly = TRUE)) {
  table <- read.csv(name)
  write.csv(data.frame(column = names(table), type = sapply(table, class)), paste0(name, ".types"), row.names = FALSE)
  write.csv(table, paste0(name, ".again"), row.names = FALSE, na = "")
}
faces <- read.csv("faces.csv")
print(aggregate(happy ~ face_id, data = faces, FUN = mean))
stopifnot(is.na(faces$face_id[1]), faces$label[1] == "", all(faces$extra_note[2:3] == "a \\"b\\",\\nö"))
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    options = TableOptions(source=NAME, changes=True, events=True, detector="blazeface")
    bundle = Bundle(tmp_path, ("csv", "pyfeat", "openface"), SessionFacts(), options)
    bundle.write(frame(0))
    bundle.write(frame(1, face(1), face(2, score=None, pose_deg=None), extra={"note": 'a "b",\nö'}))
    bundle.write(frame(2, face(1, label="unsure", unsure="small"), extra={"found": True, "list": [1, "x"]}))
    bundle.add_event(ReportEvent(0.05, 'stimulus, "7"', "it's #1"))
    bundle.finish()
    return tmp_path


def test_read_csv_of_r_takes_every_table_as_it_is(results: Path):
    if shutil.which("Rscript") is None:
        pytest.fail("R is missing; run `make client-programs`")

    done = subprocess.run(
        ["Rscript", "-e", SCRIPT, *TABLES],
        cwd=results, capture_output=True, text=True, timeout=seconds(60), check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    for name in TABLES:
        ours, again = pd.read_csv(results / name), pd.read_csv(results / f"{name}.again")
        assert list(again.columns) == list(ours.columns), name
        pd.testing.assert_frame_equal(again, ours, check_dtype=False, obj=name)
    types = pd.read_csv(results / "faces.csv.types").set_index("column")["type"].to_dict()
    assert types["frame"] == types["face_id"] == types["blinks"] == "integer"
    assert types["time_s"] == types["happy"] == types["x_67"] == types["score"] == "numeric"
    assert types["label"] == types["extra_note"] == "character"
