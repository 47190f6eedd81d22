"""What hatchling asks for when it builds the wheel: its extras, and its data files as facestream/_data.

Fetches nothing: `make wheel` has npm and `facestream models` do that beforehand.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PAGE = ("client/index.html", "client/css", "client/js")
LIBRARIES = (
    "client/node_modules/d3/dist/d3.min.js",
    "client/node_modules/d3/LICENSE",
    "client/node_modules/c3/c3.min.js",
    "client/node_modules/c3/c3.min.css",
    "client/node_modules/c3/LICENSE",
)
MODELS = ("models/manifest.json", "models/README.md", "models/MODEL_CARD.md", "models/TRUST_CARD.md")
EXTRAS = {
    "dev": "requirements-dev.txt",
    "parquet": "requirements-parquet.txt",
    "tunnel": "requirements-tunnel.txt",
    "lsl": "requirements-lsl.txt",
    "osc": "requirements-osc.txt",
    "ray": "requirements-ray.txt",
}
OTHERS = (
    "docs/openapi.json",
    "requirements.txt",
    *(file for extra, file in EXTRAS.items() if extra != "dev"),
)
REMEDY = "run `make wheel`, which fetches what a wheel consists of"


class Extras(MetadataHookInterface):
    """Takes the extras from the requirements files, which hold the pins."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling for the metadata of the project."""
        metadata["optional-dependencies"] = {
            extra: [
                line
                for line in (Path(self.root) / file).read_text(encoding="utf-8").splitlines()
                if "==" in line
            ]
            for extra, file in EXTRAS.items()
        }


class WheelData(BuildHookInterface[Any]):
    """Adds the data files to a wheel. An editable installation finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds. Raises FileNotFoundError or ValueError."""
        if version == "editable":
            return
        root = Path(self.root)
        for name in (*PAGE, *LIBRARIES, *MODELS, *OTHERS, *model_files(root)):
            if not (root / name).exists():
                raise FileNotFoundError(f"{name} is missing; {REMEDY}")
            build_data["force_include"][name] = f"facestream/_data/{name}"
        # Another kind of machine compiles its own, or does without: its name has the system and the processor.
        sys.path.insert(0, self.root)
        from facestream.analysis.trees.library import library_name

        compiled = root / "models" / "cache" / library_name()
        if compiled.is_file():
            build_data["force_include"][str(compiled)] = f"facestream/analysis/trees/{compiled.name}"


def model_files(root: Path) -> Iterator[str]:
    """The model files whose licences allow facestream to distribute them, each with the sha256 of the manifest."""
    manifest = json.loads((root / "models" / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest.values():
        if entry["where"] == "fetched":
            continue
        name = f"models/{'cache/' if entry['where'] == 'bundled' else ''}{entry['file']}"
        path = root / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise ValueError(f"{name} is not the file that models/manifest.json names; {REMEDY}")
        yield name
