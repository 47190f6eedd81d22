"""Send and receive messages between the media process and a worker: pickled, each in one write and mostly one read.

`Connection.send` and `recv` make a pickler, a buffer and further system calls for each message.
"""

import os
import pickle
import struct
from multiprocessing.connection import Connection
from typing import Any

READ_BYTES = 65536
"""More than most messages have: 4 kB for each face."""
_LENGTH = struct.Struct("!I")


class MessagePipe:
    """One end of a pipe. The two ends take turns: neither sends a message before it has read that of the other."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def send(self, message: object) -> None:
        """Write a message in one write, whatever its length. Raises OSError.

        If this process were stopped between two writes, the event loop that reads would block.
        """
        content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        left = memoryview(_LENGTH.pack(len(content)) + content)
        while left:
            left = left[self._write(left) :]

    def receive(self) -> Any:
        """Wait for a message and read it. Raises EOFError if the other end is closed, and OSError."""
        read = self._read()
        while len(read) < _LENGTH.size or len(read) < _LENGTH.size + _LENGTH.unpack_from(read)[0]:
            read += self._read()
        # Safe: only the server and its own workers have the ends of the pipe.
        return pickle.loads(memoryview(read)[_LENGTH.size :])  # noqa: S301

    def _write(self, content: memoryview) -> int:
        return os.write(self._pipe.fileno(), content)

    def _read(self) -> bytes:
        read = os.read(self._pipe.fileno(), READ_BYTES)
        if not read:
            raise EOFError
        return read
