"""Folders of records: which are ours, how long they are kept, and that two servers can share a directory."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from facestream.recording.care import RecordCare
from facestream.recording.clock import WITNESS, RecordClock, Seen
from facestream.recording.folders import DELETING, MAKING, Held, RecordFolders, name_of
from facestream.recording.recorder import Deletion
from facestream.results.report.session import ReportOptions
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds
from tests.unit.recording.samples import SECRET, recorder_in, session_id

NOW = datetime.now(UTC)


def put_record(root: Path, letter: str, age_days: float, keep_days: int = 30, **changed: object) -> Path:
    began = NOW - timedelta(days=age_days)
    path = root / name_of(session_id(letter), began)
    content: dict[str, object] = {
        "session_file_version": 1,
        "whole": True,
        "began_at": began.isoformat(" ", "seconds"),
        "record": {"session_id": session_id(letter), "keep_days": keep_days},
    }
    Held.new(path, SECRET, content | changed).release()
    return path


def tidied(root: Path, keep_days: int = 30) -> set[str]:
    recorder = recorder_in(root, keep_days)
    recorder.tidy()
    recorder.close()
    return {path.name for path in root.iterdir()} - {WITNESS}


def test_a_record_is_deleted_after_its_own_days(tmp_path: Path):
    put_record(tmp_path, "a", age_days=31)
    young = put_record(tmp_path, "b", age_days=29)
    longer = put_record(tmp_path, "c", age_days=31, keep_days=60)
    unlimited = put_record(tmp_path, "d", age_days=5000, keep_days=0)

    assert tidied(tmp_path, keep_days=1) == {young.name, longer.name, unlimited.name}


def test_the_record_of_a_node_of_a_cluster_is_found_by_its_id(tmp_path: Path):
    """The ids of a node begin with its own id and a dot."""
    of_node = f"node7.{session_id('a')}"
    path = tmp_path / name_of(of_node, NOW)
    Held.new(path, SECRET, {"session_file_version": 1, "record": {"session_id": of_node}}).release()
    folders = RecordFolders(tmp_path)

    found = folders.of_session(of_node)

    assert found is not None
    assert found.path == path
    assert folders.of_session(session_id("a")) is None, "an id without the node is another session"


def test_nothing_but_records_is_deleted(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "records"
    root.mkdir()
    outside = put_record(elsewhere, "a", age_days=99)
    (root / outside.name).symlink_to(outside)
    (root / "notes").mkdir()
    (root / "notes" / "session.json").write_text("{}")
    (root / "a.txt").write_text("")
    for letter, changed in (
        ("b", {"session_file_version": None, "record": None}),
        ("c", {"record": {"session_id": session_id("x"), "keep_days": 30}}),
        ("d", {"began_at": "long ago"}),
        ("e", {"record": {"session_id": session_id("e"), "keep_days": "?"}}),
    ):
        put_record(root, letter, 99, **changed)
    linked = put_record(root, "f", 99)
    (elsewhere / "session.json").write_text((linked / "session.json").read_text())
    (linked / "session.json").unlink()
    (linked / "session.json").symlink_to(elsewhere / "session.json")
    unlocked = put_record(root, "g", 99)
    (unlocked / ".facestream").unlink()
    renamed = root / "kept for the paper"
    put_record(root, "h", 99).rename(renamed)
    before = {path.name for path in root.iterdir()}

    assert tidied(root) == before
    assert (outside / "session.json").exists()


def test_what_another_server_writes_is_left_alone(tmp_path: Path):
    old = put_record(tmp_path, "a", age_days=31)
    cut_off = put_record(tmp_path, "b", age_days=1, whole=False)
    held = [Held.existing(path) for path in (old, cut_off)]
    assert None not in held

    assert tidied(tmp_path) == {old.name, cut_off.name}
    assert json.loads((cut_off / "session.json").read_text()).get("why_not_whole") is None

    for one in held:
        assert one is not None
        one.release()
    assert tidied(tmp_path) == {cut_off.name}
    assert json.loads((cut_off / "session.json").read_text())["why_not_whole"]


def test_a_deletion_that_was_cut_off_is_completed(tmp_path: Path):
    rest = put_record(tmp_path, "a", age_days=1)
    rest.rename(tmp_path / f"{DELETING}{rest.name}")
    (tmp_path / f"{DELETING}mine").mkdir()

    assert tidied(tmp_path) == {f"{DELETING}mine"}


def test_a_directory_that_is_gone_is_not_made_again(tmp_path: Path):
    root = tmp_path / "records"
    recorder = recorder_in(root)
    root.rmdir()

    recorder.tidy()
    recorder.close()

    assert not root.exists()


def test_the_directory_is_made_for_its_owner_only(tmp_path: Path):
    RecordFolders(tmp_path / "some" / "records").prepare()

    assert (tmp_path / "some" / "records").stat().st_mode & 0o777 == 0o700


def cut_off(root: Path, letter: str, **changed: object) -> Path:
    path = put_record(root, letter, 1, 30, whole=False, **changed)
    (path / "frames.jsonl").write_text("")
    return path


def test_a_folder_with_links_changes_no_file_elsewhere(tmp_path: Path):
    root = tmp_path / "records"
    root.mkdir()
    mine = tmp_path / "mine.csv"
    mine.write_text("no end of line")
    files = {"csv": "faces.csv", "html": "report.html"}
    for letter, name in (("a", "faces.csv"), ("b", ".report.html.part"), ("c", ".session.json.part")):
        (cut_off(root, letter, files=files) / name).symlink_to(mine)
    linked = cut_off(root, "d", files=files)
    (linked / "frames.jsonl").unlink()
    (linked / "frames.jsonl").symlink_to(mine)
    good = cut_off(root, "e", files=files)

    tidied(root)

    assert mine.read_text() == "no end of line"
    assert not (linked / "report.html").exists()
    assert json.loads((good / "session.json").read_text())["why_not_whole"]


def test_a_folder_that_nobody_can_finish_stops_neither_the_others_nor_the_deletion(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    broken: dict[str, dict[str, object]] = {
        "a": {"names": ["x"]},
        "b": {"files": 3},
        "c": {"totals": [1]},
        "d": {"models": [1]},
        "e": {"settings": "x"},
    }
    for letter, changed in broken.items():
        cut_off(tmp_path, letter, **{"files": {"html": "report.html"}, **changed})
    (cut_off(tmp_path, "f") / "session.json").write_text("[" * 100_000)
    pipe = cut_off(tmp_path, "g") / "session.json"
    pipe.unlink()
    os.mkfifo(pipe)
    os.mkfifo(cut_off(tmp_path, "h", files={"csv": "faces.csv"}) / "faces.csv")
    good = cut_off(tmp_path, "i")
    old = put_record(tmp_path, "j", age_days=31)

    left = tidied(tmp_path)

    assert old.name not in left
    assert len(left) == 9
    assert json.loads((good / "session.json").read_text())["why_not_whole"]
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == len(broken) + 1
    assert all("cannot be finished (" in line and "\n" not in line for line in warned)


async def test_folders_that_name_each_other_are_looked_at_once(tmp_path: Path):
    names = {letter: name_of(session_id(letter), NOW) for letter in "abc"}
    held = list[Held | None]()
    for letter, continues in (("a", "b"), ("b", "c"), ("c", "b")):
        record = {"session_id": session_id(letter), "keep_days": 30, "continues": names[continues]}
        path = put_record(tmp_path, letter, 0, record=record)
        held += [Held.existing(path)] if letter != "a" else []
    recorder = recorder_in(tmp_path)

    async with asyncio.timeout(seconds(20)):
        assert await recorder.delete_ended(session_id("a"), SECRET) is Deletion.DONE

    recorder.close()
    assert {path.name for path in tmp_path.iterdir()} == {names["b"], names["c"]}
    for one in held:
        assert one is not None
        one.release()


KILLED = """
import os, signal, sys
from pathlib import Path
from facestream.recording import folders
from tests.unit.recording.samples import *

