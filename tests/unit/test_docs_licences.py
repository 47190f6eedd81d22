"""docs/licences.md names everything that the product is made of, so it cannot go stale unnoticed."""

import json
import re

import pytest

from facestream.resources import MODELS_DIR
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
MODELS = list(json.loads((MODELS_DIR / "manifest.json").read_text(encoding="utf-8")))
LIBRARIES = list(
    json.loads((ROOT / "client" / "package.json").read_text(encoding="utf-8"))["dependencies"].items()
)


def packages_of(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)


@pytest.mark.parametrize("package", packages_of("requirements.txt"))
def test_every_dependency_is_named(package: str):
    assert f"`{package}`" in PAGE, f"add {package} and its licence to docs/licences.md"


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_named(model: str):
    assert f"\n| `{model}`" in PAGE, f"add {model} and its licence to docs/licences.md"


@pytest.mark.parametrize(("library", "version"), LIBRARIES)
def test_every_library_of_the_page_is_named_with_its_version(library: str, version: str):
    assert f"`{library}` {version}" in PAGE


@pytest.mark.parametrize("extra", ["lsl", "osc", "parquet", "ray", "tunnel"])
def test_every_extra_is_named(extra: str):
    assert f"`{packages_of(f'requirements-{extra}.txt')[0]}`" in PAGE
