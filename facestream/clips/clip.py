"""A clip: a video file, a photograph, a camera or an address that has at least one frame, and how to read it.

`open_clip` checks it once. What its frames look like does not depend on how they are stored: upright, square pixels,
yuv420p in BT.709 studio range, even sides.
"""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from facestream.clips.decoding import Decoding, Opened, fps_of
from facestream.clips.reader import STILL_DURATION_S, STILL_FPS, ClipReader, Selection, Statement
from facestream.clips.source import Source, head_of, is_photo, open_video, source_of
from facestream.clips.upright import Upright
from facestream.errors import ClipError


@dataclass(frozen=True, slots=True)
class Clip:
    """A source with at least one frame that can be decoded; made by `open_clip`. A clip from a file can be pickled."""

    source: Source
    size_wh: tuple[int, int]
    """Of the frames as they are read, in pixels; they may change size later."""
    fps: float
    frame_count: int
    """Number of frames stated in the file; 0: not stated."""
    duration_s: float | None
    """Stated by the file; None: not stated, a photograph or a live source."""
    still: bool
    """One image only; with `gaps="fill"` it is sent STILL_FPS times a second, by default for STILL_DURATION_S."""
    photo: bool = False
    """A photograph, not a video of one frame."""
    _opened: list[Opened] = field(default_factory=list, compare=False, repr=False)
    """Of a live source what `open_clip` opened, because some can be opened only once."""

    @property
    def name(self) -> str:
        """The path, device or address, without a password."""
        return str(self.source)

    @property
    def live(self) -> bool:
        """A camera or an address: it cannot be read again from its beginning, and may never end."""
        return self.source.live

    def frames(self, selection: Selection | None = None) -> ClipReader:
        """All frames in order, as selected; close the reader, or use it in a `with` statement."""
        opened = self._opened.pop() if self._opened else None
        statement = Statement(self.fps, self.frame_count, self.duration_s, self.still, self.photo)
        return ClipReader(self.source, statement, selection or Selection(), opened)

    def expected_frames(self, *, loop: bool = False, duration_s: float | None = None) -> int | None:
        """Number of frames that are sent, for a progress bar; None if unknown."""
        if self.still and duration_s is None and not loop:
            duration_s = STILL_DURATION_S
        wanted = None if duration_s is None else max(1, round(duration_s * self.fps))
        if loop or self.still or not self.frame_count:
            return wanted
        return self.frame_count if wanted is None else min(wanted, self.frame_count)

    def close(self) -> None:
        """Close a live source that was not read; may be called twice."""
        while self._opened:
            self._opened.pop()[0].close()


def open_clip(given: Path | str) -> Clip:
    """Check that there is video that can be decoded; raises ClipError.

    A path is a file or a camera (`/dev/video0`). A text may also be an address: http, https, rtsp, rtsps, tcp or udp.
    """
    source = source_of(given)
    if source.live:
        return _live_clip(source)
    if is_photo(source, head_of(source)):
        with Clip(source, (0, 0), STILL_FPS, 0, None, still=True, photo=True).frames() as reader:
            first = next(reader).frame
        return Clip(source, (first.width, first.height), STILL_FPS, 0, None, still=True, photo=True)
    return _file_clip(source)


def _file_clip(source: Source) -> Clip:
    with closing(Decoding(source)) as decoding:
        fps, frame_count = decoding.fps, decoding.stream.frames
        duration_s = _duration_s(decoding)
    probe = Clip(source, (0, 0), fps, frame_count, duration_s, still=False)
    with probe.frames() as reader:
        firsts = list(islice(reader, 2))
    if not firsts:
        raise ClipError(f"{source}: no frame can be decoded; expected a video or an image")
    first, still = firsts[0].frame, len(firsts) == 1
    size_wh = (first.width, first.height)
    return Clip(
        source, size_wh, STILL_FPS if still else fps, frame_count, None if still else duration_s, still
    )


def _live_clip(source: Source) -> Clip:
    container, stream = open_video(source)
    codec = stream.codec_context
    size_wh = Upright(stream.sample_aspect_ratio).size_wh(codec.width, codec.height)
    return Clip(source, size_wh, fps_of(stream), 0, None, still=False, _opened=[(container, stream)])


def _duration_s(decoding: Decoding) -> float | None:
    stream, container = decoding.stream, decoding.container
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None
