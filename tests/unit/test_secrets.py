from pathlib import Path

import pytest

from scripts import scan_secrets
from scripts.scan_secrets import suspects_in_files


def test_nothing_in_the_repository_looks_like_a_secret():
    unknown = [suspect for suspect in suspects_in_files() if not suspect.known]

    assert not unknown, "take it out, or say in scripts/scan_secrets.py why it is none"


def test_a_key_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Split, so that this file itself is not reported.
    (tmp_path / "notes.txt").write_text("-----BEGIN RSA " + "PRIVATE KEY-----\nMII\n")
    monkeypatch.setattr(scan_secrets, "ROOT", tmp_path)
    monkeypatch.setattr(scan_secrets, "tracked_files", lambda: ["notes.txt"])

    (found,) = suspects_in_files()

    assert found.kind == "Private Key"
    assert not found.known
