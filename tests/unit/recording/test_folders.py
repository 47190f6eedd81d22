"""Folders of records: which are ours, how long they are kept, and that two servers can share a directory."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from facestream.recording.folders import DELETING, Held, RecordFolders, name_of
from facestream.recording.recorder import Deletion
from tests.times import seconds
from tests.unit.recording.samples import SECRET, recorder_in, session_id

NOW = datetime.now(UTC)


def put_record(root: Path, letter: str, age_days: float, keep_days: int = 30, **changed: object) -> Path:
    began = NOW - timedelta(days=age_days)
    path = root / name_of(session_id(letter), began)
    held = Held.new(path, SECRET)
    held.release()
    content: dict[str, object] = {
        "session_file_version": 1,
        "whole": True,
        "began_at": began.isoformat(" ", "seconds"),
        "record": {"session_id": session_id(letter), "keep_days": keep_days},
    }
    (path / "session.json").write_text(json.dumps(content | changed))
    return path


def tidied(root: Path, keep_days: int = 30) -> set[str]:
    recorder = recorder_in(root, keep_days)
    recorder.tidy()
    recorder.close()
    return {path.name for path in root.iterdir()}


def test_a_record_is_deleted_after_its_own_days(tmp_path: Path):
    put_record(tmp_path, "a", age_days=31)
    young = put_record(tmp_path, "b", age_days=29)
    longer = put_record(tmp_path, "c", age_days=31, keep_days=60)
    unlimited = put_record(tmp_path, "d", age_days=5000, keep_days=0)

    assert tidied(tmp_path, keep_days=1) == {young.name, longer.name, unlimited.name}


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
