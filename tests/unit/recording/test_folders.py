"""Folders of records: which are ours, how long they are kept, and that two servers can share a directory."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from facestream.recording.folders import DELETING, Held, RecordFolders, name_of
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
