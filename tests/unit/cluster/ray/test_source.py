"""What a gateway makes of the lines of its child process."""

import contextlib
import sys

import pytest

from facestream.cluster.ray import source
from facestream.cluster.ray.source import RayNodes
from facestream.errors import ConfigError


def nodes(program: str) -> RayNodes:
    return RayNodes([sys.executable, "-c", program])


async def first(nodes_: RayNodes, count: int) -> list[list[str]]:
    found: list[list[str]] = []
    async with contextlib.aclosing(nodes_.watch()) as changes:
        async for urls in changes:
            found.append(sorted(urls))
            if len(found) == count:
                break
    return found


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FIRST_PAUSE_S", 0.01)


async def test_only_changes_are_passed_on():
    program = """
import sys
for urls in ([], ["http://10.0.0.1:1"], ["http://10.0.0.1:1"], ["http://10.0.0.2:1", "http://10.0.0.1:1"]):
    print(__import__("json").dumps({"urls": urls}), flush=True)
sys.stdin.read()
"""

    found = await first(nodes(program), 3)

    assert found == [[], ["http://10.0.0.1:1"], ["http://10.0.0.1:1", "http://10.0.0.2:1"]]


async def test_a_child_that_ends_is_started_again_and_the_nodes_stay(tmp_path):
    marker = tmp_path / "second"
    program = f"""
import pathlib, sys
marker = pathlib.Path({str(marker)!r})
if marker.exists():
    print('{{"urls": ["http://10.0.0.1:1"]}}', flush=True)
    print('{{"urls": ["http://10.0.0.2:1"]}}', flush=True)
    sys.stdin.read()
marker.touch()
print('{{"urls": ["http://10.0.0.1:1"]}}', flush=True)
"""

    found = await first(nodes(program), 2)

    assert found == [["http://10.0.0.1:1"], ["http://10.0.0.2:1"]]


async def test_a_child_that_falls_silent_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(source, "SILENCE_LIMIT_S", 0.3)
    marker = tmp_path / "second"
    program = f"""
import pathlib, sys
marker = pathlib.Path({str(marker)!r})
if marker.exists():
    print('{{"urls": []}}', flush=True)
marker.touch()
sys.stdin.read()
"""

    assert await first(nodes(program), 1) == [[]]


async def test_without_ray_the_sentence_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install") as error:
        await first(nodes(""), 1)

    assert error.value.setting == "nodes"
