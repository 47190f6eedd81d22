"""Notice where a scene has changed since it was searched for faces, so that still places are not searched again. Pure.

The luma of a cell may become that of a neighbour: edges that move a little, or a camera in a hand, are no change.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.detection.detector import SearchStep
from facestream.analysis.faces import BoundingBox, GrayImage

CELLS_WH = (80, 48)
"""Cells across and down: the smallest face of a search, an eighth of the height, covers six rows of them."""
PATCHES_WH = (20, 12)
"""Patches of cells, the unit of `Searched.unvisited`."""
SAMPLES_OF_CELL = 5
"""Pixels of a cell that count, down and across: so many that the noise of a camera hardly changes their mean."""
CHANGED_BY = 3
"""Change of a cell, in steps of two gray levels."""
WINDOW_CELLS, CHANGED_OF_WINDOW = 5, 10
"""So many cells in a window of so many across and down make a change. Chosen on eight clips and on heads pasted into
cluttered scenes: each head of an eighth to a quarter of the height was a change, also in light x 0.15."""
UNKNOWN = -1
"""Luma of a cell that no search has seen."""
HEAD_BESIDE, HEAD_ABOVE, HEAD_BELOW = 0.25, 0.5, 0.25
"""How far a head extends beyond the box of its face, in sides of the box."""
UNSURE_CELLS = 3
"""How far a place that looks nearly like a face extends, in cells to each side."""

Luma = NDArray[np.int8]
"""Shape (48, 80): the mean luma of each cell in steps of two gray levels, 0..127, or UNKNOWN."""
Cells = NDArray[np.bool_]
"""Shape (48, 80)."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What the searches of a stream have seen, and where they have not looked closely yet."""

    luma: Luma
    """Of each cell when it was last searched."""
    unvisited: NDArray[np.bool_]
    """Shape (12, 20): patches of cells that have changed since a finer tile covered them."""


def luma_of(gray: GrayImage) -> Luma:
    """The cells of a frame."""
    step = max(1, gray.shape[0] // (CELLS_WH[1] * SAMPLES_OF_CELL))
    small = cv2.resize(np.ascontiguousarray(gray[::step, ::step]), CELLS_WH, interpolation=cv2.INTER_AREA)
    return (np.asarray(small, np.uint8) >> 1).astype(np.int8)


def next_searched(
    searched: Searched | None, luma: Luma, heads: Iterable[BoundingBox], size_wh: tuple[int, int]
) -> tuple[Searched, Cells]:
    """The state after a search of all that has changed, and the cells where it has: all, if `searched` is None.

    The `heads` of followed faces are no change. What is behind them is unknown.
    """
    if searched is None:
        changed, seen = np.ones(CELLS_WH[::-1], np.bool_), luma.copy()
        unvisited = np.ones(PATCHES_WH[::-1], np.bool_)
    else:
        known = searched.luma != UNKNOWN
        # Exposure changes all cells alike, and that is no change.
        exposure = round(float(np.median((luma - searched.luma)[known]))) if known.any() else 0
        before = np.clip(searched.luma.astype(np.int16) + exposure, 0, 127).astype(np.uint8)
        neighbours = np.ones((3, 3), np.uint8)
        lowest, highest = cv2.erode(before, neighbours), cv2.dilate(before, neighbours)
        differs = (luma <= lowest.astype(np.int16) - CHANGED_BY) | (
            luma >= highest.astype(np.int16) + CHANGED_BY
        )
        differs |= ~known
        for head in _heads(heads):
            differs[_inside(head, size_wh, CELLS_WH)] = False
        window = (WINDOW_CELLS, WINDOW_CELLS)
        count = cv2.boxFilter(
            differs.astype(np.uint8), -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        changed = differs & (count >= CHANGED_OF_WINDOW)
        around = cv2.dilate(changed.astype(np.uint8), np.ones(window, np.uint8)).astype(np.bool_)
        seen = np.where(around, luma, np.where(known, before.astype(np.int8), np.int8(UNKNOWN)))
        unvisited = searched.unvisited | _patches(around)
    for head in _heads(heads):
        seen[_inside(head, size_wh, CELLS_WH)] = UNKNOWN
    return Searched(seen, unvisited), changed


def with_unsure(
    searched: Searched, places_xy: Sequence[tuple[float, float]], size_wh: tuple[int, int]
) -> Searched:
    """The state in which these places count as changed: they look nearly like a face."""
    if not places_xy:
        return searched
    luma = searched.luma.copy()
    across, down = UNSURE_CELLS * size_wh[0] / CELLS_WH[0], UNSURE_CELLS * size_wh[1] / CELLS_WH[1]
    for x, y in places_xy:
        luma[_inside(BoundingBox(x - across, y - down, 2 * across, 2 * down), size_wh, CELLS_WH)] = UNKNOWN
    return replace(searched, luma=luma)


def touches(changed: Cells, step: SearchStep, size_wh: tuple[int, int]) -> bool:
    """Whether one of the changed cells is in the region of the step."""
    return bool(changed[_inside(_box_of(step), size_wh, CELLS_WH)].any())


def is_unvisited(searched: Searched, tile: SearchStep, size_wh: tuple[int, int]) -> bool:
    """Whether a part of the tile has changed since a finer tile covered it."""
    return bool(searched.unvisited[_patches_inside(tile, size_wh)].any())


def with_visited(searched: Searched, tile: SearchStep, size_wh: tuple[int, int]) -> Searched:
    """The state after the search of a finer tile."""
    unvisited = searched.unvisited.copy()
    unvisited[_patches_inside(tile, size_wh)] = False
    return replace(searched, unvisited=unvisited)


def _patches_inside(tile: SearchStep, size_wh: tuple[int, int]) -> tuple[slice, slice]:
    return _inside(_box_of(tile), size_wh, PATCHES_WH)


def _patches(cells: Cells) -> NDArray[np.bool_]:
    """The patches that contain one of the cells."""
    across, down = PATCHES_WH
    parts = cells.reshape(down, CELLS_WH[1] // down, across, CELLS_WH[0] // across)
    return np.asarray(parts.any(axis=(1, 3)))


def _heads(boxes: Iterable[BoundingBox]) -> list[BoundingBox]:
    return [
        BoundingBox(
            box.left - HEAD_BESIDE * box.width,
            box.top - HEAD_ABOVE * box.height,
            (1 + 2 * HEAD_BESIDE) * box.width,
            (1 + HEAD_ABOVE + HEAD_BELOW) * box.height,
        )
        for box in boxes
    ]


def _box_of(step: SearchStep) -> BoundingBox:
    return BoundingBox(step.left, step.top, step.width, step.height)


def _inside(box: BoundingBox, size_wh: tuple[int, int], count_wh: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the cells that the box touches, of so many across and down in a frame of `size_wh`."""

    def span(start: float, length: float, size: int, count: int) -> slice:
        first, end = start * count / size, (start + length) * count / size
        return slice(max(0, math.floor(first)), max(0, math.ceil(end)))

    return (
        span(box.top, box.height, size_wh[1], count_wh[1]),
        span(box.left, box.width, size_wh[0], count_wh[0]),
    )
