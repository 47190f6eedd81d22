"""The media process's end of one analysis process: its pipe, its frame buffer, its life.

Serves one frame at a time; who shares it takes turns through the pool.
"""

import asyncio
import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np

from facestream.analysis.options import AnalysisOptions
from facestream.errors import AnalysisUnavailableError, ModelFileError
from facestream.faces import FrameReport, GrayImage
from facestream.media.child_signals import without_signals
from facestream.media.worker import Answer, Failed, PackedTracks, Ready, Request, serve_analysis

START_DEADLINE_S = 60.0
FRAME_DEADLINE_S = 5.0
JOIN_DEADLINE_S = 2.0


class AnalysisProcess:
    """One child and its frame buffer; serves one frame at a time."""

    def __init__(self, models_dir: Path, options: AnalysisOptions, max_pixels: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        with without_signals():  # it may start multiprocessing's resource tracker
            self._memory = SharedMemory(create=True, size=max_pixels)
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=serve_analysis,
            args=(theirs, self._memory.name, models_dir, options),
            name="facestream-analysis",
            daemon=True,
        )
        with without_signals():
            self._process.start()
        theirs.close()
        self._max_pixels = max_pixels
        self._answer_due = False
        self._readable: asyncio.Event | None = None
        self._receiving = False
        self._watching = False
        self.broken = False
        """True: it died, or did not answer in time; only `close` is left to do."""

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False: it has died, whether anybody has noticed or not."""
        return not self.broken and self._process.is_alive()

    @property
    def idle(self) -> bool:
        """True: ready for the next frame."""
        return not self.broken and not self._answer_due

    def watch(self, on_death: Callable[[], None]) -> None:
        """Call back once, in the loop, when the process has died by itself."""

        def died() -> None:
            self._unwatch()
            self.broken = True
            on_death()

        self._watching = True
        asyncio.get_running_loop().add_reader(self._process.sentinel, died)

    async def started(self) -> None:
        """Wait until the models are loaded; raises ModelFileError with the child's own sentence."""
        message = await self._receive(START_DEADLINE_S)
        if isinstance(message, Failed):
            raise ModelFileError(message.reason)
        if not isinstance(message, Ready):
            raise AnalysisUnavailableError(f"analysis process said {message!r}; expected Ready")

    async def analyze(
        self, gray: GrayImage, tracks: PackedTracks, time_s: float
    ) -> tuple[FrameReport, PackedTracks]:
        """Analyse one frame; raises AnalysisUnavailableError when the process is gone or the analysis failed."""
        height, width = gray.shape
        if height * width > self._max_pixels:
            raise AnalysisUnavailableError(
                f"frame of {width}x{height}; expected at most {self._max_pixels} pixels: send a smaller picture"
            )
        np.ndarray((height, width), np.uint8, self._memory.buf)[:] = gray
        try:
            self._pipe.send(Request(height, width, tracks, time_s))
        except (OSError, ValueError) as error:
            self.broken = True
            raise AnalysisUnavailableError("the analysis process is gone; it is being replaced") from error
        self._answer_due = True
        return await self._answer()

    async def finish_frame(self) -> None:
        """Wait for the answer to a frame whose session left meanwhile."""
        if self._answer_due and not self.broken:
            await self._answer()

    async def close(self) -> None:
        """End the process and free its memory; may be called twice."""
        self._unwatch()
        self._stop_listening()
        self._pipe.close()
        await asyncio.to_thread(self._process.join, JOIN_DEADLINE_S)
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join, JOIN_DEADLINE_S)
        with contextlib.suppress(FileNotFoundError, BufferError):
            self._memory.close()
            self._memory.unlink()

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            asyncio.get_running_loop().remove_reader(self._process.sentinel)

    async def _answer(self) -> tuple[FrameReport, PackedTracks]:
        message = await self._receive(FRAME_DEADLINE_S)
        self._answer_due = False
        if not isinstance(message, Answer):
            raise AnalysisUnavailableError(f"analysis of one frame failed: {message}")
        return message.report, message.tracks

    async def _receive(self, deadline_s: float) -> object:
        readable = self._listen()
        self._receiving = True
        try:
            async with asyncio.timeout(deadline_s):
                await readable.wait()
            # A message is a few kB, written in one go: once readable, it is there.
            return self._pipe.recv()
        except (EOFError, OSError, TimeoutError) as error:
            self.broken = True
            raise AnalysisUnavailableError("the analysis process is gone; it is being replaced") from error
        finally:
            self._receiving = False
            readable.clear()

    def _listen(self) -> asyncio.Event:
        """Set when the pipe can be read; goes on from frame to frame, because each start costs system calls."""
        if self._readable is None:
            self._readable = asyncio.Event()
            asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._on_readable)
        return self._readable

    def _on_readable(self) -> None:
        if self._receiving and self._readable is not None:
            self._readable.set()
        elif self._pipe.poll():
            # A late answer or the end of a dead process: nobody reads it now, and it would be told again and again.
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._readable is not None:
            self._readable = None
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
