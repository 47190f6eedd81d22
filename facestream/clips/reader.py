"""Read a clip frame by frame: selected, converted, timed; afterwards, say what was wrong with it."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import av
import numpy as np
from av import VideoFrame

from facestream.analysis.faces import GrayImage
from facestream.analysis.photos import read_bgr
from facestream.clips.clock import CLOSED_GAP_S, MAX_FILLED_GAP_S, ClipClock, Gaps
from facestream.clips.decoding import Decoding, Opened
from facestream.clips.layout import layout_of
from facestream.clips.source import Source
from facestream.clips.upright import Upright
from facestream.errors import ClipError, ImageError
from facestream.media.planes import copy_of, planes_of

FILL_INTERVAL_S: Final = 1.0
"""With `fill`, the last frame is repeated this often in a gap; a server ends a session that is silent for longer."""
_DURATION_FROM_HEADER = {
    "flv",
    "asf",
}  # of other formats, FFmpeg finds the duration in what is left of the file
_EARLY_S, _EARLY_SHARE = 1.0, 0.05
_TOO_MANY_UNDECODABLE = 0.05

STILL_FPS: Final = 30.0
STILL_DURATION_S: Final = 5.0
_LIVE_SLACK_S = 2.0
_ROUNDING = 1e-6

ProblemCode = Literal["cut_off", "stopped", "undecodable", "gap", "joined"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was wrong with a clip, although it could be read."""

    code: ProblemCode
    sentence: str
    """For people, with the name of the clip."""
    incomplete: bool
    """Frames are missing that the clip should have."""


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One frame as a person sees it; the receiver owns its memory."""

    frame: VideoFrame
    """yuv420p, upright, square pixels, BT.709 studio range, both sides even, writable unless selected otherwise."""
    at_s: float
    """Seconds from the first frame of the clip; strictly increasing, also when the clip repeats."""
    number: int = 0
    """From 0 in the clip, also after a start in the middle."""
    repeated: bool = False
    """The frame before once more, because the next one comes late."""
    shown_s: float = 0.0
    """How long the file says that it is shown; 0: it does not say."""

    @property
    def gray(self) -> GrayImage:
        """The Y plane, shape (height, width), contiguous; it shares the frame's memory unless its lines are padded."""
        return np.ascontiguousarray(planes_of(self.frame)[0])


@dataclass(frozen=True, slots=True)
class Selection:
    """Which frames of a clip are read, and how."""

    loop: bool = False
    """Repeat the clip without end."""
    duration_s: float | None = None
    """From the first frame that is read; of a live source also in real time. None: no limit."""
    start_s: float = 0.0
    end_s: float | None = None
    """In seconds of the clip's own clock; None: no limit."""
    every: int = 1
    """Only each n-th frame, from the first that is read."""
    max_fps: float | None = None
    """At most this many frames per second; None: all."""
    threads: int = 1
    """Of the decoder; 0: as many as FFmpeg chooses. One, because the replay often runs beside the server."""
    max_side_px: int | None = None
    """Larger frames are scaled down to this longer side; None: no limit."""
    writable: bool = True
    """False: nobody draws on the frames, which saves a copy of each."""
    gaps: Gaps = "keep"
    """`fill`: repeat the last frame in gaps, and close up long ones; repeat the only frame of a still."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of itself; it may be wrong."""

    fps: float
    frame_count: int
    """0: not stated."""
    duration_s: float | None
    still: bool = False
    """It has one frame only."""
    photo: bool = False
    """It is a photograph, and not read as a video."""


FrameGenerator = Generator[ClipFrame, None, None]


