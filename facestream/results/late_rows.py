"""Hold the rows of tables until the baselines of their faces are known, then write them with the differences.

Results wait in a queue: the first ones in memory, more of them in a file without a name, which the system removes when
it is closed, or when the process ends.
"""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import SpooledTemporaryFile

from facestream.results.formats import ResultWriter
from facestream.results.neutral_span import NeutralSpan
from facestream.results.record import FrameResult
from facestream.results.session_file import Baseline

MEMORY_BYTES = 4_000_000
"""Of results that wait in memory: about a minute of video with one face."""
PER_FRAME = 16
"""Results that are written with each further frame: more than one, so that the queue ends, and so few that no frame
waits long for those before it."""
PORTION = 200
"""Results that `settle` writes at once."""
_LENGTH_BYTES = 4


class LateWriter:
    """A writer of several tables at once, which get their rows when a span of the clip is over."""

    def __init__(self, span: NeutralSpan, writers: Sequence[ResultWriter], folder: Path) -> None:
        """`folder`: on the disk on which the results wait."""
        self.span = span
        self._writers = writers
        self._queue = _Queue(folder)
        self._baselines: Mapping[int, Baseline] | None = None

    def write(self, result: FrameResult) -> None:
        """Take a frame; raises OSError if the disk is full."""
        self.span.add(result)
        if self._writers:
            self._queue.put(result)
            if self.span.is_over:
                self._write(PER_FRAME)

    def settle(self) -> Iterator[None]:
        """Write what waits, after the last frame; yields now and then, because this may take minutes."""
        self.span.end()
        while len(self._queue):
            self._write(PORTION)
            yield

    def close(self) -> None:
        for _ in self.settle():
            pass
        for writer in self._writers:
            writer.close()
        self.discard()

    def discard(self) -> None:
        """Give up what waits; may be called twice, and after `close`."""
        self._queue.close()

    def _write(self, most: int) -> None:
        if self._baselines is None:
            self._baselines = self.span.baselines
        for result in self._queue.take(most):
            compared = with_baselines(result, self._baselines)
            for writer in self._writers:
                writer.write(compared)


def with_baselines(result: FrameResult, baselines: Mapping[int, Baseline]) -> FrameResult:
    """The result with the baselines of its faces, by face id."""
    faces = tuple(
        replace(face, baseline=baselines[face.id].probabilities) if face.id in baselines else face
        for face in result.faces
    )
    return replace(result, faces=faces)


class _Queue:
    """Results, the oldest first."""

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 - `close` closes it
        self._count = self._first = self._end = 0

    def __len__(self) -> int:
        return self._count

    def put(self, result: FrameResult) -> None:
        """Add a result: about 1.5 kB for each face with landmarks."""
        content = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._end)
        self._file.write(len(content).to_bytes(_LENGTH_BYTES, "little") + content)
        self._end += _LENGTH_BYTES + len(content)
        self._count += 1

    def take(self, most: int) -> list[FrameResult]:
        """Remove the oldest results: as many as there are, up to `most`."""
        self._file.seek(self._first)
        taken = []
        for _ in range(min(most, self._count)):
            length = int.from_bytes(self._file.read(_LENGTH_BYTES), "little")
            # Nobody else can write into a file without a name.
            taken.append(pickle.loads(self._file.read(length)))  # noqa: S301
            self._first += _LENGTH_BYTES + length
        self._count -= len(taken)
        if not self._count:
            self._file.truncate(0)
            self._first = self._end = 0
        return taken

    def close(self) -> None:
        self._file.close()
