"""Read the face as raw frames, for peers that encode; standard library only, so that any Python runs it."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

WIDTH, HEIGHT, FPS = 640, 360, 15
LUMA_BYTES = WIDTH * HEIGHT
FRAME_BYTES = LUMA_BYTES * 3 // 2
"""Of one I420 frame."""


def frames(path: Path) -> Iterator[bytes]:
    """The frames of an I420 file, in an endless loop."""
    raw = path.read_bytes()
    return itertools.cycle(raw[at : at + FRAME_BYTES] for at in range(0, len(raw), FRAME_BYTES))


def spread_of(luma: bytes | bytearray | memoryview) -> float:
    """Standard deviation of the brightness, from every 97th pixel; 0 for a black frame."""
    some = luma[::97]
    mean = sum(some) / len(some)
    return math.sqrt(sum((value - mean) ** 2 for value in some) / len(some))
