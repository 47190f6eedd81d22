"""The records of a server: what a folder holds, what is lost and counted, and what is deleted."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facestream.analysis.faces import EMOTIONS, FrameReport
from facestream.config import load_config
from facestream.errors import ConfigError
from facestream.messages.events import Marker, MarkerNote
from facestream.messages.telemetry import decode_telemetry
from facestream.recording import care as care_module
from facestream.recording import recorder as recorder_module
from facestream.recording.record import MOST_FACES, MOST_WAITING, SessionRecord, TooManyFacesError
from facestream.recording.recorder import Deletion, Recorder, check_record
from facestream.results.bundle import Bundle
from facestream.results.finishing import finish_interrupted
from facestream.results.growing_table import MAX_EXTRA_NAMES
from facestream.results.report.writer import ReportWriter
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds
from tests.unit.recording.samples import REPORT, SECRET, SIZE_WH, message, recorder_in, session_id

AT_REST = dict(zip(map(str, EMOTIONS), (0.05, 0.0, 0.0, 0.05, 0.1, 0.1, 0.7), strict=True))
KILLED = f"""
AT_REST = {AT_REST}
import os, signal, sys, time
from pathlib import Path
from facestream.messages.events import Marker, MarkerNote
from tests.unit.recording.samples import *
recorder = recorder_in(Path(sys.argv[1]))
record = recorder.begin(session_id("k"), SECRET, "webrtc")
for number in range(50):
    record.add_frame(message(number), REPORT, SIZE_WH)
record.add_marker(Marker(name="stimulus", pts=2.0, id=1))
record.add_marker(Marker(name="marker", pts=2.1, id=2))
record.add_marker(MarkerNote(id=1, name="stimulus", note='left, "red"', pts=2.0))
record.name_face(1, "Ada")
record.set_baseline(1, AT_REST)
time.sleep(1.5)
for number in range(50, 60):
    record.add_frame(message(number), REPORT, SIZE_WH)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = recorder_in(tmp_path)
    yield made
    made.close()


def begun(recorder: Recorder, letter: str = "a", earlier: SessionRecord | None = None) -> SessionRecord:
    before = earlier.earlier if earlier is not None else None
    record = recorder.begin(session_id(letter), SECRET, "webrtc", before)
    assert record is not None
    return record


def written(recorder: Recorder) -> None:
    """Wait until the thread has done everything so far."""
    recorder._writer.submit(lambda: None).result(seconds(20))


def session_of(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "session.json").read_text("utf-8"))
    return content


def rows_of(folder: Path, name: str = "faces.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_record_has_the_frames_markers_and_names_of_its_session(recorder: Recorder, tmp_path: Path):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.add_marker(Marker(name="stimulus", note='left "side"', pts=0.05))
    record.name_face(1, "Ada <3")
    record.add_frame(message(1), REPORT, SIZE_WH)
    record.end("goodbye")
    written(recorder)

    folder = tmp_path / record.files.name
    session = session_of(folder)
    assert (session["whole"], session["why_not_whole"], session["names"]) == (True, None, {"1": "Ada <3"})
    assert session["source"] == session_id("a")
    assert {row["frame"] for row in rows_of(folder)} == {"0", "1"}
    assert rows_of(folder, "events.csv") == [{"time_s": "0.050", "name": "stimulus", "note": 'left "side"'}]
    frame, marker, last = (folder / "frames.jsonl").read_text().splitlines()
    assert (decode_telemetry(frame), decode_telemetry(last)) == (message(0), message(1))
    assert json.loads(marker) == {"type": "marker", "name": "stimulus", "note": 'left "side"', "pts": 0.05}
    report = (folder / "report.html").read_text()
    assert "Ada &#60;3" in report
    assert "stimulus" in report


def test_a_note_that_comes_later_is_in_the_row_of_its_marker(recorder: Recorder, tmp_path: Path):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    for number, name in enumerate(("a", "b", "c"), start=1):
        record.add_marker(Marker(name=name, pts=number / 10, id=number))
    record.add_marker(MarkerNote(id=2, name="b", note='\u00e9t\u00e9, "x"', pts=0.2))
    record.add_marker(Marker(name="d", pts=0.4, id=4))
    record.end("goodbye")
    written(recorder)

    folder = tmp_path / record.files.name
    assert (folder / "events.csv").read_bytes().decode() == (
        'time_s,name,note\n0.100,a,\n0.200,b,"\u00e9t\u00e9, ""x"""\n0.300,c,\n0.400,d,\n'
    )
    assert json.loads((folder / "frames.jsonl").read_text().splitlines()[4]) == {
        "type": "marker_note", "id": 2, "name": "b", "note": '\u00e9t\u00e9, "x"', "pts": 0.2,
    }  # fmt: skip
    events = (folder / "report.html").read_text().partition('id="events"')[2]
    assert "\u00e9t\u00e9" in (events or (folder / "report.html").read_text())


def test_only_the_owner_of_the_process_can_read_a_record(recorder: Recorder, tmp_path: Path):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.end("goodbye")
    written(recorder)

    folder = tmp_path / record.files.name
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        [
            ".facestream",
            "codebook.csv",
            "events.csv",
            "faces.csv",
            "frames.jsonl",
            "report.html",
            "session.json",
        ],
        0o600,
    )


