"""Decode the video of a source once, from its beginning to its end; interlaced frames become whole ones.

Errors of the content end nothing: they are counted. Knows nothing of times that increase, and converts nothing.
"""

import time
from collections import deque
from collections.abc import Generator, Iterator
from typing import Final

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from facestream.clips.filters import Step, chain_for
from facestream.clips.packets import frames_before
from facestream.clips.source import READ_TIMEOUT_S, Source, open_video

FALLBACK_FPS: Final = 30.0
_MAX_FPS = 240.0  # a higher value is the container's clock, not its frame rate
_SEEK_EARLIER_S = (3.0, 15.0, 60.0)
"""Without an index, a seek may end after a key frame, and the next one may be too late: then it is tried earlier."""
_ARRIVED_BEFORE_S = 0.003
_MOST_BEFORE = 100
"""A packet that comes sooner than that was received while the source was opened; so many are left out at most."""
_DEINTERLACE: tuple[Step, ...] = (("bwdif", "mode=send_frame:deint=interlaced"),)

Opened = tuple[InputContainer, VideoStream]
TimedFrame = tuple[VideoFrame, float | None]
"""A frame and its timestamp in seconds, None: it has none."""


class Decoding:
    """One pass over a source; `close` it."""

    def __init__(self, source: Source, *, threads: int = 1, opened: Opened | None = None) -> None:
        """Open the source, unless it is open; raises ClipError. `threads` 0: as many as FFmpeg chooses."""
        self.container, self.stream = opened or open_video(source)
        self.decoded = 0
        """Frames decoded so far."""
        self.undecodable = 0
        """Packets that could not be decoded."""
        self.stopped = ""
        """Why the source could not be read to its end; empty: it was, or is still being read."""
        self.first_s: float | None = None
        """Timestamp of the first frame, if it has one."""
        self.first_number = 0
        """Number of the first frame that `frames` yields, counted from the beginning of the source."""
        self._source, self._threads = source, threads
        self._arrived_s: float | None = None
        self._woven = _Deinterlacer()
        self._set_threads()

    def close(self) -> None:
        """Close the source; may be called twice."""
        self.container.close()

    @property
    def fps(self) -> float:
        """Frames per second as the source says, or FALLBACK_FPS."""
        return fps_of(self.stream)

    def frames(self, start_s: float = 0.0) -> Iterator[TimedFrame]:
        """The frames in order; with `start_s`, from some frame before this time after the first."""
        decoded = self._timed_frames()
        first = next(decoded, None)
        if first is None:
            return
        self.first_s = first[1]
        if self._can_seek(first[0]) and start_s > _SEEK_EARLIER_S[0]:
            decoded.close()
            first, decoded = self._from_middle(start_s)
        if first is not None:
            yield from self._woven.push(first)
        for timed in decoded:
            yield from self._woven.push(timed)
        yield from self._woven.flush()

    def _set_threads(self) -> None:
        self.stream.codec_context.thread_count = self._threads
        if self._threads != 1:
            self.stream.codec_context.thread_type = "AUTO"

    def _can_seek(self, first: VideoFrame) -> bool:
        if self._source.live or self.first_s is None:
            return False
        # After a seek, the timestamps of a raw stream are invented anew.
        has_times = not av.format.Flags(self.container.format.flags) & av.format.Flags.no_timestamps
        # An interlaced frame needs the one before, and may be two packets.
        return has_times and not first.interlaced_frame

    def _from_middle(self, start_s: float) -> tuple[TimedFrame | None, Generator[TimedFrame, None, None]]:
        """The first frame after a seek, and the ones that follow; from the beginning if no seek ends early enough."""
        assert self.first_s is not None
        for earlier_s in _SEEK_EARLIER_S:
            target_s = start_s - earlier_s
            if target_s <= 0:
                break
            try:
                self.container.seek(round((self.first_s + target_s) * av.time_base))
            except av.FFmpegError:
                break
            decoded = self._timed_frames()
            found = next(decoded, None)
            if found is None or found[1] is None or found[1] > self.first_s + start_s:
                decoded.close()
                continue
            assert found[0].pts is not None
            number = frames_before(self._source, found[0].pts)
            if number is None:
                break
            self.first_number = number
            return found, decoded
        # The frames before the start are decoded, too.
        self.container.close()
        self.container, self.stream = open_video(self._source)
        self.decoded = self.undecodable = 0
        self.stopped = ""
        self._set_threads()
        return None, self._timed_frames()

    def _timed_frames(self) -> Generator[TimedFrame, None, None]:
        for frame in self._decoded_frames():
            self.decoded += 1
            if self._arrived_s is not None:
                yield frame, self._arrived_s
            else:
                yield frame, None if frame.pts is None else float(frame.time)

    def _decoded_frames(self) -> Iterator[VideoFrame]:
        packets = self.container.demux(self.stream)
        # Images one after the other, as many cameras send them over HTTP: FFmpeg invents 25 a second.
        by_arrival = self._source.live and self.container.format.name == "mpjpeg"
        left_out, is_current = 0, not by_arrival
        while True:
            asked_s = time.monotonic()
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError) as error:
                self.stopped = _reason_to_stop(error)
                break
            if by_arrival:
                self._arrived_s = time.monotonic()
                is_current = is_current or self._arrived_s - asked_s >= _ARRIVED_BEFORE_S
            if not is_current and left_out < _MOST_BEFORE:
                left_out += 1
                continue
            is_current = True
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.undecodable += bool(packet.size)
                continue
            yield from frames
        try:
            yield from self.stream.codec_context.decode(None)
        except av.FFmpegError:
            return


class _Deinterlacer:
    """Passes frames on; from the first interlaced frame on, through a filter that needs the next frame, too."""

    def __init__(self) -> None:
        self._filters: av.filter.Graph | None = None
        self._shape: tuple[int, int, str] = (0, 0, "")
        self._times_s: deque[float | None] = deque()

    def push(self, timed: TimedFrame) -> Iterator[TimedFrame]:
        frame, time_s = timed
        shape = (frame.width, frame.height, frame.format.name)
        if self._filters is not None and shape != self._shape:
            yield from self.flush()
        if self._filters is None:
            if not frame.interlaced_frame:
                yield timed
                return
            self._filters, self._shape = chain_for(frame, _DEINTERLACE), shape
        self._times_s.append(time_s)
        # The filter's own times are not used, but it wants some.
        frame.pts = None
        self._filters.vpush(frame)
        yield from self._ready()

    def flush(self) -> Iterator[TimedFrame]:
        """The last frames."""
        if self._filters is not None:
            self._filters.vpush(None)
            yield from self._ready()
            self._filters = None

    def _ready(self) -> Iterator[TimedFrame]:
        while self._filters is not None and self._times_s:
            try:
                frame = self._filters.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            yield frame, self._times_s.popleft()


def fps_of(stream: VideoStream) -> float:
    """Frames per second as the stream says, or FALLBACK_FPS."""
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    return fps if 0 < fps <= _MAX_FPS else FALLBACK_FPS


def _reason_to_stop(error: Exception) -> str:
    if isinstance(error, av.ExitError):
        return f"nothing came for {READ_TIMEOUT_S:.0f} s"
    return (error.strerror if isinstance(error, OSError | av.FFmpegError) else None) or type(error).__name__
