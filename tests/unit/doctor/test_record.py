"""The check of the folder for the results of sessions, by `doctor` on the machine of the server."""

import errno
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from facestream.config import load_config
from facestream.doctor.findings import Verdict
from facestream.doctor.record import record_finding


def test_without_records_there_is_nothing_to_check():
    assert record_finding(load_config()) is None


def test_a_folder_that_can_be_written_to_is_ok_and_is_not_left_behind(tmp_path: Path):
    found = record_finding(load_config(record=tmp_path / "some" / "records", record_days=7))

    assert found is not None
    assert found.verdict is Verdict.OK
    assert "has 0 sessions, and space for about" in found.found
    assert "for 7 days" in found.found
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")

    found = record_finding(load_config(record=tmp_path / "file" / "records"))

    assert found is not None
    assert found.verdict is Verdict.ERROR
    assert "a part of its path is a file" in found.found


def test_little_space_and_no_retention_are_warnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    endless = record_finding(load_config(record=tmp_path, record_days=0))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=200e6))
    little = record_finding(load_config(record=tmp_path))

    assert endless is not None
    assert (endless.verdict, endless.remedy) == (Verdict.WARNING, "set record_days")
    assert little is not None
    assert little.verdict is Verdict.WARNING
    assert "space for about 1 h" in little.found


def test_a_full_disk_is_advised_on_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(**_changed: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    found = record_finding(load_config(record=tmp_path))

    assert found is not None
    assert found.verdict is Verdict.ERROR
    assert "(No space left on device)" in found.found
    assert "free up space on that disk" in found.found
    assert "permissions" not in found.as_text()
