"""The face as raw frames, for peers that encode themselves; standard library only, any Python runs it."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

WIDTH, HEIGHT, FPS = 640, 360, 15
LUMA_BYTES = WIDTH * HEIGHT
FRAME_BYTES = LUMA_BYTES * 3 // 2
"""Of one picture as I420."""


def pictures(path: Path) -> Iterator[bytes]:
    """The frames of a file of I420, over and over."""
    raw = path.read_bytes()
    return itertools.cycle(raw[at : at + FRAME_BYTES] for at in range(0, len(raw), FRAME_BYTES))


def spread_of(luma: bytes | bytearray | memoryview) -> float:
    """Standard deviation of the brightness, from every 97th pixel; a black frame has none."""
    some = luma[::97]
    mean = sum(some) / len(some)
    return math.sqrt(sum((value - mean) ** 2 for value in some) / len(some))