class ClipReader(Iterator[ClipFrame]):
    """An iterator over the frames of a clip; may be read and closed in any thread, by one thread at a time."""

    def __init__(
        self, source: Source, statement: Statement, selection: Selection, opened: Opened | None = None
    ) -> None:
        self._source, self._statement, self._selection = source, statement, selection
        self._opened = opened
        self._problems: dict[str, Problem] = {}
        frames = self._rounds()
        if selection.gaps == "fill":
            frames = self._repeated_still() if statement.still else _filled(frames)
        self._frames = _limited(frames, selection.duration_s, live=source.live)

    def __next__(self) -> ClipFrame:
        """The next frame; raises ClipError if the rest cannot be read."""
        return next(self._frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the source; may be called twice."""
        self._frames.close()
        if self._opened is not None:
            self._opened[0].close()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the clip as far as it was read; complete after the last frame."""
        return tuple(self._problems.values())

    def _repeated_still(self) -> FrameGenerator:
        for first in self._one_round():
            selection = self._selection
            yield from _still_frames(first.frame, loop=selection.loop, duration_s=selection.duration_s)
            return

    # One round reads the clip once.

    def _rounds(self) -> FrameGenerator:
        shift_s = 0.0
        while True:
            end_s: float | None = None
            for frame in self._one_round():
                end_s = frame.at_s
                yield replace(frame, at_s=frame.at_s + shift_s) if shift_s else frame
            # If the file has lost its frames since it was opened, do not loop forever.
            if not self._selection.loop or end_s is None:
                return
            shift_s += end_s + 1 / self._statement.fps - self._selection.start_s

    def _one_round(self) -> FrameGenerator:
        selection = self._selection
        if self._statement.photo:
            yield ClipFrame(self._converted(Upright(None, selection.max_side_px), self._photo()), 0.0)
            return
        opened, self._opened = self._opened, None
        with closing(Decoding(self._source, threads=selection.threads, opened=opened)) as decoding:
            step_s = 1 / self._statement.fps
            clock: ClipClock | None = None
            upright = Upright(decoding.stream.sample_aspect_ratio, selection.max_side_px)
            wanted = _Wanted(selection)
            number = 0
            for frame, time_s in decoding.frames(selection.start_s):
                if clock is None:
                    clock = ClipClock(step_s, selection.gaps, decoding.first_s)
                    number = decoding.first_number
                at_s = clock.at_s(time_s)
                self._note_times(clock)
                if selection.end_s is not None and at_s >= selection.end_s:
                    return
                if wanted.takes(at_s):
                    shown_s = float(frame.duration * (frame.time_base or 0))
                    yield ClipFrame(self._converted(upright, frame), at_s, number, shown_s=shown_s)
                number += 1
            self._note_end(decoding, 0.0 if clock is None else clock.last_s or 0.0)

    def _photo(self) -> VideoFrame:
        path = Path(self._source.name)
        if not path.exists():
            raise ClipError(f"{self._source}: no such file; expected a video or an image")
        try:
            return VideoFrame.from_ndarray(read_bgr(path), format="bgr24")
        except ImageError as error:
            raise ClipError(str(error)) from error

    def _converted(self, upright: Upright, frame: VideoFrame) -> VideoFrame:
        try:
            frame = upright.convert(frame)
        except (ValueError, av.FFmpegError) as error:
            raise ClipError(f"{self._source}: {_sentence(error)}") from error
        if self._selection.writable:
            frame.make_writable()  # the decoder may still use it as a reference
        return frame

    # What was wrong

    def _note(self, code: ProblemCode, what: str, *, incomplete: bool) -> None:
        sentence = f"{self._source}: {what}"
        self._problems.setdefault(sentence, Problem(code, sentence, incomplete))

    def _note_times(self, clock: ClipClock) -> None:
        closed = f", closed up to {CLOSED_GAP_S:.0f} s" if self._selection.gaps == "fill" else ""
        for at_s, gap_s in clock.long_gaps:
            self._note("gap", f"nothing for {gap_s:.0f} s after {at_s:.1f} s{closed}", incomplete=False)
        for at_s in clock.restarts:
            what = f"its timestamps begin again after {at_s:.1f} s; what follows is joined to it"
            self._note("joined", what, incomplete=False)

    def _note_end(self, decoding: Decoding, last_s: float) -> None:
        count = decoding.decoded
        about = self._statement.frame_count or round(
            (self._statement.duration_s or 0.0) * self._statement.fps
        )
        read = f"{count} of about {about} frames" if about > count else f"{count} frames"
        if decoding.stopped:
            self._note("stopped", f"ended early ({decoding.stopped}): {read} could be read", incomplete=True)
            return
        if self._has_ended_early(decoding, last_s):
            what = (
                f"it ended after {last_s:.1f} s of the {self._selection.duration_s:g} s that were asked for"
            )
            self._note("stopped", what, incomplete=True)
            return
        if self._is_cut_off(decoding, last_s):
            self._note("cut_off", f"the file is cut off: {read} could be read", incomplete=True)
            return
        if decoding.undecodable:
            what = f"{decoding.undecodable} damaged frames were left out, {count} could be read"
            too_many = decoding.undecodable > _TOO_MANY_UNDECODABLE * (count + decoding.undecodable)
            self._note("undecodable", what, incomplete=too_many)

    def _has_ended_early(self, decoding: Decoding, last_s: float) -> bool:
        """Whether a camera or an address has ended before its time, and not because it is a file that is shorter."""
        wanted_s = self._selection.duration_s
        if not self._source.live or wanted_s is None or last_s >= wanted_s - _EARLY_S:
            return False
        stated_s = (decoding.container.duration or 0) / av.time_base
        return stated_s <= 0 or last_s < stated_s - max(_EARLY_S, stated_s * _EARLY_SHARE)

    def _is_cut_off(self, decoding: Decoding, last_s: float) -> bool:
        if self._source.path is None or self._source.live:
            return False
        if layout_of(self._source.path).cut_off:
            return True
        stated_s = self._statement.duration_s
        if stated_s is None or decoding.container.format.name not in _DURATION_FROM_HEADER:
            return False
        return stated_s - last_s > max(_EARLY_S, stated_s * _EARLY_SHARE)


class _Wanted:
    """Which frames are taken."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._passed = 0
        self._due_s: float | None = None

    def takes(self, at_s: float) -> bool:
        if at_s < self._selection.start_s:
            return False
        passed, self._passed = self._passed, self._passed + 1
        if passed % self._selection.every:
            return False
        if self._selection.max_fps is None:
            return True
        interval_s = 1 / self._selection.max_fps
        due_s = at_s if self._due_s is None else self._due_s
        # A frame may come a little early: 30 FPS in whole milliseconds.
        if at_s < due_s - interval_s * 0.1:
            return False
        self._due_s = (due_s if at_s < due_s + interval_s else at_s) + interval_s
        return True


def _filled(frames: FrameGenerator) -> FrameGenerator:
    """The frames, the last one repeated in every gap of more than FILL_INTERVAL_S, also in the one at the end."""
    last: ClipFrame | None = None
    with closing(frames):
        for frame in frames:
            if last is not None:
                yield from _followed(last, frame.at_s)
            last = frame
    if last is not None:
        yield from _followed(last, last.at_s + min(last.shown_s, MAX_FILLED_GAP_S))


def _followed(frame: ClipFrame, until_s: float) -> Iterator[ClipFrame]:
    repeats = max(0, math.ceil((until_s - frame.at_s) / FILL_INTERVAL_S - _ROUNDING) - 1)
    # The receiver may draw on what it gets.
    copies = [copy_of(frame.frame) for _ in range(repeats)]
    yield frame
    for number, copy in enumerate(copies, 1):
        yield replace(frame, frame=copy, at_s=frame.at_s + number * FILL_INTERVAL_S, repeated=True)


def _limited(frames: FrameGenerator, duration_s: float | None, *, live: bool) -> FrameGenerator:
    """The frames until `duration_s` after the first; of a live source also in real time, if its clock stands still."""
    first_s: float | None = None
    began_s = time.monotonic()
    with closing(frames):
        for frame in frames:
            if first_s is None:
                first_s, began_s = frame.at_s, time.monotonic()
            if duration_s is not None:
                if frame.at_s - first_s >= duration_s:
                    return
                if live and time.monotonic() - began_s >= duration_s + _LIVE_SLACK_S:
                    return
            yield frame


def _still_frames(frame: VideoFrame, *, loop: bool, duration_s: float | None) -> FrameGenerator:
    seconds = STILL_DURATION_S if duration_s is None else duration_s
    number = 0
    while (loop and duration_s is None) or number / STILL_FPS < seconds:
        yield ClipFrame(copy_of(frame), number / STILL_FPS, number, repeated=number > 0)
        number += 1


def _sentence(error: Exception) -> str:
    if isinstance(error, av.FFmpegError):
        return f"its frames cannot be converted ({error.strerror}); convert it to H264 in an MP4"
    return str(error)
