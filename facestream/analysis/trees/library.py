"""Find, build and call the compiled part, trees.c; a machine without it predicts landmarks with dlib itself.

Loaded by ctypes and not an extension of Python: it needs no headers of Python, serves every version of it, and ctypes
releases Python's lock during a call.
"""

import contextlib
import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from facestream.errors import ModelFileError

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("trees.c")
POINTS, NODES, DEPTH, MOST = 68, 16, 4, 512
"""As in trees.c: landmarks, places for the splits of a tree, comparisons to its leaf, most trees or pixels."""
_OPTIONS = ("-O2", "-shared", "-fPIC", "-ffp-contract=off")
"""-O3 is slower here. Fused operations would round differently than dlib."""
_COMPILERS = ("cc", "gcc", "clang")
_COMPILE_DEADLINE_S = 60


class CForest(ctypes.Structure):
    """`struct forest` of trees.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("cascades", "trees", "pixels")),
        *((name, ctypes.c_void_p) for name in ("initial", "splits", "leaves", "anchor", "offset")),
    )


class CImage(ctypes.Structure):
    """`struct image` of trees.c."""

    _fields_ = (
        ("gray", ctypes.c_void_p),
        ("stride", ctypes.c_int64),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
    )


def library_name() -> str:
    """The file of this machine and of this trees.c: another version of either has another name."""
    version = hashlib.sha256(SOURCE.read_bytes() + " ".join(_OPTIONS).encode()).hexdigest()[:8]
    return f"trees-{sys.platform}-{platform.machine()}-{version}.so"


@cache
def find_library(folder: Path) -> ctypes.CDLL | None:
    """The compiled part, from the wheel or from `folder`; None: it was not built, or does not run here."""
    name = library_name()
    for path in (SOURCE.with_name(name), folder / name):
        try:
            if path.is_file():
                return _declared(ctypes.CDLL(str(path)))
        except (OSError, AttributeError) as error:
            logger.warning("%s: cannot be loaded (%s); dlib predicts the landmarks", path, error)
    return None


def build_library(folder: Path) -> ctypes.CDLL:
    """Compile trees.c into `folder` and load it. Raises ModelFileError that says what is missing."""
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise ModelFileError(f"install a C compiler ({', '.join(_COMPILERS)}; on Debian the package gcc)")
    path = folder / library_name()
    # Renamed when whole: another process may load it at any time.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(  # noqa: S603 - fixed arguments
            [compiler, *_OPTIONS, "-o", str(part), str(SOURCE)],
            check=True,
            timeout=_COMPILE_DEADLINE_S,
            capture_output=True,
            text=True,
        )
        _declared(ctypes.CDLL(str(part)))
        part.replace(path)
        return _declared(ctypes.CDLL(str(path)))
    except (subprocess.SubprocessError, OSError, AttributeError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ModelFileError(f"correct why {compiler} cannot compile {SOURCE} ({said[-1]})") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        find_library.cache_clear()


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, real, count = ctypes.c_void_p, ctypes.c_double, ctypes.c_int64
    library.predict.argtypes = (pointer, pointer, real, real, real, real, pointer)
    library.predict.restype = None
    library.unpack.argtypes = (pointer, count, pointer, count)
    library.unpack.restype = count
    return library
