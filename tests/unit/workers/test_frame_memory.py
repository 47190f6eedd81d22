"""The shared memory for frames: reserved at once, or an error that can be caught."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from facestream.workers.frame_memory import FrameMemory, bytes_for
from facestream.workers.shortage import shortage, started_threads

SIZE = 3 << 20


def test_all_of_the_memory_is_allocated_before_the_first_write():
    memory = FrameMemory.reserve(SIZE + 5)

    blocks = os.fstat(memory._file).st_blocks
    memory.close()

    assert 512 * blocks >= SIZE


def test_the_memory_is_not_in_dev_shm():
    memory = FrameMemory.reserve(SIZE)

    where = str(Path(f"/proc/self/fd/{memory._file}").readlink())
    memory.close()

    assert where.startswith("/memfd:")


def test_written_pixels_are_read_back():
    memory = FrameMemory.reserve(SIZE)

    for number, plane in enumerate(memory.planes(3, 5)):
        plane[:] = number

    y, u, v = memory.planes(3, 5)
    assert (y.shape, u.shape, v.shape) == ((3, 5), (2, 3), (2, 3))
    assert [np.unique(plane).tolist() for plane in (y, u, v)] == [[0], [1], [2]]
    memory.close()
    memory.close()


@pytest.mark.parametrize(("height", "width"), [(48, 64), (47, 63), (1, 3072), (3072, 1), (1, 1)])
def test_the_planes_of_any_frame_of_so_many_pixels_fit(height: int, width: int):
    memory = FrameMemory.reserve(bytes_for(height * width))

    for plane in memory.planes(height, width):
        plane[:] = 7

    memory.close()


def test_memory_that_cannot_be_allocated_is_an_error_and_leaves_nothing_open():
    """Runs in a process of its own, because the limit on file sizes would also apply to the logs of the tests."""
    program = f"""
import os, resource
from facestream.errors import ShortageError
from facestream.workers.frame_memory import FrameMemory
resource.setrlimit(resource.RLIMIT_FSIZE, ({SIZE // 2}, {SIZE // 2}))
before = len(os.listdir("/proc/self/fd"))
try:
    FrameMemory.reserve({SIZE})
except OSError as error:
    print(error.strerror, len(os.listdir("/proc/self/fd")) - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "File too large 0\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(24, "Too many open files"), "ulimit -n"),
        (OSError(11, "Resource temporarily unavailable"), "TasksMax"),
        (OSError(28, "No space left on device"), "memory limit"),
        (MemoryError(), "MemoryError; free memory"),
        (RuntimeError("can't start new thread"), "can't start new thread; raise the limit of processes"),
        (OSError(5, "Input/output error"), "check the limits"),
    ],
)
def test_a_shortage_names_the_cause_and_what_to_do(error: Exception, said: str):
    sentence = str(shortage("a thing cannot start", error))

    assert sentence.startswith("a thing cannot start: ")
    assert said in sentence


def test_all_threads_are_started_in_advance():
    threads = started_threads(3, "test")

    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("test")]
    assert len(names) == 3
    threads.shutdown()
