"""Locate the files that belong to facestream: the page, the models, the description of the HTTP interface.

An installed wheel carries them inside the package, in `_data`; in a checkout they lie beside the package. Both have
the same layout. Reads no file, fetches nothing, imports the standard library only.
"""

import os
from importlib.resources import files
from pathlib import Path

from facestream.errors import ModelFileError

_PACKAGE = Path(str(files("facestream")))
_DATA = _PACKAGE / "_data"

IS_CHECKOUT = not _DATA.is_dir()
ROOT = _PACKAGE.parent if IS_CHECKOUT else _DATA

CLIENT_DIR = ROOT / "client"
MODELS_DIR = ROOT / "models"
OPENAPI = ROOT / "docs" / "openapi.json"
REQUIREMENTS = ROOT / "requirements.txt"
"""The versions that facestream was tested with."""

# What a user types to repair an installation; error messages name them.
FETCH_MODELS = "make models" if IS_CHECKOUT else "facestream models"
REINSTALL = "run `make setup`" if IS_CHECKOUT else "install the facestream wheel again"
INSTALL_PINS = (
    ".venv/bin/pip install -r requirements.txt" if IS_CHECKOUT else f"pip install -r {REQUIREMENTS}"
)


def _install(extra: str) -> str:
    """The command that installs an optional part."""
    file = f"requirements-{extra}.txt"
    return f".venv/bin/pip install -r {file}" if IS_CHECKOUT else f"pip install -r {ROOT / file}"


INSTALL_TUNNEL, INSTALL_PARQUET = _install("tunnel"), _install("parquet")
INSTALL_LSL, INSTALL_OSC = _install("lsl"), _install("osc")
COMMAND = ".venv/bin/python -m facestream" if IS_CHECKOUT else "facestream"
"""Starts the program; a command follows it."""
START = f"{COMMAND} serve"
RELOAD = "restart the server, or send it SIGHUP,"
"""Before the purpose: a running server does not see a new certificate or key."""


def user_cache_dir() -> Path:
    """The directory for files that facestream fetches for an installed wheel.

    Raises ModelFileError if there is neither XDG_CACHE_HOME nor a home directory.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():  # the specification ignores relative paths
        return named / "facestream"
    try:
        return Path.home() / ".cache" / "facestream"
    except RuntimeError as error:
        raise ModelFileError(
            f"no directory for model files ({error}); set XDG_CACHE_HOME to a writable directory"
        ) from error
