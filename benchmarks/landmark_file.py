"""Where the landmark file of the installed package lies; loads nothing."""

import importlib.util
from pathlib import Path

from benchmarks.measured import ROOT
from facestream.analysis.models import read_manifest


def predictor_path() -> Path:
    """The file that the manifest names."""
    entry = read_manifest(ROOT / "models")["landmarks"]
    package = importlib.util.find_spec(entry.package)
    if package is None or package.origin is None:
        raise SystemExit(f"{entry.package} is not installed; run `make setup`")
    return Path(package.origin).parents[1] / entry.member