module, name = {"open": (os, "open"), "lock": (folders.fcntl, "flock"), "secret": (os, "write"),
    "content": (folders, "write_session_file")}[sys.argv[2]]
recorder = recorder_in(Path(sys.argv[1]))
record = recorder.begin(session_id("k"), SECRET, "webrtc")
setattr(module, name, lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL))
record.add_frame(message(0), REPORT, SIZE_WH)
recorder._writer.submit(lambda: None).result(20)
"""


@pytest.mark.parametrize("step", ["open", "lock", "secret", "content"])
def test_a_process_that_is_killed_while_it_makes_a_folder_leaves_nothing_for_ever(tmp_path: Path, step: str):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), step],
        cwd=ROOT,
        env=environment_of_the_checkout() | {"PYTHONPATH": str(ROOT)},
        timeout=seconds(60),
        check=False,
    )
    (left,) = tmp_path.iterdir()
    assert ended.returncode == -signal.SIGKILL
    assert left.name.startswith(MAKING)
    assert tidied(tmp_path) == {left.name}, "another server may be making it"

    os.utime(left, (NOW.timestamp() - 120,) * 2)

    assert tidied(tmp_path) == set()


def test_a_folder_that_appears_is_known_as_a_record_before_it_has_a_table(tmp_path: Path):
    path = put_record(tmp_path, "a", 31, whole=False)

    assert sorted(each.name for each in path.iterdir()) == [".facestream", "session.json"]
    assert tidied(tmp_path) == set()


def clock_at(root: Path, now: datetime, *, is_synchronised: bool = False) -> RecordClock:
    return RecordClock(root, lambda: now, lambda: is_synchronised)


def tidied_at(root: Path, now: datetime, *, is_synchronised: bool = False) -> set[str]:
    clock = clock_at(root, now, is_synchronised=is_synchronised)
    RecordCare(RecordFolders(root), ReportOptions(), clock).tidy()
    return {path.name for path in root.iterdir()} - {WITNESS}


def test_a_clock_that_is_far_ahead_deletes_nothing_and_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    young = put_record(tmp_path, "a", age_days=1)
    assert tidied_at(tmp_path, NOW) == {young.name}

    left = tidied_at(tmp_path, NOW.replace(year=2038))

    assert left == {young.name}
    (said,) = caplog.messages
    assert "the clock of this machine says 2038-" in said
    assert "correct the clock if it is wrong" in said

    assert tidied_at(tmp_path, NOW + timedelta(hours=1)) == {young.name}
    assert tidied_at(tmp_path, NOW + timedelta(days=7)) == {young.name}


def test_a_first_start_with_a_clock_that_is_far_ahead_deletes_nothing(tmp_path: Path):
    young = put_record(tmp_path, "a", age_days=1)

    assert tidied_at(tmp_path, NOW.replace(year=2038)) == {young.name}


def test_a_server_that_was_off_for_long_deletes_a_day_later_or_at_once_if_a_time_service_is_there(
    tmp_path: Path,
):
    put_record(tmp_path, "a", age_days=1)
    tidied_at(tmp_path, NOW)
    later = NOW + timedelta(days=60)

    assert len(tidied_at(tmp_path, later)) == 1
    assert len(tidied_at(tmp_path, later + timedelta(hours=23))) == 1
    assert tidied_at(tmp_path, later + timedelta(hours=25)) == set()

    put_record(tmp_path, "b", age_days=1)
    assert tidied_at(tmp_path, later + timedelta(days=60), is_synchronised=True) == set()


def test_a_record_of_a_time_when_the_clock_was_wrong_is_kept_for_its_days_from_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    without_battery = put_record(tmp_path, "a", 0, began_at="1970-01-01 00:05:00+00:00")
    ahead = put_record(tmp_path, "b", -4000)

    assert tidied_at(tmp_path, NOW) == {without_battery.name, ahead.name}
    assert tidied_at(tmp_path, NOW + timedelta(days=29), is_synchronised=True) == {
        without_battery.name,
        ahead.name,
    }
    assert tidied_at(tmp_path, NOW + timedelta(days=31), is_synchronised=True) == set()
    assert sum("its days are counted from now on" in said for said in caplog.messages) == 2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"seen": 3, "doubted": null}', '{"seen": "2026-11-27", "doubted": null}']
)
def test_a_witness_that_cannot_be_read_is_none(tmp_path: Path, content: str):
    (tmp_path / WITNESS).write_text(content)

    assert clock_at(tmp_path, NOW).believed(lambda: None) == NOW
    assert Seen(NOW) == RecordClock(tmp_path)._read()


def test_a_full_disk_does_not_prevent_the_deletion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put_record(tmp_path, "a", age_days=31)

    def full(_path: Path, *_arguments: object, **_named: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)

    assert tidied_at(tmp_path, NOW) == set()
