"""What the results of a source are made with: the settings, the model files, and the code of your own analysis.

Opens the manifest of the models and the file of a plug-in; does not import it, only the packages it is in.
"""

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from facestream.offline.options import OfflineOptions
from facestream.results.session_file import models_used


def made_with(options: OfflineOptions, models_dir: Path) -> dict[str, object]:
    """Everything that the results depend on besides the source, in JSON's types; raises ModelFileError."""
    models = {name: entry["sha256"] for name, entry in models_used(models_dir, options.analysis).items()}
    return {**options.settings(), "models": models, "analyzer_sha256": _sha256_of(options.analysis.analyzer)}


def _sha256_of(plugin: str) -> str:
    """The checksum of the file of a plug-in's module; empty: no plug-in, or no file. What it imports is not in it."""
    module = plugin.partition(":")[0]
    if not module:
        return ""
    before = [*sys.path]
    sys.path.append(os.getcwd())  # noqa: PTH109 - where the analysis looks for it, too
    try:
        found = importlib.util.find_spec(module)
        return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest() if found and found.origin else ""
    except Exception:  # noqa: BLE001 - a package is code of others; the analysis says what is wrong with it
        return ""
    finally:
        sys.path[:] = before
