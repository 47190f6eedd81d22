"""The tracks that a headless peer sends: each frame at its time, with its number; no bursts."""

import asyncio
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction

import av
from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from av.frame import Frame
from av.packet import Packet
from av.stream import Stream

from facestream.clips.clip import open_clip
from facestream.clips.reader import FILL_INTERVAL_S, ClipFrame, ClipReader, Problem, Selection
from facestream.config.limits import MAX_FRAME_PX
from facestream.errors import FacestreamError
from facestream.media.planes import planes_of
from facestream.replay.options import ReplayOptions
from facestream.replay.stamp import COUNTER_VALUES, fits, write_stamp
from facestream.replay.summary import Tally

VIDEO_CLOCK_HZ = 90_000
TIME_BASE = Fraction(1, VIDEO_CLOCK_HZ)


def selection_for_sending(*, loop: bool, duration_s: float | None) -> Selection:
    """All frames, scaled down to what a server accepts by default, without gaps that would end a session."""
    return Selection(loop=loop, duration_s=duration_s, max_side_px=MAX_FRAME_PX, gaps="fill")


def sending_clip(options: ReplayOptions) -> "Callable[[Tally], ReplayTrack]":
    """What makes the track that sends the clip of the options; raises ClipError."""
    clip = open_clip(options.clip)

    def make_track(tally: Tally) -> ReplayTrack:
        selection = selection_for_sending(loop=options.loop, duration_s=options.duration_s)
        return ClipTrack(clip.frames(selection), clip.fps, tally)

    return make_track


class ReplayTrack(VideoStreamTrack):
    """A video track that reports when and why it has ended."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self.failure: Exception | None = None
        """Why it ended early; None if it did not."""
        self._tally = tally
        self._has_moved = False

    async def recv(self) -> "Frame | Packet[Stream]":  # type: ignore[override]
        # aiortc 1.16 sends packets unchanged, although the annotation of its track allows frames only.
        if self.readyState != "live":
            raise MediaStreamError
        return await self._next_due()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the clip as far as it was read."""
        return ()

    def move(self) -> None:
        """Another connection sends the track from now on; what came due in between was not late."""
        self._has_moved = True

    def stop(self) -> None:
        super().stop()
        self.ended.set()

    async def close(self) -> None:
        """Stop, and free what the track reads; may be called twice."""
        self.stop()

    @abstractmethod
    async def _next_due(self) -> "Frame | Packet[Stream]":
        """The next frame, when it is due; raises MediaStreamError after the last."""


class LentTrack(VideoStreamTrack):
    """A track as one connection sends it: aiortc 1.16 stops the track of a connection that ends."""

    def __init__(self, track: ReplayTrack) -> None:
        super().__init__()
        self._track = track

    async def recv(self) -> "Frame | Packet[Stream]":  # type: ignore[override]
        if self.readyState != "live":
            raise MediaStreamError
        return await self._track.recv()


class ClipTrack(ReplayTrack):
    """Sends like a camera: a frame that is late by more than its interval is skipped."""

    def __init__(self, frames: ClipReader, fps: float, tally: Tally) -> None:
        super().__init__(tally)
        self._frames = frames
        self._interval_s = min(1 / fps, FILL_INTERVAL_S)
        self._started_s: float | None = None
        self._counter = 0
        self._reading = threading.Lock()
        """Held while a thread reads, because a reader that reads cannot be closed."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._frames.problems

    async def close(self) -> None:
        await super().close()
        await asyncio.to_thread(self._close_frames)

    def _close_frames(self) -> None:
        with self._reading:
            self._frames.close()

    async def _next_due(self) -> VideoFrame:
        clip_frame = await self._next_in_time()
        frame = clip_frame.frame
        frame.pts, frame.time_base = round(clip_frame.at_s * VIDEO_CLOCK_HZ), TIME_BASE
        counter = None
        if fits(frame.width, frame.height):
            counter = self._counter
            write_stamp(planes_of(frame), counter)
            self._counter = (counter + 1) % COUNTER_VALUES
        self._tally.count_sent(counter, time.monotonic())
        return frame

    async def _next_in_time(self) -> ClipFrame:
        while True:
            frame = await self._read()
            now_s = time.monotonic()
            if self._started_s is None:
                self._started_s = now_s - frame.at_s
            early_s = self._started_s + frame.at_s - now_s
            if early_s < -self._interval_s:
                self._tally.skipped += not self._has_moved
                continue
            self._has_moved = False
            if early_s > 0:
                await asyncio.sleep(early_s)
            return frame

    async def _read(self) -> ClipFrame:
        # aiortc 1.16 logs any other exception from recv() with a traceback.
        try:
            frame = await asyncio.to_thread(self._next)
        except (FacestreamError, av.FFmpegError, OSError) as error:
            self.failure = error
            frame = None
        if frame is None:
            self.stop()
            raise MediaStreamError
        return frame

    def _next(self) -> ClipFrame | None:
        with self._reading:
            return next(self._frames, None)
