"""Provide shared memory for one frame: allocated in full at creation, freed when both processes have closed it.

The memory has no name and takes no space in /dev/shm, which is small in containers.
"""

import mmap
import os
import sys
import tempfile
from multiprocessing.reduction import DupFd
from typing import Protocol, Self

import numpy as np

from facestream.analysis.drawing.canvas import Planes

RESERVE_BYTES = 1 << 20


class _Sent(Protocol):
    """A file descriptor that is being sent to another process."""

    def detach(self) -> int: ...


def bytes_for(pixels: int) -> int:
    """Size of the memory for the planes of any yuv420p frame of at most so many pixels."""
    # Chroma planes of odd sizes are rounded up; in a frame of one row they have as many pixels as the luma.
    return 2 * pixels + 1


class FrameMemory:
    """Memory for one yuv420p frame; a child process gets it as an argument of `multiprocessing.Process`."""

    def __init__(self, file: int, size: int) -> None:
        """Map the file of `size` bytes behind a descriptor, and own the descriptor. Raises OSError."""
        self._file, self._size = file, size
        try:
            self._map = mmap.mmap(file, size)
        except BaseException:
            os.close(file)
            raise

    @classmethod
    def reserve(cls, size: int) -> Self:
        """Create and allocate `size` bytes. Raises OSError."""
        file = _anonymous_file()
        try:
            _fill(file, size)
        except BaseException:
            os.close(file)
            raise
        return cls(file, size)

    def planes(self, height: int, width: int) -> Planes:
        """Views of its planes, shapes (height, width) and twice half of that, rounded up; rows without padding."""
        half = (height + 1) // 2, (width + 1) // 2
        u, v = height * width, height * width + half[0] * half[1]
        return (
            np.ndarray((height, width), np.uint8, self._map),
            np.ndarray(half, np.uint8, self._map, u),
            np.ndarray(half, np.uint8, self._map, v),
        )

    def store(self, planes: Planes) -> None:
        """Copy the planes of a frame into the memory, from where `planes` reads them."""
        for plane, shared in zip(planes, self.planes(*planes[0].shape), strict=True):
            shared[:] = plane

    def close_file(self) -> None:
        """Close the descriptor once the child has its own; the mapping stays. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Unmap the memory; may be called twice."""
        self.close_file()
        self._map.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _arrived, (DupFd(self._file), self._size)


def _arrived(sent: _Sent, size: int) -> FrameMemory:
    """Make the memory in the child process."""
    memory = FrameMemory(sent.detach(), size)
    memory.close_file()
    return memory


def _anonymous_file() -> int:
    if sys.platform != "linux":
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    return os.memfd_create("facestream-frame")


def _fill(file: int, size: int) -> None:
    # Write zeros now: ftruncate allocates nothing, and a later write could then end the process with SIGBUS.
    zeros = bytes(min(size, RESERVE_BYTES))
    at = 0
    while at < size:
        at += os.pwrite(file, zeros[: size - at], at)
