"""The documents keep up with the code: every setting, message field, error, dependency and link has its place."""

import argparse
import ast
import importlib
import json
import re
import subprocess
import sys
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from pydantic import BaseModel

import facestream
from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import Layer
from facestream.analysis.faces import EMOTIONS, BoundingBox, Face, FrameReport, HeadPose, UnsureReason
from facestream.analysis.options import AnalysisOptions
from facestream.cli.analyze import add_arguments as add_analyze_arguments
from facestream.cli.photo_lines import report_as_dict
from facestream.cli.replay import add_arguments as add_replay_arguments
from facestream.config import Config
from facestream.messages.control import (
    REQUEST_TYPES,
    REQUESTS,
    ControlReply,
    ErrorCode,
    NoticeCode,
)
from facestream.messages.http import ProblemCode
from facestream.messages.telemetry import FaceMessage, StageTimes, Telemetry
from facestream.sessions.ending import Ending
from scripts.write_schema import schema_text
from tests.conftest import ROOT, environment_of_the_checkout
from tests.times import seconds

DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *ROOT.glob("models/**/*.md"),
        *ROOT.glob("certs/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
MAKE = re.compile(r"`make ([a-z][a-z-]*)")
SOURCES = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for folder in (
        "facestream",
        "client/js",
        "client/css",
        "client/lint",
        "client/package",
        "tests",
        "benchmarks",
        "scripts",
        "models",
        "docs",
        "examples",
    )
    for path in (ROOT / folder).rglob("*.*")
    if "node_modules" not in path.parts
] + ["/server.py"]
PLACES = {"configuration": DOCS / "configuration.md", "telemetry": DOCS / "telemetry.md"}


def text_of(name: str) -> str:
    return PLACES[name].read_text(encoding="utf-8")


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def as_shown(default: object) -> str:
    """A default as the tables show it: TOML, but text without its quotes; none if there is no value."""
    if default in (None, (), ""):
        return "none"
    return f"`{json.dumps(default) if isinstance(default, bool | tuple) else default}`"


@pytest.mark.parametrize("name", list(Config.model_fields))
def test_every_setting_has_its_row_with_its_default(name: str):
    default = Config.model_fields[name].default
    row = re.search(rf"^\| `{name}` \| ([^|]*) \|", text_of("configuration"), re.MULTILINE)

    assert row is not None
    # How many processes there are depends on the machine.
    if name != "analysis_processes":
        assert row[1].strip() == as_shown(default)


@pytest.mark.parametrize("message", [Telemetry, StageTimes, FaceMessage, ControlReply, *REQUESTS])
def test_every_field_of_a_message_is_described(message: type[BaseModel]):
    names = [field.alias or name for name, field in message.model_fields.items()]
    missing = [name for name in names if f"`{name}`" not in text_of("telemetry")]

    assert not missing


@pytest.mark.parametrize("name", [*REQUEST_TYPES, *get_args(ControlReply.model_fields["type"].annotation)])
def test_every_type_of_a_control_message_is_described(name: str):
    page = text_of("telemetry")

    assert f"`{name}`" in page or f'"type":"{name}"' in page


@pytest.mark.parametrize(
    "word", [*Layer, *Background, *UnsureReason, *NoticeCode, *ErrorCode, *ProblemCode, *Ending]
)
def test_every_word_that_a_message_may_hold_is_described(word: StrEnum):
    assert f"`{word}`" in text_of("telemetry")


def test_the_schema_is_the_one_the_code_makes():
    written = (DOCS / "telemetry.schema.json").read_text(encoding="utf-8")

    assert written == schema_text(), "run `make schema`"


