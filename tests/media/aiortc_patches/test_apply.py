import pytest

import facestream.aiortc_patches as hardening
from facestream.aiortc_patches import replacement
from facestream.aiortc_patches.replacement import Replacement
from facestream.errors import FacestreamError


def test_applying_the_patches_twice_changes_nothing():
    hardening.apply()
    first = [getattr(each.owner, each.name) for each in hardening.replacements]

    hardening.apply()

    assert [getattr(each.owner, each.name) for each in hardening.replacements] == first


def test_every_patch_is_applied():
    assert all(getattr(each.owner, each.name) == each.new for each in hardening.replacements)


def test_another_version_of_the_library_is_rejected(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(replacement.WRITTEN_FOR, "aiortc", "1.99")

    with pytest.raises(FacestreamError, match=r"aiortc 1\.16\.0 is installed, expected 1\.99\.\*"):
        hardening.apply()


def test_a_missing_name_is_rejected_and_nothing_is_patched():
    class Library:
        kept = 1

    wanted = [Replacement(Library, "kept", 2, "test"), Replacement(Library, "gone", 2, "test")]

    with pytest.raises(FacestreamError, match=r"Library\.gone: not found"):
        replacement.install(wanted)
    assert Library.kept == 1


def test_a_missing_private_attribute_is_rejected():
    class Library:
        def __init__(self) -> None:
            self._kept = 1

    with pytest.raises(FacestreamError, match="_gone"):
        replacement.check_mentions(Library, "__init__", ("_kept", "_gone"))


def test_every_patch_is_documented():
    from pathlib import Path

    document = (Path(__file__).resolve().parents[3] / "docs" / "aiortc-patches.md").read_text()

    assert [each.path for each in hardening.replacements if f"`{each.name}`" not in document] == []
