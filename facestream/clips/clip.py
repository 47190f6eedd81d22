"""Read a video or image file as frames that can be sent: yuv420p, upright, with even sides."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import av
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from facestream.errors import ClipError
from facestream.media.planes import planes_of

STILL_FPS: Final = 30.0
STILL_DURATION_S: Final = 5.0
MIN_SIDE_PX: Final = 16
_FALLBACK_FPS = 30.0
_MAX_FPS = 240.0  # a higher value is the container's clock, not its frame rate


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One frame to send; the receiver owns its memory."""

    frame: VideoFrame
    """yuv420p, upright, both sides even, writable."""
    at_s: float
    """Seconds from the first frame; strictly increasing, also when the clip repeats."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A file with at least one frame that can be decoded; made by `open_clip`."""

    path: Path
    size_wh: tuple[int, int]
    fps: float
    frame_count: int
    """Number of frames stated in the file; 0: not stated."""
    still: bool
    """One image only; it is sent STILL_FPS times a second, by default for STILL_DURATION_S."""

    def frames(self, *, loop: bool = False, duration_s: float | None = None) -> Iterator[ClipFrame]:
        """All frames in order, repeated if `loop`, up to `duration_s` (None: no limit; an image: STILL_DURATION_S)."""
        if self.still:
            yield from self._still_frames(loop=loop, duration_s=duration_s)
            return
        start_s = 0.0
        while True:
            end_s = None
            for decoded in _decoded(self.path):
                at_s = start_s + decoded.at_s
                if duration_s is not None and at_s >= duration_s:
                    return
                end_s = at_s
                yield ClipFrame(decoded.frame, at_s)
            # If the file has lost its frames since it was opened, do not loop forever.
            if not loop or end_s is None:
                return
            start_s = end_s + 1 / self.fps

    def expected_frames(self, *, loop: bool = False, duration_s: float | None = None) -> int | None:
        """Number of frames that `frames` will yield, for a progress bar; None if unknown."""
        if self.still and duration_s is None and not loop:
            duration_s = STILL_DURATION_S
        wanted = None if duration_s is None else max(1, round(duration_s * self.fps))
        if loop or self.still or not self.frame_count:
            return wanted
        return self.frame_count if wanted is None else min(wanted, self.frame_count)

    def _still_frames(self, *, loop: bool, duration_s: float | None) -> Iterator[ClipFrame]:
        if duration_s is None and not loop:
            duration_s = STILL_DURATION_S
        for decoded in islice(_decoded(self.path), 1):
            number = 0
            while duration_s is None or number / STILL_FPS < duration_s:
                yield ClipFrame(_copy(decoded.frame), number / STILL_FPS)
                number += 1


def open_clip(path: Path) -> Clip:
    """Check that a file has video that can be decoded; raises ClipError."""
    with closing(_open(path)) as container:
        fps, frame_count = _fps(container.streams.video[0]), container.streams.video[0].frames
    first_frames = list(islice(_decoded(path), 2))
    if not first_frames:
        raise ClipError(f"{path}: no frame can be decoded; expected a video or an image")
    first = first_frames[0].frame
    still = len(first_frames) == 1
    return Clip(path, (first.width, first.height), STILL_FPS if still else fps, frame_count, still)


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise ClipError(f"{path}: no such file; expected a video or an image")
    if not path.is_file():
        raise ClipError(f"{path}: not a file; expected a video or an image")
    if not path.stat().st_size:
        raise ClipError(f"{path}: the file is empty; expected a video or an image")
    try:
        container = av.open(str(path), "r")
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise ClipError(
            f"{path}: cannot be read as video ({reason}); expected a video or an image"
        ) from error
    if not container.streams.video:
        container.close()
        raise ClipError(f"{path}: it has no video stream; expected a video or an image")
    return container


def _decoded(path: Path) -> Iterator[ClipFrame]:
    """The frames of the file, once, without those that cannot be decoded."""
    with closing(_open(path)) as container:
        stream = container.streams.video[0]
        # One thread, because the replay often runs beside the server that it measures.
        stream.codec_context.thread_count = 1
        step_s = 1 / _fps(stream)
        reformatter = VideoReformatter()
        first_s: float | None = None
        last_s = -step_s
        for frame in _video_frames(container, stream):
            time_s = None if frame.pts is None else frame.time
            if first_s is None:
                first_s = time_s or 0.0
            at_s = last_s + step_s if time_s is None else time_s - first_s
            if at_s <= last_s:
                at_s = last_s + step_s
            last_s = at_s
            yield ClipFrame(_sendable(frame, reformatter, path), at_s)


def _video_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):
            return  # cut off in the middle: what was read until here is the clip
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


def _fps(stream: VideoStream) -> float:
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    return fps if 0 < fps <= _MAX_FPS else _FALLBACK_FPS


def _sendable(frame: VideoFrame, reformatter: VideoReformatter, path: Path) -> VideoFrame:
    if min(frame.width, frame.height) < MIN_SIDE_PX:
        raise ClipError(
            f"{path}: {frame.width}x{frame.height} pixels; expected at least {MIN_SIDE_PX}x{MIN_SIDE_PX}"
        )
    quarter_turns = round(frame.rotation / 90) % 4
    if frame.format.name != "yuv420p":
        frame = reformatter.reformat(frame, format="yuv420p", threads=1)
    # The H264 encoder of aiortc 1.16 fails for odd sides and ends the video.
    if quarter_turns or frame.width % 2 or frame.height % 2:
        return _copy(frame, quarter_turns)
    frame.make_writable()  # the decoder may still use it as a reference
    return frame


def _copy(frame: VideoFrame, quarter_turns: int = 0) -> VideoFrame:
    """A copy, rotated counter-clockwise, with its sides cropped to even numbers."""
    turned = [np.rot90(plane, quarter_turns) for plane in planes_of(frame)]
    height_px, width_px = (side - side % 2 for side in turned[0].shape)
    copy = VideoFrame(width_px, height_px, "yuv420p")
    for target, source in zip(planes_of(copy), turned, strict=True):
        target[:] = source[: target.shape[0], : target.shape[1]]
    return copy
