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

from facestream.analysis.faces import GrayImage

RESERVE_BYTES = 1 << 20


class _Sent(Protocol):
    """A file descriptor that is being sent to another process."""

    def detach(self) -> int: ...


class FrameMemory:
    """Memory for one gray frame; a child process gets it as an argument of `multiprocessing.Process`."""

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

    def frame(self, height: int, width: int) -> GrayImage:
        """The first `height` x `width` bytes as a view of shape (height, width), rows without padding."""
        return np.ndarray((height, width), np.uint8, self._map)

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