def test_a_session_without_a_frame_leaves_no_folder(recorder: Recorder, tmp_path: Path):
    begun(recorder).end("setup_timeout")
    written(recorder)

    assert list(tmp_path.iterdir()) == []


def test_a_baseline_adds_changes_beside_the_values_from_then_on(recorder: Recorder, tmp_path: Path):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.set_baseline(1, AT_REST)
    record.add_frame(message(1), REPORT, SIZE_WH)
    record.set_baseline(1, None)
    record.add_frame(message(2), REPORT, SIZE_WH)
    record.set_baseline(1, AT_REST)
    record.end("goodbye")
    written(recorder)

    folder = tmp_path / record.files.name
    before, after, taken_away = rows_of(folder)
    assert [before["happy"], after["happy"]] == ["0.600", "0.600"]
    assert [before["happy_change"], after["happy_change"], taken_away["happy_change"]] == ["", "0.550", ""]
    assert after["neutral_change"] == "-0.600"
    assert session_of(folder)["neutral"] == {"1": {"from_time_s": 0.2, "emotions": AT_REST}}
    columns = {row["column"] for row in rows_of(folder, "codebook.csv")}
    assert {f"{name}_change" for name in EMOTIONS} | {"note"} <= columns


def test_a_resumed_session_is_a_second_part_with_the_names_of_the_first(recorder: Recorder, tmp_path: Path):
    first = begun(recorder, "a")
    first.add_frame(message(0), REPORT, SIZE_WH)
    first.name_face(1, "Ada")
    first.set_baseline(1, AT_REST)
    second = begun(recorder, "b", first)
    second.add_frame(message(1), REPORT, SIZE_WH)
    first.end("resumed")
    second.end("goodbye")
    written(recorder)

    session = session_of(tmp_path / second.files.name)
    assert session["names"] == {"1": "Ada"}
    assert rows_of(tmp_path / second.files.name)[0]["happy_change"] == "0.550"
    assert isinstance(session["record"], dict)
    assert session["record"]["continues"] == first.files.name


@pytest.mark.parametrize(
    ("server_days", "agreed_days", "kept_days"), [(30, 7, 7), (0, 7, 7), (7, 30, 7), (30, 0, 30), (0, 0, 0)]
)
def test_a_record_is_kept_no_longer_than_its_peer_agreed_to(
    tmp_path: Path, server_days: int, agreed_days: int, kept_days: int
):
    recorder = recorder_in(tmp_path, server_days)
    record = recorder.begin(session_id("a"), SECRET, "webrtc", most_days=agreed_days)
    assert record is not None
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.end("goodbye")
    recorder.close()

    (folder,) = tmp_path.iterdir()
    assert record.files.keep_days == kept_days
    assert json.loads((folder / "session.json").read_text())["record"]["keep_days"] == kept_days


