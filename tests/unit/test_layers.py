"""The layers of ARCHITECTURE.md: imports point down only, and each room keeps off what is not its business."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import facestream
from tests.conftest import ROOT

PACKAGE = Path(facestream.__file__).parent
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "resources", "token_bucket", "ice"}),
    frozenset({"analysis"}),
    frozenset({"config"}),
    frozenset({"credentials", "logs"}),
    frozenset({"messages"}),
    frozenset({"metrics", "workers"}),
    frozenset({"media"}),
    frozenset({"aiortc_patches"}),
    frozenset({"signaling"}),
    frozenset({"sessions"}),
    frozenset({"web", "replay"}),
    frozenset({"doctor"}),
    frozenset({"cli", "__init__", "__main__"}),
)
"""From the lowest: the rooms and the modules directly below facestream/."""
LAYER_OF = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
NETWORK = {"asyncio", "av", "aiortc", "aiohttp"}
KEEPS_OFF: dict[str, set[str]] = {
    "analysis": {*NETWORK, "aioice"},
    "config": {*NETWORK, "cv2", "dlib"},
    "credentials": {*NETWORK, "cv2", "dlib"},
    "errors": {*NETWORK, "cv2", "dlib"},
    "messages": {*NETWORK, "cv2", "dlib"},
    "metrics": {*NETWORK, "cv2", "dlib"},
    "ice": {"av", "aiohttp"},
    "workers": {"av", "aiortc", "aiohttp"},
    "media": {"aiohttp"},
    "aiortc_patches": {"aiohttp"},
    "signaling": {"asyncio", "av", "aiohttp"},
    "sessions": {"aiohttp"},
    # Modules that are stricter than their room.
    "analysis.faces": {"cv2", "dlib"},
    "ice.trickle": {"asyncio"},
    "ice.servers": NETWORK,
    "ice.candidates": NETWORK,
    "signaling.sections": NETWORK,
    "media.meter": NETWORK,
    "sessions.admission": NETWORK,
    "sessions.frame_cost": NETWORK,
}
UNTYPED_AND_THEIR_HOMES = {
    "dlib": {"analysis/detection/hog.py", "analysis/landmarks.py"},
    "ai_edge_litert": {"analysis/interpreter.py"},
    "tflite_runtime": {"analysis/interpreter.py"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported_names(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from facestream import cli` imports facestream.cli as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    """The module or the package directly below facestream/ that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def rooms_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imported_names(path))
    return {name[1] for name in names if name[0] == "facestream" and name[1] != "__version__"}


def inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_every_module_has_a_layer(path: Path):
    assert room_of(path) in LAYER_OF, "name its layer here and in ARCHITECTURE.md"


def test_every_name_here_exists():
    present = {room_of(path) for path in MODULES} | {dotted(path) for path in MODULES}
    homes = {home for homes in UNTYPED_AND_THEIR_HOMES.values() for home in homes}

    assert {*LAYER_OF, *KEEPS_OFF} <= present
    assert homes <= {inside(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_imports_point_down_only(path: Path):
    layer = LAYER_OF.get(room_of(path), -1)

    upward = {room for room in rooms_used(path) if LAYER_OF[room] > layer}

    assert not upward


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_a_room_keeps_off_the_libraries_of_others(path: Path):
    used = {name.split(".")[0] for name in imported_names(path)}

    assert not used & (KEEPS_OFF.get(room_of(path), set()) | KEEPS_OFF.get(dotted(path), set()))


@pytest.mark.parametrize(("room", "other"), [("web", "replay"), ("replay", "web")])
def test_server_and_headless_peer_never_import_each_other(room: str, other: str):
    users = [path for path in MODULES if room_of(path) == room and other in rooms_used(path)]

    assert not users


@pytest.mark.parametrize("library", sorted(UNTYPED_AND_THEIR_HOMES))
def test_an_untyped_library_is_touched_in_its_own_module_only(library: str):
    users = {inside(path) for path in MODULES if library in {n.split(".")[0] for n in imported_names(path)}}

    assert users <= UNTYPED_AND_THEIR_HOMES[library]


def test_the_layers_are_those_of_the_architecture():
    drawn = re.findall(
        r"^  ([a-z_]+)(?:/|\.py) +L(\d+) ", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.M
    )

    drawn_layers = {room: int(number) for room, number in drawn}

    assert drawn_layers == {room: number for room, number in LAYER_OF.items() if not room.startswith("__")}