def error_names() -> list[str]:
    """Every error of the tree, wherever in the package it is defined."""
    classes = (
        node
        for path in (ROOT / "facestream").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    return sorted(
        node.name for node in classes if "FacestreamError" in {node.name, *map(ast.unparse, node.bases)}
    )


@pytest.mark.parametrize("name", error_names())
def test_every_error_is_explained(name: str):
    assert f"`{name}`" in (DOCS / "operations.md").read_text(encoding="utf-8")


def test_every_option_of_replay_is_described():
    parser = argparse.ArgumentParser(add_help=False)
    add_replay_arguments(parser)
    page = (DOCS / "replay.md").read_text(encoding="utf-8")

    options = [option for action in parser._actions for option in action.option_strings]

    assert options
    assert [option for option in options if f"`{option}" not in page] == []


def test_every_option_of_analyze_is_described():
    parser = argparse.ArgumentParser(add_help=False)
    add_analyze_arguments(parser)
    page = (DOCS / "analyze.md").read_text(encoding="utf-8")

    options = {option for action in parser._actions for option in action.option_strings}
    # Those of the analysis are settings, which have a page of their own.
    own = options - {f"--{field.name.replace('_', '-')}" for field in fields(AnalysisOptions)}

    assert {"--out", "--every"} <= own
    assert [option for option in sorted(own) if f"`{option}" not in page] == []


def test_every_key_of_the_output_of_analyze_is_described():
    face = Face(
        1,
        BoundingBox(0, 0, 9, 9),
        np.zeros((68, 2), np.float32),
        (1.0, *[0.0] * 6),
        EMOTIONS[0],
        pose=HeadPose(0, 0, 0),
    )
    page = (DOCS / "analyze.md").read_text(encoding="utf-8").partition("## JSON lines")[2]

    report = report_as_dict(FrameReport((face,)), landmarks=True)

    (described,) = report["faces"]
    keys = {
        *("image", "width", "height", "error"),
        *(*report, *report["ms"], *described),
        *(*described["probabilities"], *described["pose_deg"]),
    }
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize(
    ("page", "first_line"),
    [
        ("README.md", r"0\.00 s  face 1  \w+  mouth 0\.\d\d"),
        ("docs/api/messages.md", "0 0"),
        ("docs/api/analysis.md", r"\w+ [0-9.e-]+ BoundingBox\(.*\) HeadPose\(.*\)"),
    ],
)
def test_the_example_runs(page: str, first_line: str, tmp_path: Path, media_dir: Path):
    example = (ROOT / page).read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    (tmp_path / "clip.mp4").symlink_to(media_dir / "single_face.mp4")
    (tmp_path / "photo.jpg").symlink_to(media_dir / "multi_face.jpg")

    finished = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env=environment_of_the_checkout(),
        capture_output=True,
        text=True,
        timeout=seconds(60),
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert re.fullmatch(first_line, finished.stdout.splitlines()[0])


def test_every_public_name_is_in_the_reference():
    page = (DOCS / "api" / "facestream.md").read_text(encoding="utf-8")

    assert [name for name in facestream.__all__ if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=inside)
def test_imports_of_the_examples_exist(page: Path):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    imports = [
        node for block in blocks for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)
    ]

    missing = [
        f"{node.module}.{name.name}"
        for node in imports
        if node.module and node.module.startswith(("facestream", "models"))
        for name in node.names
        if not hasattr(importlib.import_module(node.module), name.name)
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=inside)
def test_source_files_that_are_named_exist(page: Path):
    named = re.findall(r"`(\w[\w./-]*\.(?:py|js|css|sh))`", page.read_text(encoding="utf-8"))

    assert [name for name in named if not any(path.endswith(f"/{name}") for path in SOURCES)] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_chosen_dependency_says_why_it_is_here(file: str):
    # What the chosen ones bring along stands in a second block.
    chosen = (ROOT / file).read_text(encoding="utf-8").split("\n\n")[0]
    names = re.findall(r"^([A-Za-z][\w.-]*)==", chosen, re.MULTILINE)
    reasons = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert names
    assert [name for name in names if f"| `{name}` |" not in reasons] == []


def test_every_dependency_of_the_page_says_why_it_is_here():
    package = json.loads((ROOT / "client" / "package.json").read_text(encoding="utf-8"))
    reasons = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    names = [*package["dependencies"], *package["devDependencies"]]

    assert [name for name in names if f"| `{name}` |" not in reasons] == []


@pytest.mark.parametrize("page", PAGES, ids=inside)
def test_links_lead_somewhere(page: Path):
    dead = [
        link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()
    ]

    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=inside)
def test_make_targets_that_are_named_exist(page: Path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(MAKE.findall(page.read_text(encoding="utf-8"))) <= targets


def test_every_decision_is_listed_in_the_architecture():
    listed = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

    assert [path.name for path in (DOCS / "decisions").glob("*.md") if path.name not in listed] == []


def test_the_changelog_has_a_place_for_what_is_not_released():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
