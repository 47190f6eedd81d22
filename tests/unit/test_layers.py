"""The layers of ARCHITECTURE.md: imports point down only, and no package imports libraries that it must not use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import facestream
from tests.conftest import ROOT

PACKAGE = Path(facestream.__file__).parent
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"addresses", "errors", "remedies", "resources", "session_ids", "token_bucket", "ice"}),
    frozenset({"analysis"}),
    frozenset({"config"}),
    frozenset({"credentials", "logs"}),
    frozenset({"messages"}),
    frozenset({"metrics", "results", "workers"}),
    frozenset({"media", "recording"}),
    frozenset({"aiortc_patches", "clips"}),
    frozenset({"signaling"}),
    frozenset({"sessions"}),
    frozenset({"cluster", "offline", "replay", "web"}),
    frozenset({"doctor", "gateway", "live"}),
    frozenset({"cli", "__init__", "__main__"}),
)
"""From the lowest: the packages and modules directly below facestream/."""
LAYER_OF = {package: number for number, packages in enumerate(LAYERS) for package in packages}
NETWORK = {"asyncio", "av", "aiortc", "aiohttp"}
FORBIDDEN: dict[str, set[str]] = {
    "analysis": {*NETWORK, "aioice"},
    "config": {*NETWORK, "cv2", "dlib"},
    "credentials": {*NETWORK, "cv2", "dlib"},
    "errors": {*NETWORK, "cv2", "dlib"},
    "messages": {*NETWORK, "cv2", "dlib"},
    "metrics": {*NETWORK, "cv2", "dlib"},
    "results": {*NETWORK, "dlib"},
    "ice": {"av", "aiohttp"},
    "workers": {"av", "aiortc", "aiohttp"},
    "media": {"aiohttp"},
    "recording": {"av", "aiortc", "aiohttp"},
    "aiortc_patches": {"aiohttp"},
    "clips": {"asyncio", "aiortc", "aiohttp", "dlib"},
    "signaling": {"asyncio", "av", "aiohttp"},
    "sessions": {"aiohttp"},
    "offline": {"asyncio", "aiortc", "aiohttp"},
    "live": {"av", "aiortc", "cv2", "dlib"},
    # Modules with stricter rules than their package.
    "analysis.faces": {"cv2", "dlib"},
    "results.record": {"cv2"},
    "ice.trickle": {"asyncio"},
    "ice.servers": NETWORK,
    "ice.candidates": NETWORK,
    "cluster.placement": NETWORK,
    "signaling.sections": NETWORK,
    "media.meter": NETWORK,
    "sessions.admission": NETWORK,
    "sessions.frame_cost": NETWORK,
}
UNTYPED_AND_THEIR_MODULES = {
    "dlib": {"analysis/detection/hog.py", "analysis/dlib_landmarks.py"},
    "ai_edge_litert": {"analysis/interpreter.py"},
    "tflite_runtime": {"analysis/interpreter.py"},
    "pyarrow": {"results/parquet.py"},
    "ray": {"cluster/ray/connection.py", "cluster/ray/local.py", "cluster/ray/reconcile.py"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported_names(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from facestream import cli` imports facestream.cli as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(path: Path) -> str:
    """The module or the package directly below facestream/ that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def packages_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imported_names(path))
    return {name[1] for name in names if name[0] == "facestream" and name[1] != "__version__"}


def inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_every_module_has_a_layer(path: Path):
    assert package_of(path) in LAYER_OF, "name its layer here and in ARCHITECTURE.md"


def test_every_name_here_exists():
    present = {package_of(path) for path in MODULES} | {dotted(path) for path in MODULES}
    homes = {home for homes in UNTYPED_AND_THEIR_MODULES.values() for home in homes}

    assert {*LAYER_OF, *FORBIDDEN} <= present
    assert homes <= {inside(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_imports_point_down_only(path: Path):
    layer = LAYER_OF.get(package_of(path), -1)

    upward = {package for package in packages_used(path) if LAYER_OF[package] > layer}

    assert not upward


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_no_package_imports_a_forbidden_library(path: Path):
    used = {name.split(".")[0] for name in imported_names(path)}

    assert not used & (FORBIDDEN.get(package_of(path), set()) | FORBIDDEN.get(dotted(path), set()))


@pytest.mark.parametrize(("package", "other"), [("web", "replay"), ("replay", "web")])
def test_server_and_headless_peer_never_import_each_other(package: str, other: str):
    users = [path for path in MODULES if package_of(path) == package and other in packages_used(path)]

    assert not users


@pytest.mark.parametrize("library", sorted(UNTYPED_AND_THEIR_MODULES))
def test_an_untyped_library_is_touched_in_its_own_module_only(library: str):
    users = {inside(path) for path in MODULES if library in {n.split(".")[0] for n in imported_names(path)}}

    assert users <= UNTYPED_AND_THEIR_MODULES[library]


def test_the_layers_are_those_of_the_architecture():
    drawn = re.findall(
        r"^  ([a-z_]+)(?:/|\.py) +L(\d+) ", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.M
    )

    drawn_layers = {package: int(number) for package, number in drawn}

    assert drawn_layers == {
        package: number for package, number in LAYER_OF.items() if not package.startswith("__")
    }