def test_more_names_than_a_record_may_have_are_rejected(recorder: Recorder):
    record = begun(recorder)
    for face in range(1, MOST_FACES + 1):
        record.name_face(face, "Ada")

    record.name_face(1, "Grace")
    with pytest.raises(TooManyFacesError, match="200 faces have one already"):
        record.name_face(MOST_FACES + 1, "Ada")


def test_values_of_your_own_analysis_are_columns_also_if_the_first_frame_was_not_analysed(tmp_path: Path):
    recorder = recorder_in(tmp_path)
    record = begun(recorder)
    record.add_frame(
        message(0, FrameReport(()), analysed=False, unanalysed="fault"), FrameReport(()), SIZE_WH
    )
    smiling = FrameReport(REPORT.faces, extra={"smiles": 2})
    record.add_frame(message(1, smiling), smiling, SIZE_WH)
    record.end("goodbye")
    written(recorder)
    recorder.close()

    folder = tmp_path / record.files.name
    assert [row["extra_smiles"] for row in rows_of(folder)] == ["2"]
    assert len((folder / "frames.jsonl").read_text().splitlines()) == 2


def test_values_that_appear_late_are_columns_and_those_beyond_the_limit_are_said(
    recorder: Recorder, tmp_path: Path
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    for seq in range(1, MAX_EXTRA_NAMES + 2):
        report = FrameReport(REPORT.faces, extra={f"value_{seq}": seq})
        record.add_frame(message(seq, report), report, SIZE_WH)
    record.end("goodbye")
    written(recorder)

    folder = tmp_path / record.files.name
    rows = rows_of(folder)
    assert [rows[0]["extra_value_1"], rows[1]["extra_value_1"], rows[2]["extra_value_1"]] == ["", "1", ""]
    assert rows[MAX_EXTRA_NAMES][f"extra_value_{MAX_EXTRA_NAMES}"] == str(MAX_EXTRA_NAMES)
    why = str(session_of(folder)["why_not_whole"])
    assert f"in no table, because it has too many names: value_{MAX_EXTRA_NAMES + 1}." in why


def test_frames_beyond_what_may_wait_are_lost_counted_and_said(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    record = begun(recorder)
    go_on = threading.Event()
    recorder._writer.submit(lambda: go_on.wait(seconds(20)))
    for number in range(MOST_WAITING + 5):
        record.add_frame(message(number), REPORT, SIZE_WH)
    record.add_marker(Marker(name="kept", pts=1))
    go_on.set()
    record.end("goodbye")
    written(recorder)

    assert (record.lost, recorder.frames_lost) == (5, 5)
    session = session_of(tmp_path / record.files.name)
    assert session["whole"] is False
    assert "Frames that are missing" in str(session["why_not_whole"])
    assert "too slow: 5." in (tmp_path / record.files.name / "report.html").read_text()
    assert len(rows_of(tmp_path / record.files.name)) == MOST_WAITING
    assert [row["name"] for row in rows_of(tmp_path / record.files.name, "events.csv")] == ["kept"]
    assert [entry.levelname for entry in caplog.records] == ["WARNING"]


def test_a_full_disk_ends_one_record_and_nothing_else(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    record, other = begun(recorder, "a"), begun(recorder, "b")
    write = Bundle.write

    def write_or_fail(bundle: Bundle, result: object) -> None:
        if session_id("a") in str(bundle._folder):
            raise OSError(28, os.strerror(28))
        write(bundle, result)  # type: ignore[arg-type]

    monkeypatch.setattr(Bundle, "write", write_or_fail)
    for number in range(3):
        record.add_frame(message(number), REPORT, SIZE_WH)
        other.add_frame(message(number), REPORT, SIZE_WH)
        written(recorder)

    assert (record.is_active, other.is_active) == (False, True)
    assert recorder.faults == 1
    assert "cannot be written (No space left on device)" in recorder.impaired
    assert ["No space left on device" in entry.getMessage() for entry in caplog.records] == [True]
    other.end("goodbye")
    written(recorder)
    assert len(rows_of(tmp_path / other.files.name)) == 3


def test_what_was_written_before_the_disk_was_full_is_finished_later(recorder: Recorder, tmp_path: Path):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    written(recorder)
    folder = tmp_path / record.files.name
    recorder._writer.put(record.files, _raise_disk_full, lambda: None)
    written(recorder)
    assert session_of(folder)["why_not_whole"] is None

    recorder.tidy()

    assert "could not write" in str(session_of(folder)["why_not_whole"])
    assert len(rows_of(folder)) == 1
    assert (folder / "report.html").stat().st_size > 1000


async def test_a_record_that_could_not_be_written_is_finished_when_the_disk_has_space_again(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorder_module, "LOOK_EVERY_S", 0.01)
    free, finished = threading.Event(), asyncio.Event()
    loop, finish = asyncio.get_running_loop(), finish_interrupted

    def finish_and_say(*arguments: Any) -> None:
        finish(*arguments)
        loop.call_soon_threadsafe(finished.set)

    monkeypatch.setattr(care_module, "_has_space", lambda _root: free.is_set())
    monkeypatch.setattr(care_module, "finish_interrupted", finish_and_say)
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    folder = tmp_path / record.files.name
    written(recorder)

    async with asyncio.TaskGroup() as tasks:
        caring = tasks.create_task(recorder.care())
        await asyncio.sleep(0)
        await loop.run_in_executor(recorder._care_thread, lambda: None)  # after the first look at all folders
        recorder._writer.put(record.files, _raise_disk_full, lambda: None)
        written(recorder)
        recorder._care.finish_failed()
        assert session_of(folder)["why_not_whole"] is None
        free.set()
        async with asyncio.timeout(seconds(20)):
            await finished.wait()
        caring.cancel()

    assert session_of(folder)["why_not_whole"] == (
        "The results end early, because the server could not write them (No space left on device); the session went on."
    )
    assert "No space left on device" in (folder / "report.html").read_text()
    assert len(rows_of(folder)) == 1


def failed_of(recorder: Recorder) -> list[str]:
    """Folders that are still to be finished."""
    return [*recorder._care._failed]


def test_a_try_to_finish_on_a_full_disk_leaves_nothing_behind_and_is_repeated(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    recorder._writer.put(record.files, _raise_disk_full, lambda: None)
    written(recorder)
    folder = tmp_path / record.files.name

    with monkeypatch.context() as patched:
        patched.setattr(ReportWriter, "close", _raise_disk_full)
        recorder._care.finish_failed()
    assert failed_of(recorder) == [folder.name]
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == [".facestream"]

    recorder._care.finish_failed()
    assert failed_of(recorder) == [folder.name], "the next try is ten seconds later"
    recorder._care._retry_at_s = 0.0
    recorder._care.finish_failed()

    assert failed_of(recorder) == []
    assert "(No space left on device)" in str(session_of(folder)["why_not_whole"])


def _raise_disk_full(_files: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_folder_that_disappears_ends_the_record_with_one_warning(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    written(recorder)
    (tmp_path / record.files.name).rename(tmp_path / "elsewhere")

    recorder._writer.submit(lambda: recorder._writer._do(record.files, type(record.files).flush)).result()
    record.add_frame(message(1), REPORT, SIZE_WH)
    record.end("goodbye")
    written(recorder)

    assert not record.is_active
    assert ["No such file or directory" in entry.getMessage() for entry in caplog.records] == [True]


def test_a_fault_in_a_writer_ends_the_record_and_not_the_thread(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
):
    record, other = begun(recorder, "a"), begun(recorder, "b")

    def fail(_files: object) -> None:
        raise ValueError("a bug")

    recorder._writer.put(record.files, fail, lambda: None)
    other.add_frame(message(0), REPORT, SIZE_WH)
    written(recorder)

    assert (record.is_active, other.is_active) == (False, True)
    assert [entry.levelname for entry in caplog.records] == ["ERROR"]


def test_a_killed_process_leaves_what_it_had_written_and_the_next_start_reports_it(tmp_path: Path):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT, env=environment_of_the_checkout(), timeout=seconds(60), check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    (folder,) = tmp_path.iterdir()
    with (folder / "faces.csv").open("a") as file:
        file.write("60,6.000,1,10.0")  # a row that was cut off
    with (folder / "frames.jsonl").open("a") as file:
        file.write('{"v": 1, "seq"')
    recorder = recorder_in(tmp_path)

    recorder.tidy()
    recorder.close()

    rows = rows_of(folder)
    assert len(rows) >= 50
    assert all(row["y_67"] for row in rows)
    messages = (folder / "frames.jsonl").read_text().splitlines()
    frames = [line for line in messages if "seq" in line]
    assert len(messages) == len(frames) + 3
    assert [(row["name"], row["note"]) for row in rows_of(folder, "events.csv")] == [
        ("stimulus", 'left, "red"'),
        ("marker", ""),
    ]
    session = session_of(folder)
    assert session["whole"] is False
    assert "the server was stopped" in str(session["why_not_whole"])
    assert session["names"] == {"1": "Ada"}
    assert isinstance(session["totals"], dict)
    assert session["totals"]["frames"] == len(frames)
    report = (folder / "report.html").read_text()
    assert "Ada" in report
    assert report.count("stimulus") == 1
    assert "left, " in report
    assert "Neutral face set at 0:0" in report
    assert "the server was stopped" in report


def test_a_finished_folder_is_finished_once_and_a_whole_one_never(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    written(recorder)
    recorder.tidy()
    assert session_of(tmp_path / record.files.name)["why_not_whole"] is None, "it is being written"

    record.end("goodbye")
    written(recorder)
    before = (tmp_path / record.files.name / "report.html").stat()
    recorder.tidy()

    assert (tmp_path / record.files.name / "report.html").stat() == before
    assert caplog.records == []


async def test_the_owner_deletes_the_record_of_a_running_session_with_the_parts_before_it(
    recorder: Recorder, tmp_path: Path
):
    first, stranger = begun(recorder, "a"), begun(recorder, "c")
    second = begun(recorder, "b", first)
    for record in (first, second, stranger):
        record.add_frame(message(0), REPORT, SIZE_WH)
    first.end("resumed")

    assert await recorder.delete(second) is Deletion.DONE
    second.add_frame(message(1), REPORT, SIZE_WH)
    second.end("goodbye")
    written(recorder)

    assert [path.name for path in tmp_path.iterdir()] == [stranger.files.name]
    assert recorder.begin(session_id("d"), SECRET, "webrtc", second.earlier) is None


async def test_the_record_of_an_ended_session_is_deleted_with_its_secret_only(
    recorder: Recorder, tmp_path: Path
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.end("goodbye")

    assert await recorder.delete_ended(session_id("a"), "wrong") is Deletion.NOT_YOURS
    assert await recorder.delete_ended(session_id("a"), "") is Deletion.NOT_YOURS
    assert await recorder.delete_ended(session_id("x"), SECRET) is Deletion.NO_RECORD
    assert await recorder.delete_ended("../x", None) is Deletion.NO_RECORD
    assert [path.name for path in tmp_path.iterdir()] == [record.files.name]

    assert await recorder.delete_ended(session_id("a"), SECRET) is Deletion.DONE
    assert list(tmp_path.iterdir()) == []


async def test_a_session_that_is_resumed_after_the_deletion_of_its_record_is_not_recorded(
    recorder: Recorder, tmp_path: Path
):
    record = begun(recorder)
    record.add_frame(message(0), REPORT, SIZE_WH)
    record.end("peer_silent")

    assert await recorder.delete_ended(session_id("a"), "wrong") is Deletion.NOT_YOURS
    assert not record.is_deleted
    assert await recorder.delete_ended(session_id("a"), SECRET) is Deletion.DONE

    assert recorder.begin(session_id("b"), SECRET, "webrtc", record.earlier) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error_at_the_start(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"record: .*file.* cannot be written to") as raised:
        check_record(load_config(record=tmp_path / "file" / "records"))

    assert raised.value.setting == "record"


def test_an_unknown_format_is_an_error_at_the_start(tmp_path: Path):
    with pytest.raises(ConfigError, match="record_formats: format is 'xlsx'"):
        check_record(load_config(record=tmp_path, record_formats=("csv", "xlsx")))
