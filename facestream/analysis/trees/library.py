"""Find, build and call the compiled part, trees.c; a machine without it predicts landmarks with dlib itself.

Loaded by ctypes and not an extension of Python: it needs no headers of Python, serves every version of it, and ctypes
releases Python's lock during a call.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
from functools import cache
from pathlib import Path

from facestream.analysis.whole_file import replaced_when_whole
from facestream.errors import ModelFileError

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("trees.c")
POINTS, NODES, DEPTH, MOST = 68, 16, 4, 512
"""As in trees.c: landmarks, places for the splits of a tree, comparisons to its leaf, most trees or pixels."""
_OPTIONS = ("-O2", "-shared", "-fPIC", "-ffp-contract=off")
"""-O3 is slower here. Fused operations would round differently than dlib."""
_COMPILERS = ("cc", "gcc", "clang")
_COMPILE_DEADLINE_S = 30


class CForest(ctypes.Structure):
    """`struct forest` of trees.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("cascades", "trees", "pixels")),
        *((name, ctypes.c_void_p) for name in ("initial", "splits", "leaves", "steps", "anchor", "offset")),
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
                check_trusted(path)
                return _declared(ctypes.CDLL(str(path.resolve())))
        except (OSError, AttributeError) as error:
            logger.warning("%s: cannot be loaded (%s); dlib predicts the landmarks", path, error)
    return None


def check_trusted(path: Path) -> None:
    """Raise PermissionError if a user may write `path`, or into its folder, who may not write this code.

    A library runs with all rights of the user who loads it, and a mapped file must not be cut off meanwhile.
    """
    path = path.resolve()
    for each in (path.parent, path):
        _check_owner(each)


def make_trusted(path: Path) -> None:
    """Put a new file on the disk, and let nobody but its owner write it, whatever the umask is. Raises OSError."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _check_owner(path: Path) -> None:
    code, found = SOURCE.stat(), path.stat()
    if found.st_uid not in (0, os.geteuid(), code.st_uid):
        raise PermissionError(f"{path} belongs to another user (number {found.st_uid}); remove it")
    # A group with the number of its user is that user's own, as useradd makes it.
    trusted_groups = {0, found.st_uid} | ({code.st_gid} if code.st_mode & stat.S_IWGRP else set())
    shared = found.st_mode & stat.S_IWGRP and found.st_gid not in trusted_groups
    if shared or found.st_mode & ~code.st_mode & stat.S_IWOTH:
        raise PermissionError(f"other users may write to {path}; run `chmod go-w {path}`")


def build_library(folder: Path) -> ctypes.CDLL:
    """Compile trees.c into `folder` and load it. Raises ModelFileError that says what is missing."""
    compilers = list(filter(None, map(shutil.which, _COMPILERS)))
    if not compilers:
        raise ModelFileError(f"install a C compiler ({', '.join(_COMPILERS)}; on Debian the package gcc)")
    path = folder / library_name()
    try:
        with replaced_when_whole(path) as part:
            _make_writable_part(part)
            _compile(compilers[0], part)
            make_trusted(part)
            _declared(ctypes.CDLL(str(part)))
        return _declared(ctypes.CDLL(str(path)))
    except (subprocess.SubprocessError, OSError, AttributeError) as error:
        # The reason is often in the line before the last one, which says only that the linker failed.
        said = "; ".join((getattr(error, "stderr", None) or str(error)).strip().splitlines()[-2:])
        raise ModelFileError(f"correct why {compilers[0]} cannot compile {SOURCE} ({said})") from error
    finally:
        find_library.cache_clear()


def _make_writable_part(part: Path) -> None:
    """Make the empty file: what prevents it is said here, because a linker's words do not."""
    folder = part.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.touch()
    except OSError as error:
        raise ModelFileError(f"make {folder} a folder that can be written to ({error.strerror})") from error
    try:
        _check_owner(folder)
    except PermissionError as error:
        raise ModelFileError(str(error)) from error


def _compile(compiler: str, part: Path) -> None:
    command = [compiler, *_OPTIONS, "-o", str(part), str(SOURCE)]
    with subprocess.Popen(  # noqa: S603 - fixed arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            said, complained = process.communicate(timeout=_COMPILE_DEADLINE_S)
        except BaseException:
            # With the programs that the compiler has started: they would go on.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said, complained)


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, real, count = ctypes.c_void_p, ctypes.c_double, ctypes.c_int64
    library.predict.argtypes = (pointer, pointer, real, real, real, real, pointer)
    library.predict.restype = None
    library.unpack.argtypes = (pointer, count, pointer, count)
    library.unpack.restype = count
    return library
