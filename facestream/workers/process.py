"""Start, use and end one worker from the media process: its pipe, its frame memory, its exit.

Serves one frame at a time; streams share it through the pool.
"""

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

from facestream.analysis.drawing.annotation import Annotation
from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.options import AnalysisOptions
from facestream.errors import (
    AnalysisFaultError,
    AnalysisUnavailableError,
    ModelFileError,
    ShortageError,
    WorkerLostError,
)
from facestream.workers.child import HangDetector, without_signals
from facestream.workers.frame_memory import FrameMemory, bytes_for
from facestream.workers.message_pipe import MessagePipe
from facestream.workers.shortage import shortage
from facestream.workers.worker import ANNOTATION, Failed, PackedTracks, Ready, Reply, Request, serve_analysis

START_DEADLINE_S = 60.0
END_DEADLINE_S = 2.0


class AnalysisProcess:
    """One child and its frame memory; serves one frame at a time."""

    def __init__(self, models_dir: Path, options: AnalysisOptions, max_pixels: int) -> None:
        """Start the child, with room for frames of `max_pixels`. Raises ShortageError and leaves nothing open."""
        spawn = multiprocessing.get_context("spawn")
        with contextlib.ExitStack() as opened:
            try:
                self._memory = FrameMemory.reserve(bytes_for(max_pixels))
                opened.callback(self._memory.close)
                self._pipe, theirs = spawn.Pipe()
                opened.callback(self._pipe.close)
                with theirs:
                    self._process = spawn.Process(
                        target=serve_analysis,
                        args=(theirs, self._memory, models_dir, options),
                        name="facestream-analysis",
                        daemon=True,
                    )
                    with without_signals():
                        self._process.start()
            except (OSError, MemoryError) as error:
                raise shortage("an analysis process cannot start", error) from error
            opened.pop_all()
        self._memory.close_file()
        assert self._process.pid is not None, "it has been started"
        self.pid: int = self._process.pid
        self._max_pixels = max_pixels
        self._hangs = HangDetector(self.pid)
        self._messages = MessagePipe(self._pipe)
        self._reply_due = False
        self._awaited: asyncio.Future[object] | None = None
        """The next message, while a caller waits for it; None as a result: the process is gone."""
        self._listening = self._watching = False
        self.ready_s: float | None = None
        """When the models of the process were loaded, by the monotonic clock; None: not yet."""
        self._closed = False
        self.broken = False
        """True: the process died, hangs, or did not reply in time; only `close` may be called then."""

    @property
    def idle(self) -> bool:
        """True: ready for the next frame."""
        return not self.broken and not self._reply_due

    def watch(self, on_death: Callable[[], None]) -> None:
        """Call `on_death` once, in the event loop, if the process dies by itself."""

        def died() -> None:
            self._unwatch()
            self.broken = True
            on_death()

        asyncio.get_running_loop().add_reader(self._process.sentinel, died)
        self._watching = True

    def look(self) -> str:
        """Why the process must be replaced, in a few words; empty while it works. Call this every `LOOK_EVERY_S`."""
        return "" if self.broken else self._hangs.look(self._reply_due)

    def kill(self) -> None:
        """Kill the process; a caller that waits for its reply gets an error at once."""
        self.broken = True
        if not self._closed:
            self._process.kill()
        self._stop_waiting()

    async def started(self) -> None:
        """Wait until the models are loaded.

        Raises ModelFileError with the message of the child, ShortageError, or AnalysisFaultError.
        """
        # A timer instead of a timeout: a message that has arrived is read, also if this process was stopped meanwhile.
        deadline = asyncio.get_running_loop().call_later(START_DEADLINE_S, self._stop_waiting)
        try:
            message = await self._receive()
        except WorkerLostError as error:
            raise ShortageError(
                f"an analysis process ended while it loaded its models ({self._how_it_ended()}); "
                "check its output, and the limits of memory, files and processes"
            ) from error
        finally:
            deadline.cancel()
        if isinstance(message, Failed):
            if not message.traceback:
                raise ModelFileError(message.reason)
            raise AnalysisFaultError(
                f"an analysis process could not load its models ({message.reason}); "
                "check the memory and open-file limits",
                message.traceback,
            )
        if not isinstance(message, Ready):
            raise AnalysisFaultError(f"the analysis process sent {message!r}; expected Ready")
        self.ready_s = time.monotonic()

    async def analyze(
        self,
        planes: Planes,
        tracks: PackedTracks,
        time_s: float,
        annotation: Annotation | None = None,
        *,
        with_plugin: bool = True,
    ) -> Reply:
        """Analyse and annotate one frame, with your own analysis or without; `annotated` has the result.

        Raises AnalysisUnavailableError.
        """
        if self.broken:
            raise WorkerLostError("the analysis process is gone; it is being replaced")
        height, width = planes[0].shape
        if height * width > self._max_pixels:
            raise AnalysisUnavailableError(
                f"frame of {width}x{height}; expected at most {self._max_pixels} pixels: send smaller frames"
            )
        self._memory.store(planes)
        wanted = None if annotation is None else ANNOTATION.to_plain(annotation)
        try:
            self._messages.send(tuple(Request(height, width, tracks, time_s, wanted, with_plugin)))
        except (OSError, ValueError) as error:
            self.broken = True
            raise WorkerLostError("the analysis process is gone; it is being replaced") from error
        self._reply_due = True
        self._hangs.begin()
        return await self._reply()

    def annotated(self, height: int, width: int) -> Planes:
        """Views of the frame of this size that `analyze` was given last, annotated; until the lease ends."""
        return self._memory.planes(height, width)

    async def finish_frame(self) -> None:
        """Wait for the reply to a frame whose session has ended meanwhile. Raises AnalysisUnavailableError."""
        if self._reply_due and not self.broken:
            await self._reply()

    async def close(self) -> None:
        """End the process and free its memory; may be called twice."""
        if self._closed:
            return
        self._closed = True
        # A process that loads, hangs or is stopped does not notice that its pipe is closed.
        must_be_killed = self.broken or self.ready_s is None or self._hangs.is_stopped()
        self.broken = True
        self._stop_waiting()
        self._unwatch()
        self._stop_listening()
        self._pipe.close()
        try:
            if must_be_killed or not await self._ended():
                self._process.kill()
                await self._ended()
        except asyncio.CancelledError:  # a second call would do nothing, so end the process now
            self._process.kill()
            self._process.join(END_DEADLINE_S)
            raise
        finally:
            self._release()

    def discard(self) -> None:
        """End the process at once; needs no event loop."""
        self._pipe.close()
        self._process.kill()
        self._process.join(END_DEADLINE_S)
        self._release()

    def _release(self) -> None:
        with contextlib.suppress(ValueError):  # a process in an uninterruptible system call cannot be killed
            self._process.close()
        with contextlib.suppress(BufferError):
            self._memory.close()

    async def _ended(self) -> bool:
        """Wait until the process has ended; needs no thread, because there might be none left."""
        sentinel = self._process.sentinel
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sentinel, ended.set)
        try:
            async with asyncio.timeout(END_DEADLINE_S):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(sentinel)
        # The process has closed its files and is about to end; without this call it would remain as a zombie.
        self._process.join(END_DEADLINE_S)
        return True

    def _how_it_ended(self) -> str:
        self._process.join(0.1)
        code = self._process.exitcode
        return "no exit code" if code is None else f"exit code {code}"

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            asyncio.get_running_loop().remove_reader(self._process.sentinel)

    async def _reply(self) -> Reply:
        message = await self._receive()
        if isinstance(message, Failed):
            raise AnalysisFaultError(message.reason, message.traceback)
        if not isinstance(message, tuple):
            raise AnalysisFaultError(f"the analysis process sent {message!r}; expected a reply")
        return Reply.from_plain(message)

    async def _receive(self) -> object:
        """The next message. Raises WorkerLostError if the process is gone."""
        loop = asyncio.get_running_loop()
        if not self._listening:
            # Listening continues from frame to frame, because starting it costs system calls.
            loop.add_reader(self._pipe.fileno(), self._on_readable)
            self._listening = True
        self._awaited = loop.create_future()
        try:
            message = await self._awaited
        finally:
            self._awaited = None
        if message is None:
            self.broken = True
            raise WorkerLostError("the analysis process is gone; it is being replaced")
        return message

    def _on_readable(self) -> None:
        if self._awaited is None or self._awaited.done():
            if self._pipe.poll():
                # A late reply or the end of a dead process: without a reader, the loop would report it for ever.
                self._stop_listening()
            return
        try:
            # A message has a few kB and is written at once, so a readable pipe holds all of it.
            self._awaited.set_result(self._messages.receive())
        except (EOFError, OSError):
            self.broken = True
            self._stop_waiting()
        except Exception as error:  # noqa: BLE001 - unpickling may raise anything; the caller gets it
            self._awaited.set_exception(error)
        # Here, because the caller may be cancelled before it gets the message.
        self._reply_due = False

    def _stop_waiting(self) -> None:
        """The process is gone: who waits for a message gets an error at once."""
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
