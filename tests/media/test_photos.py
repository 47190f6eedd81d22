"""The files that deploy/Dockerfile copies are enough to serve: laid out as in the image, without a Docker engine."""

import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.times import seconds

START_DEADLINE_S = seconds(60.0)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """/app of the last stage; what other stages make is taken from here."""
    last_stage = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    app = tmp_path / "app"
    app.mkdir()
    for options, words in re.findall(r"^COPY (--from=\S+ )?(.+)$", last_stage, re.MULTILINE):
        *sources, target = words.split()
        for source in sources:
            here = ROOT / source.removeprefix("/app/")
            there = app / target / source if target == "./" else app / target
            if options:
                there.parent.mkdir(parents=True, exist_ok=True)
                there.symlink_to(here)
            elif here.is_dir():
                shutil.copytree(
                    here,
                    there,
                    ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
                    dirs_exist_ok=True,
                )
            else:
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(here, there)
    return app


def test_the_files_of_the_image_serve_page_libraries_and_description(image: Path):
    said = image.parent / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "facestream", "serve", "--port", "0", "--analysis-processes", "1"],
            cwd=image, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        url = announced(said)

        statuses = {
            path: status_of(url + path)
            for path in ("/", "/js/main.js", "/vendor/c3.min.js", "/openapi.json", "/readyz")
        }
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(seconds(20))

    assert set(statuses.values()) == {200}, statuses
    assert ended == 0


def announced(said: Path) -> str:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s:
        if found := re.search(r"http://localhost:\d+", said.read_text()):
            return found[0]
        time.sleep(0.1)
    pytest.fail(said.read_text())


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)
