"""events.csv: one row for each marker, whenever its note comes."""

from pathlib import Path

import pytest

from facestream.results.events_file import MOST_OPEN, EventsFile
from facestream.results.files import open_text
from facestream.results.report.session import ReportEvent


def lines_after(path: Path, *events: ReportEvent) -> list[str]:
    with open_text(path) as file:
        written = EventsFile(file)
        for event in events:
            written.add(event)
        written.flush()
        return path.read_text().splitlines()[1:]


def noted(number: int, note: str) -> ReportEvent:
    return ReportEvent(number, "m", note, number, "marker_note")


@pytest.mark.parametrize("note", ["x", "longer than before", "o, \u00e9"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_note_changes_one_row_also_to_a_shorter_one(tmp_path: Path, number: int, note: str):
    markers = [ReportEvent(n, "m", "with it", n) for n in (1, 2, 3)]

    rows = lines_after(tmp_path / "events.csv", *markers, noted(number, note))

    cell = f'"{note}"' if "," in note else note
    assert rows == [f"{n}.000,m,{cell if n == number else 'with it'}" for n in (1, 2, 3)]


def test_rows_after_a_note_are_appended(tmp_path: Path):
    rows = lines_after(
        tmp_path / "events.csv", ReportEvent(1, "m", "", 1), noted(1, "a"), ReportEvent(2, "m", "", 2),
        noted(2, "b"), ReportEvent(3, "program", "note"),
    )  # fmt: skip

    assert rows == ["1.000,m,a", "2.000,m,b", "3.000,program,note"]


def test_a_note_of_a_row_that_is_too_old_is_a_row_of_its_own(tmp_path: Path):
    markers = [ReportEvent(n, "m", "", n) for n in range(1, MOST_OPEN + 2)]

    rows = lines_after(tmp_path / "events.csv", *markers, noted(2, "in time"), noted(1, "late"))

    assert rows.count("1.000,m,") == 1
    assert rows[-1] == "1.000,m,late"
    assert len(rows) == MOST_OPEN + 2
