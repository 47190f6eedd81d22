"""The layers of ARCHITECTURE.md: imports point down only, and each layer keeps off what is not its business."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "facestream"
LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "errors",
            "resources",
            "config",
            "faces",
            "ice_servers",
            "telemetry",
            "picture_messages",
            "measures",
            "logs",
            "text_files",
            "streams",
            "terminal",
        }
    ),
    frozenset({"analysis"}),
    frozenset({"media"}),
    frozenset(
        {
            "admission",
            "frame_cost",
            "tokens",
            "certs",
            "candidates",
            "sections",
            "trickle",
            "session",
            "served",
            "pictures",
            "registry",
            "signaling",
        }
    ),
    frozenset({"web", "replay", "report"}),
    frozenset({"doctor", "entry_commands", "tunnel", "cli", "endings", "start", "__main__"}),
)
LAYER_OF = {part: number for number, parts in enumerate(LAYERS) for part in parts}
KEEPS_OFF: dict[str, set[str]] = {
    "analysis": {"asyncio", "av", "aiortc", "aiohttp", "aioice"},
    "media": {"aiohttp"},
    "session": {"aiohttp"},
    "served": {"aiohttp"},
    "pictures": {"aiohttp"},
    "registry": {"aiohttp"},
    "signaling": {"aiohttp"},
    "admission": {"asyncio", "av", "aiortc", "aiohttp"},
    "frame_cost": {"asyncio", "av", "aiortc", "aiohttp"},
    "tokens": {"asyncio", "av", "aiortc", "aiohttp"},
    "certs": {"asyncio", "av", "aiortc", "aiohttp"},
    "candidates": {"asyncio", "av", "aiortc", "aiohttp"},
    "trickle": {"asyncio", "av", "aiohttp"},
    "sections": {"asyncio", "av", "aiortc", "aiohttp"},
    "ice_servers": {"asyncio", "av", "aiortc", "aiohttp"},
    "errors": {"asyncio", "av", "aiortc", "aiohttp", "cv2", "dlib"},
    "faces": {"asyncio", "av", "aiortc", "aiohttp", "cv2", "dlib"},
    "telemetry": {"asyncio", "av", "aiortc", "aiohttp", "cv2", "dlib"},
}
UNTYPED_AND_THEIR_HOMES = {
    "dlib": {"analysis/detector.py", "analysis/landmarks.py"},
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


def part_of(path: Path) -> str:
    """The module or the package right below facestream/ that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imported_names(path))
    return {name[1] for name in names if name[0] == "facestream" and name[1] != "__version__"}


def inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_every_module_has_a_layer(path: Path):
    assert part_of(path) in {*LAYER_OF, "__init__"}, "name its layer here and in ARCHITECTURE.md"


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_imports_point_down_only(path: Path):
    layer = LAYER_OF.get(part_of(path), -1)

    upward = {part for part in parts_used(path) if LAYER_OF[part] > layer}

    assert not upward


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_a_part_keeps_off_the_libraries_of_others(path: Path):
    used = {name.split(".")[0] for name in imported_names(path)}

    assert not used & KEEPS_OFF.get(part_of(path), set())


@pytest.mark.parametrize(("part", "other"), [("web", "replay"), ("replay", "web"), ("report", "web")])
def test_server_and_headless_peer_never_import_each_other(part: str, other: str):
    users = [path for path in MODULES if part_of(path) == part and other in parts_used(path)]

    assert not users


@pytest.mark.parametrize("library", sorted(UNTYPED_AND_THEIR_HOMES))
def test_an_untyped_library_is_touched_in_its_own_module_only(library: str):
    users = {inside(path) for path in MODULES if library in {n.split(".")[0] for n in imported_names(path)}}

    assert users <= UNTYPED_AND_THEIR_HOMES[library]
