"""The regression trees of dlib's landmark file, in a file of their own that all processes map into memory.

dlib's file has to be decoded number by number, and each process then holds 65 MB of it. The prepared file has the
leaves in 16 bits, 33 MB, and is used as it lies on the disk, so the processes share one copy of it.
"""

import contextlib
import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.trees.dlib_file import SPLITS, VALUES, DlibTrees, read_dlib_file
from facestream.analysis.trees.library import DEPTH, MOST, NODES, POINTS, check_trusted, make_trusted
from facestream.analysis.whole_file import replaced_when_whole

FORMAT = 2
"""Part of the file's name, so that each version of facestream finds its own."""
_OLDER = (".trees.npy",)
_PIXEL_BITS, _THRESHOLD_BIAS = 9, 256
_PIXEL_MASK = (1 << _PIXEL_BITS) - 1
_LEAF_ZERO, _EXPONENT_BITS, _MOST_EXPONENT = 1 << 15, 2, 3


@dataclass(frozen=True)
class Forest:
    """The trees, as trees.c reads them."""

    leaves: NDArray[np.uint16]
    """(cascades, trees, 16, 136): what is added to the points. The value v of a leaf with the exponent e stands for
    (v - 32768) * 4**e steps."""
    steps: NDArray[np.float32]
    """(cascades, 136): the step of each coordinate, in sides of the face's box."""
    splits: NDArray[np.uint32]
    """(cascades, trees, 16): bits 0-8 and 9-17 are the compared pixels, the others are 256 more than the threshold in
    levels of gray. The last of the 16 has the exponents of the leaves, 0..3, two bits each."""
    offset: NDArray[np.float32]
    """(cascades, pixels, 2): from its point to a pixel, on the mean face, in sides of the box."""
    anchor: NDArray[np.uint16]
    """(cascades, pixels): the point near which a pixel is read, 0..67."""
    initial: NDArray[np.float32]
    """(136): the mean face, x and y of each point, in sides of the box."""


def prepared_path(dat: Path) -> Path:
    """Where the prepared file of a landmark file of dlib is."""
    return dat.with_suffix(f".trees{FORMAT}.npy")


def open_forest(path: Path, sha256: str) -> Forest:
    """Map a prepared file; `sha256` is that of dlib's file that it must be made of.

    Raises OSError, and ValueError if it is another one, or no such file. Every index in it is checked, so that trees.c
    reads nothing outside.
    """
    check_trusted(path)
    records = _mapped(path)
    names = records.dtype.names or ()
    leaves, anchor = (records.dtype[name].shape if name in names else () for name in ("leaves", "anchor"))
    if records.shape != (1,) or len(leaves) != 4 or len(anchor) != 2:
        raise ValueError("not a file of trees")
    (cascades, trees), pixels = leaves[:2], anchor[1]
    if not (0 < cascades < MOST and 0 < trees <= MOST and 0 < pixels <= MOST):
        raise ValueError("too many or no trees")
    if records.dtype != _layout(cascades, trees, pixels):
        raise ValueError("trees of another shape")
    record = records[0]
    if record["format"] != FORMAT or record["of"] != sha256.encode():
        raise ValueError("made of another file, or by another version")
    splits = record["splits"][..., :SPLITS]
    largest = max(int((splits & _PIXEL_MASK).max()), int((splits >> _PIXEL_BITS & _PIXEL_MASK).max()))
    if largest >= pixels or int(record["anchor"].max()) >= POINTS:
        raise ValueError("a pixel or a point that is not there")
    # The small arrays are copied: they are read in every prediction, and need not be aligned in the file.
    small = {name: np.array(record[name]) for name in ("splits", "steps", "offset", "anchor", "initial")}
    return Forest(leaves=record["leaves"], **small)


def _mapped(path: Path) -> NDArray[np.void]:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # numpy reads the header as Python, and any error of it may come out
        raise ValueError(f"no file of numpy: {error}") from error


def is_prepared(path: Path, sha256: str) -> bool:
    """Whether `open_forest` would map the file."""
    try:
        open_forest(path, sha256)
    except (OSError, ValueError):
        return False
    return True


def prepare_forest(dat: Path, sha256: str, library: ctypes.CDLL) -> None:
    """Write the prepared file beside dlib's, whose sha256 was checked; takes 2 s and, meanwhile, 400 MB.

    Then removes those of older formats: a running process keeps what it has mapped, and an older version that starts
    again prepares its own. Raises ModelFileError for what is no landmark file of dlib, and OSError.
    """
    record = _record(read_dlib_file(dat, library))
    record["format"], record["of"] = FORMAT, sha256.encode()
    with replaced_when_whole(prepared_path(dat)) as part:
        with part.open("wb") as file:
            np.save(file, record, allow_pickle=False)
        make_trusted(part)
    for suffix in _OLDER:
        with contextlib.suppress(OSError):
            dat.with_suffix(suffix).unlink()


def _layout(cascades: int, trees: int, pixels: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("leaves", "<u2", (cascades, trees, 1 << DEPTH, VALUES)),
            ("steps", "<f4", (cascades, VALUES)),
            ("splits", "<u4", (cascades, trees, NODES)),
            ("offset", "<f4", (cascades, pixels, 2)),
            ("anchor", "<u2", (cascades, pixels)),
            ("initial", "<f4", (VALUES,)),
            ("of", "S64"),
            ("format", "<u4"),
        ]
    )


def _record(trees: DlibTrees) -> NDArray[np.void]:
    cascades, count = trees.leaves.shape[:2]
    record = np.zeros(1, _layout(cascades, count, trees.anchor.shape[1]))
    record["splits"][0, ..., :SPLITS] = _packed(trees)
    for cascade in range(cascades):
        values, exponents, steps = _rounded(trees.leaves[cascade])
        record["leaves"][0, cascade], record["steps"][0, cascade] = values, steps
        record["splits"][0, cascade, :, SPLITS] = exponents
    for name in ("initial", "anchor", "offset"):
        record[name] = getattr(trees, name)
    return record


def _rounded(
    leaves: NDArray[np.float32],
) -> tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.float32]]:
    """The leaves of one cascade in 16 bits: their values, the exponents as the last words of the splits, the steps.

    A few leaves are thirty times as large as most. With one step for all, most would lose five of their bits.
    """
    largest = np.abs(leaves).max(axis=(0, 1))
    largest[largest == 0] = 1
    share = (np.abs(leaves) / largest).max(axis=2)
    exponents = _MOST_EXPONENT - sum(
        (share <= 4.0**-fewer).astype(int) for fewer in range(1, _MOST_EXPONENT + 1)
    )
    steps = (largest / (_LEAF_ZERO - 1) / 4**_MOST_EXPONENT).astype(np.float32)
    values = np.rint(leaves / (steps * 4.0 ** exponents[..., np.newaxis])) + _LEAF_ZERO
    words = exponents << _EXPONENT_BITS * np.arange(1 << DEPTH)
    return values.astype(np.uint16), words.sum(axis=1).astype(np.uint32), steps


def _packed(trees: DlibTrees) -> NDArray[np.uint32]:
    # A difference of whole numbers is above the threshold if it is above its floor. It is within -255..255.
    levels = np.clip(np.floor(trees.threshold), -_THRESHOLD_BIAS, _THRESHOLD_BIAS - 1) + _THRESHOLD_BIAS
    first, second = trees.first.astype(np.uint32), trees.second.astype(np.uint32)
    return np.asarray(first | second << _PIXEL_BITS | levels.astype(np.uint32) << 2 * _PIXEL_BITS, np.uint32)
