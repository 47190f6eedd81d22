"""The regression trees of dlib's landmark file, in a file of their own that all processes map into memory.

dlib's file has to be decoded number by number, and each process then holds 65 MB of it. The prepared file is used as it
lies on the disk, so the processes share one copy of it.
"""

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.trees.library import DEPTH, MOST, NODES, POINTS, check_trusted, make_trusted
from facestream.analysis.whole_file import replaced_when_whole
from facestream.errors import ModelFileError

FORMAT = 1
_SPLITS = NODES - 1
_VALUES = 2 * POINTS
_PIXEL_BITS, _THRESHOLD_BIAS = 9, 256
_PIXEL_MASK = (1 << _PIXEL_BITS) - 1


@dataclass(frozen=True)
class Forest:
    """The trees, as trees.c reads them."""

    leaves: NDArray[np.float32]
    """(cascades, trees, 16, 136): what is added to the points, in sides of the face's box."""
    splits: NDArray[np.uint32]
    """(cascades, trees, 16): bits 0-8 and 9-17 are the compared pixels, the others are 256 more than the threshold in
    levels of gray. The last of the 16 is not used."""
    offset: NDArray[np.float32]
    """(cascades, pixels, 2): from its point to a pixel, on the mean face, in sides of the box."""
    anchor: NDArray[np.uint16]
    """(cascades, pixels): the point near which a pixel is read, 0..67."""
    initial: NDArray[np.float32]
    """(136): the mean face, x and y of each point, in sides of the box."""


def prepared_path(dat: Path) -> Path:
    """Where the prepared file of a landmark file of dlib is."""
    return dat.with_suffix(".trees.npy")


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
    splits = record["splits"]
    largest = max(int((splits & _PIXEL_MASK).max()), int((splits >> _PIXEL_BITS & _PIXEL_MASK).max()))
    if largest >= pixels or int(record["anchor"].max()) >= POINTS:
        raise ValueError("a pixel or a point that is not there")
    # The small arrays are copied: they are read in every prediction, and need not be aligned in the file.
    small = {name: np.array(record[name]) for name in ("offset", "anchor", "initial")}
    return Forest(leaves=record["leaves"], splits=np.array(splits), **small)


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

    Raises ModelFileError for what is no landmark file of dlib, and OSError.
    """
    record = _decoded(dat, library)
    record["format"], record["of"] = FORMAT, sha256.encode()
    with replaced_when_whole(prepared_path(dat)) as part:
        with part.open("wb") as file:
            np.save(file, record, allow_pickle=False)
        make_trusted(part)


def _layout(cascades: int, trees: int, pixels: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("leaves", "<f4", (cascades, trees, 1 << DEPTH, _VALUES)),
            ("splits", "<u4", (cascades, trees, NODES)),
            ("offset", "<f4", (cascades, pixels, 2)),
            ("anchor", "<u2", (cascades, pixels)),
            ("initial", "<f4", (_VALUES,)),
            ("of", "S64"),
            ("format", "<u4"),
        ]
    )


def _decoded(dat: Path, library: ctypes.CDLL) -> NDArray[np.void]:
    """The numbers of dlib's `shape_predictor`, in the order of its `serialize`."""
    packed = np.memmap(dat, np.uint8, "r") if dat.stat().st_size else np.empty(0, np.uint8)
    numbers = np.empty(packed.size // 2 + 1, np.int32)
    count = library.unpack(packed.ctypes.data, packed.size, numbers.ctypes.data, numbers.size)
    if count < 0:
        raise ModelFileError(f"{dat}: ends within a number, or is no landmark file of dlib")
    read = _Numbers(numbers[:count], dat)
    read.expect(1, "version")
    initial = read.matrix(_VALUES)
    cascades, trees = read.one(), int(read.peek())
    if not (0 < cascades < MOST and 0 < trees <= MOST):
        raise ModelFileError(f"{dat}: {cascades} cascades of {trees} trees; expected 1 to {MOST}")
    leaves = np.empty((cascades, trees, 1 << DEPTH, _VALUES), np.float32)
    splits = np.zeros((cascades, trees, NODES), np.uint32)
    for cascade in range(cascades):
        read.expect(trees, "trees")
        for tree in range(trees):
            read.expect(_SPLITS, "splits")
            first, second, *threshold = read.rows(_SPLITS, 4).T
            splits[cascade, tree, :_SPLITS] = _packed(first, second, _real(*threshold))
            read.expect(1 << DEPTH, "leaves")
            # Each leaf is a matrix: minus its rows, minus its columns, its values.
            rows = read.rows(1 << DEPTH, 2 + 2 * _VALUES)
            leaves[cascade, tree] = _real(rows[:, 2::2], rows[:, 3::2])
    read.expect(cascades, "cascades")
    anchors = [read.rows(read.one(), 1)[:, 0] for _ in range(cascades)]
    read.expect(cascades, "cascades")
    offsets = [read.rows(read.one(), 4) for _ in range(cascades)]
    read.expect_end()
    record = np.zeros(1, _layout(cascades, trees, len(anchors[0])))
    record["leaves"], record["splits"], record["initial"] = leaves, splits, initial
    record["anchor"] = anchors
    record["offset"] = [_real(each[:, 0::2], each[:, 1::2]) for each in offsets]
    return record


def _packed(
    first: NDArray[np.int32], second: NDArray[np.int32], threshold: NDArray[np.float64]
) -> NDArray[np.int32]:
    # A difference of whole numbers is above the threshold if it is above its floor. It is within -255..255.
    levels = np.clip(np.floor(threshold), -_THRESHOLD_BIAS, _THRESHOLD_BIAS - 1).astype(np.int32)
    return first | second << _PIXEL_BITS | (levels + _THRESHOLD_BIAS) << 2 * _PIXEL_BITS


def _real(mantissa: NDArray[np.int32], exponent: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.ldexp(mantissa.astype(np.float64), exponent)


class _Numbers:
    """The numbers of the file, taken one after the other."""

    def __init__(self, numbers: NDArray[np.int32], path: Path) -> None:
        self._numbers, self._path, self._at = numbers, path, 0

    def rows(self, count: int, width: int) -> NDArray[np.int32]:
        size = count * width
        if not 0 <= size <= self._numbers.size - self._at:
            raise ModelFileError(f"{self._path}: ends too early for a landmark file of dlib")
        taken = self._numbers[self._at : self._at + size]
        self._at += size
        return taken.reshape(count, width)

    def one(self) -> int:
        return int(self.rows(1, 1)[0, 0])

    def peek(self) -> int:
        value = self.one()
        self._at -= 1
        return value

    def matrix(self, values: int) -> NDArray[np.float64]:
        """A matrix of one column: minus its rows, minus its columns, its values."""
        self.expect(-values, "points")
        self.expect(-1, "columns")
        rows = self.rows(values, 2)
        return _real(rows[:, 0], rows[:, 1])

    def expect(self, value: int, what: str) -> None:
        if (got := self.one()) != value:
            raise ModelFileError(f"{self._path}: {abs(got)} {what}, expected {abs(value)}")

    def expect_end(self) -> None:
        if self._at != self._numbers.size:
            raise ModelFileError(f"{self._path}: goes on after the end of a landmark file of dlib")
