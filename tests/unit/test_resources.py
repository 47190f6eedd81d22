from pathlib import Path

import pytest

from facestream import resources
from facestream.errors import ModelFileError
from tests.conftest import ROOT


def test_a_checkout_has_its_resources_beside_the_package():
    assert resources.IS_CHECKOUT
    assert resources.CLIENT_DIR == ROOT / "client"
    assert all(
        path.exists()
        for path in (resources.CLIENT_DIR, resources.MODELS_DIR, resources.OPENAPI, resources.REQUIREMENTS)
    )


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("/var/cache", "/var/cache/facestream"),
        ("", "/home/someone/.cache/facestream"),
        ("relative", "/home/someone/.cache/facestream"),
    ],
)
def test_the_cache_of_the_user_follows_the_xdg_specification(
    monkeypatch: pytest.MonkeyPatch, named: str, expected: str
):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", named)

    assert resources.user_cache_dir() == Path(expected)


def test_without_a_home_directory_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch):
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)

    with pytest.raises(ModelFileError, match="set XDG_CACHE_HOME"):
        resources.user_cache_dir()
