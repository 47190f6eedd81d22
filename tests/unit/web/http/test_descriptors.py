"""The limit of open files: raised at the start, and shared between sessions and connections."""

import resource
import subprocess
import sys

import pytest

from facestream.config import Config
from facestream.web.http import descriptors
from tests.times import seconds


def test_the_soft_limit_is_raised_to_the_hard_one():
    ended = subprocess.run(
        ["prlimit", "--nofile=64:512", sys.executable, "-c",
         "import resource; from facestream.web.http.descriptors import raise_limit; "
         "print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"],
        capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip

    assert ended.stdout == "512 512 512\n", ended.stderr


def test_if_the_limit_cannot_be_raised_the_soft_one_applies(monkeypatch: pytest.MonkeyPatch):
    def refuse(_which: int, _limits: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (2560, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)

    assert descriptors.raise_limit() == 2560


def test_connections_get_the_descriptors_that_sessions_do_not_need():
    config = Config(max_sessions=16)

    assert (
        descriptors.descriptors_for_connections(config, 1024)
        == 1024 - descriptors.descriptors_for_sessions(config)
        == 796
    )
    assert descriptors.descriptors_for_connections(config, 128) == descriptors.LEAST_CONNECTIONS
