"""Read the regression trees from dlib's landmark file; never predicts anything."""

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.trees.library import DEPTH, MOST, NODES, POINTS
from facestream.errors import ModelFileError

SPLITS = NODES - 1
VALUES = 2 * POINTS


@dataclass(frozen=True)
class DlibTrees:
    """The numbers of dlib's `shape_predictor`."""

    initial: NDArray[np.float32]
    """(136): the mean face, x and y of each point, in sides of the box."""
    first: NDArray[np.uint16]
    """(cascades, trees, 15): the pixel that a split compares."""
    second: NDArray[np.uint16]
    """(cascades, trees, 15): the pixel with which it is compared."""
    threshold: NDArray[np.float32]
    """(cascades, trees, 15): by how many levels of gray more the first must be lighter to go left."""
    leaves: NDArray[np.float32]
    """(cascades, trees, 16, 136): what is added to the points, in sides of the box."""
    anchor: NDArray[np.uint16]
    """(cascades, pixels): the point near which a pixel is read."""
    offset: NDArray[np.float32]
    """(cascades, pixels, 2): from that point to the pixel, on the mean face, in sides of the box."""


def read_dlib_file(dat: Path, library: ctypes.CDLL) -> DlibTrees:
    """The trees of a file, in the order of dlib's `serialize`; takes 1 s and, meanwhile, 300 MB.

    Raises ModelFileError for what is no landmark file of dlib, and OSError.
    """
    packed = np.memmap(dat, np.uint8, "r") if dat.stat().st_size else np.empty(0, np.uint8)
    numbers = np.empty(packed.size // 2 + 1, np.int32)
    count = library.unpack(packed.ctypes.data, packed.size, numbers.ctypes.data, numbers.size)
    if count < 0:
        raise ModelFileError(f"{dat}: ends within a number, or is no landmark file of dlib")
    read = _Numbers(numbers[:count], dat)
    read.expect(1, "version")
    initial = read.matrix(VALUES)
    cascades, trees = read.one(), int(read.peek())
    if not (0 < cascades < MOST and 0 < trees <= MOST):
        raise ModelFileError(f"{dat}: {cascades} cascades of {trees} trees; expected 1 to {MOST}")
    pixels = np.empty((2, cascades, trees, SPLITS), np.uint16)
    threshold = np.empty((cascades, trees, SPLITS), np.float32)
    leaves = np.empty((cascades, trees, 1 << DEPTH, VALUES), np.float32)
    for cascade in range(cascades):
        read.expect(trees, "trees")
        for tree in range(trees):
            read.expect(SPLITS, "splits")
            rows = read.rows(SPLITS, 4)
            pixels[:, cascade, tree] = rows[:, :2].T
            threshold[cascade, tree] = _real(rows[:, 2], rows[:, 3])
            read.expect(1 << DEPTH, "leaves")
            # Each leaf is a matrix: minus its rows, minus its columns, its values.
            rows = read.rows(1 << DEPTH, 2 + 2 * VALUES)
            leaves[cascade, tree] = _real(rows[:, 2::2], rows[:, 3::2])
    read.expect(cascades, "cascades")
    count = read.peek()
    if not 0 < count <= MOST:
        raise ModelFileError(f"{dat}: {count} pixels; expected 1 to {MOST}")
    anchor = np.empty((cascades, count), np.uint16)
    for cascade in range(cascades):
        read.expect(count, "pixels")
        anchor[cascade] = read.rows(count, 1)[:, 0]
    read.expect(cascades, "cascades")
    offset = np.empty((cascades, count, 2), np.float32)
    for cascade in range(cascades):
        read.expect(count, "pixels")
        rows = read.rows(count, 4)
        offset[cascade] = _real(rows[:, 0::2], rows[:, 1::2])
    read.expect_end()
    return DlibTrees(
        initial=initial.astype(np.float32),
        first=pixels[0],
        second=pixels[1],
        threshold=threshold,
        leaves=leaves,
        anchor=anchor,
        offset=offset,
    )


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
