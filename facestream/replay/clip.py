"""Read a clip or a picture as frames that can be sent: yuv420p, upright, even sides; knows no wall clock."""

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
_MAX_FPS = 240.0  # more is a container's clock mistaken for its frame rate


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One frame to send; its memory belongs to whoever takes it."""

    picture: VideoFrame
    """yuv420p, upright, both sides even, writable."""
    at_s: float
    """From the first frame; strictly increasing, also when the clip starts again."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that has at least one readable picture; made by `open_clip`."""

    path: Path
    size_wh: tuple[int, int]
    fps: float
    frame_count: int
    """As the file states it; 0 where it does not."""
    still: bool
    """One picture only: it is shown STILL_FPS times a second, for STILL_DURATION_S unless told otherwise."""

    def frames(self, *, loop: bool = False, duration_s: float | None = None) -> Iterator[ClipFrame]:
        """Every frame in order, and again from the start if it loops, until the duration is over."""
        if self.still:
            yield from self._still_frames(loop=loop, duration_s=duration_s)
            return
        start_s = 0.0
        while True:
            end_s = None
            for frame in _decoded(self.path):
                at_s = start_s + frame.at_s
                if duration_s is not None and at_s >= duration_s:
                    return
                end_s = at_s
                yield ClipFrame(frame.picture, at_s)
            # A file that lost its frames since it was opened must not become an endless loop.
            if not loop or end_s is None:
                return
            start_s = end_s + 1 / self.fps

    def expected_frames(self, *, loop: bool = False, duration_s: float | None = None) -> int | None:
        """How many frames will be sent, for a progress bar; None where nobody knows."""
        if self.still and duration_s is None and not loop:
            duration_s = STILL_DURATION_S
        wanted = None if duration_s is None else max(1, round(duration_s * self.fps))
        if loop or self.still or not self.frame_count:
            return wanted
        return self.frame_count if wanted is None else min(wanted, self.frame_count)

    def _still_frames(self, *, loop: bool, duration_s: float | None) -> Iterator[ClipFrame]:
        if duration_s is None and not loop:
            duration_s = STILL_DURATION_S
        for frame in islice(_decoded(self.path), 1):
            number = 0
            while duration_s is None or number / STILL_FPS < duration_s:
                yield ClipFrame(_copy(frame.picture), number / STILL_FPS)
                number += 1


def open_clip(path: Path) -> Clip:
    """Check that there is video in a file; raises ClipError with a sentence."""
    with closing(_open(path)) as container:
        fps, frame_count = _fps(container.streams.video[0]), container.streams.video[0].frames
    first_frames = list(islice(_decoded(path), 2))
    if not first_frames:
        raise ClipError(f"{path}: no picture in it can be decoded; expected a video or a picture")
    picture = first_frames[0].picture
    still = len(first_frames) == 1
    return Clip(path, (picture.width, picture.height), STILL_FPS if still else fps, frame_count, still)


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise ClipError(f"{path}: no such file; expected a video or a picture")
    if not path.is_file():
        raise ClipError(f"{path}: not a file; expected a video or a picture")
    if not path.stat().st_size:
        raise ClipError(f"{path}: the file is empty; expected a video or a picture")
    try:
        container = av.open(str(path), "r")
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise ClipError(f"{path}: not readable as video ({reason}); expected a video or a picture") from error
    if not container.streams.video:
        container.close()
        raise ClipError(f"{path}: no video in it, only other streams; expected a video or a picture")
    return container


def _decoded(path: Path) -> Iterator[ClipFrame]:
    """The file's frames, once; what cannot be decoded is left out."""
    with closing(_open(path)) as container:
        stream = container.streams.video[0]
        # One thread: a replay runs beside the server it measures.
        stream.codec_context.thread_count = 1
        step_s = 1 / _fps(stream)
        reformatter = VideoReformatter()
        first_s: float | None = None
        last_s = -step_s
        for picture in _pictures(container, stream):
            time_s = None if picture.pts is None else picture.time
            if first_s is None:
                first_s = time_s or 0.0
            at_s = last_s + step_s if time_s is None else time_s - first_s
            if at_s <= last_s:
                at_s = last_s + step_s
            last_s = at_s
            yield ClipFrame(_sendable(picture, reformatter, path), at_s)


def _pictures(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):
            return  # cut off in the middle: what was read until here is the clip
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            continue
        yield from pictures


def _fps(stream: VideoStream) -> float:
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    return fps if 0 < fps <= _MAX_FPS else _FALLBACK_FPS


def _sendable(picture: VideoFrame, reformatter: VideoReformatter, path: Path) -> VideoFrame:
    if min(picture.width, picture.height) < MIN_SIDE_PX:
        raise ClipError(
            f"{path}: a picture of {picture.width}x{picture.height} pixels; "
            f"expected at least {MIN_SIDE_PX}x{MIN_SIDE_PX}"
        )
    quarter_turns = round(picture.rotation / 90) % 4
    if picture.format.name != "yuv420p":
        picture = reformatter.reformat(picture, format="yuv420p", threads=1)
    # H264 encoders refuse odd sides (aiortc 1.16, codecs/h264.py), and would end the video.
    if quarter_turns or picture.width % 2 or picture.height % 2:
        return _copy(picture, quarter_turns)
    picture.make_writable()  # the decoder may still predict from it
    return picture


def _copy(picture: VideoFrame, quarter_turns: int = 0) -> VideoFrame:
    """A picture in memory of its own, turned counter-clockwise, its sides cut to even numbers."""
    turned = [np.rot90(plane, quarter_turns) for plane in planes_of(picture)]
    height_px, width_px = (side - side % 2 for side in turned[0].shape)
    copy = VideoFrame(width_px, height_px, "yuv420p")
    for target, source in zip(planes_of(copy), turned, strict=True):
        target[:] = source[: target.shape[0], : target.shape[1]]
    return copy
