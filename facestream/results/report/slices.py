"""Sums over equal slices of time whose number is bounded: when they are full, neighbours merge. Pure."""

import math
from array import array
from collections.abc import Iterable, Sequence

SLICES = 960
"""Most slices; at least half of them are in use once the slices are longer than FIRST_SLICE_S."""
FIRST_SLICE_S = 0.05


class Slices:
    """Several sums for each slice of time, from 0 on. All `Slices` with the same end have the same slices."""

    def __init__(self, columns: int) -> None:
        self.slice_s = FIRST_SLICE_S
        """Length of a slice in seconds; doubles when the slices are full."""
        self._sums = [array("f", bytes(4 * SLICES)) for _ in range(columns)]

    def add(self, from_s: float, to_s: float, amounts: Sequence[tuple[int, float]]) -> None:
        """Add to columns what they gain per second between two times, 0 or more, in seconds."""
        self.extend(to_s)
        slice_s = self.slice_s
        first, last = int(from_s / slice_s), min(SLICES - 1, int(to_s / slice_s))
        if first >= last:
            length_s = to_s - from_s
            for column, amount in amounts:
                self._sums[column][min(first, last)] += amount * length_s
            return
        for at in range(first, last + 1):
            length_s = min(to_s, (at + 1) * slice_s) - max(from_s, at * slice_s)
            for column, amount in amounts:
                self._sums[column][at] += amount * length_s

    def extend(self, end_s: float) -> None:
        """Merge slices until they reach `end_s`."""
        while end_s > SLICES * self.slice_s:
            self.slice_s *= 2
            for column, sums in enumerate(self._sums):
                halves = array("f", (a + b for a, b in zip(sums[::2], sums[1::2], strict=True)))
                halves.extend(bytes(SLICES // 2))
                self._sums[column] = halves

    def used(self, end_s: float) -> int:
        """How many slices there are up to `end_s`, at least one."""
        self.extend(end_s)
        return max(1, min(SLICES, math.ceil(end_s / self.slice_s - 1e-9)))

    def column(self, column: int, count: int) -> Sequence[float]:
        """The sums of the first `count` slices."""
        return self._sums[column][:count]


def runs(values: Iterable[object]) -> list[tuple[object, int, int]]:
    """Neighbours with the same value: the value, the first place and the one after the last."""
    found: list[tuple[object, int, int]] = []
    for at, value in enumerate(values):
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1], at + 1)
        else:
            found.append((value, at, at + 1))
    return found
