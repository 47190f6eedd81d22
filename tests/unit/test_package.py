"""The package metadata in pyproject.toml agrees with the requirements files, and openapi.json with its source."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.write_schema import openapi_text
from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RANGES = {
    canonicalize_name(wanted.name): wanted.specifier
    for wanted in map(Requirement, PYPROJECT["project"]["dependencies"])
}


def pins(file: str) -> dict[str, str]:
    """Versions by name: the chosen libraries, which are the first block of a requirements file."""
    chosen = (ROOT / file).read_text(encoding="utf-8").split("\n\n")[0]
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", chosen, re.MULTILINE)
    }


def test_the_package_depends_on_the_chosen_libraries():
    # pip is in every virtual environment that `make setup` makes.
    assert RANGES.keys() - {"pip"} == pins("requirements.txt").keys()


@pytest.mark.parametrize(("name", "version"), pins("requirements.txt").items())
def test_the_package_accepts_the_tested_version(name: str, version: str):
    assert RANGES[canonicalize_name(name)].contains(version)


def test_the_build_uses_the_pinned_hatchling():
    assert PYPROJECT["build-system"]["requires"] == [
        f"hatchling=={pins('requirements-dev.txt')['hatchling']}"
    ]


def test_the_served_openapi_json_equals_the_yaml_that_is_edited():
    served = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")

    assert served == openapi_text(), "run `make schema`"
