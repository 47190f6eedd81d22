"""Write the annotated video and the telemetry to files, without delaying the peer."""

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import av
from av import VideoFrame

from facestream.errors import ConfigError
from facestream.media.h264_file import H264Stream
from facestream.messages.control import ControlReply
from facestream.messages.telemetry import Telemetry, encode_telemetry
from facestream.results.outputs import Output

Item = TypeVar("Item")

_FORMATS = MappingProxyType({".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"})
SUFFIXES: Final = tuple(_FORMATS)
MAX_WAITING_FRAMES = 90  # 41 MB at 640x480: three seconds; if the disk is slower, the file lacks frames
MAX_WAITING_MESSAGES = 900  # 30 s
CLOSE_DEADLINE_S = 10.0  # for the reader of a pipe, which may never read
_FORMAT_OPTIONS = MappingProxyType(
    {"movflags": "frag_keyframe+empty_moov"}
)  # MP4 without moving back, for pipes
_MARKER = {"type", "name", "note", "pts"}


class FileThread(ABC, Generic[Item]):
    """A file that is written in a thread of its own, which starts with the first item: a slow disk delays no peer.

    The file replaces an older one when `commit` is called, and only if something has arrived.
    """

    def __init__(self, output: Output, max_waiting: int, items: str) -> None:
        self.output = output
        self.left_out = 0
        """Items that were not written because they arrived faster than they could be."""
        self._failure: Exception | None = None
        self._items = items
        # Bounded; an item that does not fit is dropped and counted.
        self._waiting: queue.Queue[Item | None] = queue.Queue(max_waiting)
        self._thread = threading.Thread(target=self._run, name=f"replay-{items}", daemon=True)
        self._started = False

    @property
    def failure(self) -> str | None:
        """Why the file lacks items; None if it lacks none."""
        if self._failure is not None:
            return str(self._failure)
        return (
            f"{self.left_out} {self._items} arrived faster than they could be written"
            if self.left_out
            else None
        )

    def write(self, item: Item) -> None:
        """Take ownership of one item; returns at once."""
        if not self._started:
            self._started = True
            self._thread.start()
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            self.left_out += 1

    def close(self) -> None:
        """Finish the file, which `commit` or `discard` must follow; blocks until it is written."""
        if not self._started or not self._thread.is_alive():
            return
        try:
            self._waiting.put(None, timeout=CLOSE_DEADLINE_S)
        except queue.Full:
            pass
        else:
            self._thread.join(CLOSE_DEADLINE_S)
        if self._thread.is_alive():
            self._failure = TimeoutError(f"nobody has read it for {CLOSE_DEADLINE_S:.0f} s")

    def finish(self, *, whole: bool) -> Path | None:
        """Replace the older file if the session went to its end (`whole`) and the file is in order.

        Otherwise the older file stays, and what has arrived is kept beside it. Returns the path under which it is kept,
        None: no file. Call it after `close`.
        """
        if self._thread.is_alive():
            return None  # it still writes into a pipe that nobody reads
        if not self._started or self._failure is not None:
            self.output.discard()
            return None
        if not whole:
            return self.output.keep_incomplete()
        try:
            self.output.commit()
        except OSError as error:
            self._failure = error
            return None
        return self.output.path

    @abstractmethod
    def _write_all(self, items: Iterator[Item]) -> None:
        """Write all items; raises FFmpegError, OSError, ValueError."""

    def _run(self) -> None:
        try:
            self._write_all(iter(self._waiting.get, None))
        except (av.FFmpegError, OSError, ValueError) as error:
            self._failure = error
            # Empty the queue, so that `close` can add its end mark.
            while self._waiting.get() is not None:
                self.left_out += 1


class Recording(FileThread[VideoFrame]):
    """An H264 file of the received frames at their own times."""

    def __init__(self, path: Path) -> None:
        """Check the name and the folder; raises ConfigError."""
        if path.suffix.lower() not in _FORMATS:
            raise ConfigError(
                f"--out: got {path.name}; expected a name that ends in {', '.join(SUFFIXES)}", "--out"
            )
        super().__init__(Output(path, "--out"), MAX_WAITING_FRAMES, "frames")
        self._format = _FORMATS[path.suffix.lower()]

    def _write_all(self, items: Iterator[VideoFrame]) -> None:
        options = dict(_FORMAT_OPTIONS) if self._format != "matroska" and not self.output.is_regular else {}
        with av.open(self.output.open(), "w", format=self._format, options=options) as container:
            stream = H264Stream(container)
            for frame in items:
                stream.write(frame)
            stream.finish()


class TelemetryLog(FileThread[Telemetry | ControlReply]):
    """The received telemetry messages, one per line, and the markers between them."""

    def __init__(self, path: Path) -> None:
        """Check the folder; raises ConfigError."""
        super().__init__(Output(path, "--telemetry"), MAX_WAITING_MESSAGES, "messages")

    def _write_all(self, items: Iterator[Telemetry | ControlReply]) -> None:
        file = self.output.open_text()
        for item in items:
            line = (
                encode_telemetry(item)
                if isinstance(item, Telemetry)
                else item.model_dump_json(include=_MARKER)
            )
            file.write(line + "\n")
            if not self.output.is_regular:
                file.flush()


class ReplayFiles:
    """The files of one peer: ends all of them, and says what is wrong with them."""

    def __init__(self, files: Sequence[Recording | TelemetryLog]) -> None:
        self._files = files
        self._kept: list[Path | None] = []

    def finish(self, *, whole: bool) -> None:
        """Close all of them; blocks until they are on the disk. `whole`: as in `FileThread.finish`."""
        for file in self._files:
            file.close()
        self._kept = [file.finish(whole=whole) for file in self._files]

    @property
    def lack_something(self) -> bool:
        """Whether a file lacks what the server has sent."""
        return any(file.failure is not None for file in self._files)

    def complaints(self) -> Iterator[str]:
        """A sentence for each file that is incomplete, not written, or not where it was wanted."""
        for file, kept in zip(self._files, self._kept, strict=False):
            option, wanted = file.output.option, file.output.path
            if kept is None and file.failure is not None:
                yield f"{option}: {wanted} is not written ({file.failure})"
            elif kept is not None and file.failure is not None:
                yield f"{option}: {kept} is incomplete ({file.failure})"
            elif kept is not None and kept != wanted:
                yield f"{option}: what was received until then is in {kept}; {wanted} is left as it was"
