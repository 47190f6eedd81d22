"""Make what predicts landmarks fast, once for each machine: the compiled trees.c and the prepared file."""

from collections.abc import Callable
from pathlib import Path

from facestream.analysis.trees.forest import is_prepared, prepare_forest, prepared_path
from facestream.analysis.trees.library import build_library, find_library
from facestream.errors import FacestreamError
from facestream.resources import FETCH_MODELS


def prepare(dat: Path, sha256: str, check: Callable[[], None]) -> str:
    """Make it beside dlib's landmark file, unless it is there; returns a sentence about it.

    `check` raises ModelFileError if the file is not the one with this sha256; it is called before the file is used.
    Without the trees, landmarks take longer and are whole pixels, so a machine without a compiler goes on.
    """
    try:
        library = find_library(dat.parent) or build_library(dat.parent)
        if not is_prepared(prepared_path(dat), sha256):
            check()
            prepare_forest(dat, sha256, library)
    except (FacestreamError, OSError, MemoryError) as error:
        why = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.filename is None:
            why = f"{dat.parent}: {why}"
        return (
            f"dlib predicts the landmarks, in whole pixels and about four times the time: {why}; "
            f"then run `{FETCH_MODELS}`"
        )
    return f"{prepared_path(dat)}: landmarks in fractions of a pixel, in a quarter of the time"
