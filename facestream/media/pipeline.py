"""The journey of one peer's frames: newest in, analysed, drawn, and out together with its report.

Knows no signaling and no session; ends only by cancellation or when its source does.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from facestream.analysis.drawing.background import Background, show_background
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, Layer, draw
from facestream.analysis.faces import FrameReport
from facestream.errors import AnalysisFaultError, AnalysisUnavailableError, FrameTooLargeError
from facestream.media.latest import LatestSlot
from facestream.media.outbox import TelemetryOutbox
from facestream.media.planes import planes_of
from facestream.media.rates import RateMeter
from facestream.media.stream_faults import StreamFaults
from facestream.media.track import AnnotatedVideoTrack
from facestream.messages.telemetry import StageTimes, Telemetry, Unanalysed, encode_telemetry, face_messages
from facestream.metrics import StreamCounts, StreamUse
from facestream.token_bucket import TokenBucket
from facestream.workers.pool import AnalysisPool
from facestream.workers.worker import NEW_STREAM, PackedTracks, forget_faces

TURN_SHARE = 0.1  # of the last frame in the mean of all


class FrameSource(Protocol):
    """Where frames come from; what is no video frame is left out."""

    async def recv(self) -> object:
        """The next frame; raises MediaStreamError at the end."""
        ...


@dataclass(slots=True)
class _Frame:
    """One frame on its way; times in seconds of the monotonic clock."""

    picture: VideoFrame
    arrived_s: float
    started_s: float
    report: FrameReport | None = None
    """None: no analysis process could take it."""
    unanalysed: Unanalysed = ""
    """Why there is no report."""


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What a stream was about when its connection ended, so that the next one can go on with it."""

    tracks: PackedTracks
    clock_shift_s: float
    ended_s: float
    sequence: int
    frames_in: int
    frames_analysed: int
    dropped: int
    layers: Collection[Layer]
    background: Background


class FramePipeline:
    """Receives, analyses, draws and shows; `receive` and `analyze` run as two tasks of their session."""

    def __init__(
        self,
        pool: AnalysisPool,
        drawing: Executor,
        max_size_wh: tuple[int, int],
        max_fps: float = 1000.0,
        observe_stages: Callable[[StageTimes], None] = lambda _times: None,
    ) -> None:
        self.track = AnnotatedVideoTrack()
        self.outbox = TelemetryOutbox()
        self.layers: Collection[Layer] = DEFAULT_LAYERS
        self.background = Background.FRAME
        self.frames_in = 0
        self.frames_analysed = 0
        self._pool = pool
        self._drawing = drawing
        self.dropped_by_source: Callable[[], int] = lambda: 0
        """How many frames the source itself has dropped, if it drops any."""
        self._faults = StreamFaults()
        self._max_size_wh = max_size_wh
        self._incoming: LatestSlot[tuple[VideoFrame, float]] = LatestSlot()
        self._in_rate, self._out_rate = RateMeter(), RateMeter()
        self._turn_s = 0.0
        """How long an analysed frame takes, from the moment the stream has time for it until it is shown; a mean."""
        # A network gives out at once what it held back for a quarter of a second.
        self._allowed_rate = TokenBucket(1 / max_fps, burst=max(2, round(max_fps / 4)))
        self.over_rate = 0
        """Frames dropped because the peer sends more a second than it may."""
        self._counts = StreamCounts()
        self._observe_stages = observe_stages
        self._use = StreamUse()
        self._before = 0, 0
        self._dropped_before = 0
        self._tracks = NEW_STREAM
        self._sequence = 0
        self._clock_shift_s = 0.0

    def resume(self, memory: ResumeState) -> None:
        """Continue where another connection of the same peer ended; call it before the first frame."""
        self.layers, self.background = memory.layers, memory.background
        self._before = self.frames_in, self.frames_analysed = memory.frames_in, memory.frames_analysed
        self._dropped_before = memory.dropped
        self._tracks, self._sequence = memory.tracks, memory.sequence
        # To the analysis no time passes between two connections: a face is looked for where it was, under its id.
        self._clock_shift_s = memory.clock_shift_s + time.monotonic() - memory.ended_s

    @property
    def dropped(self) -> int:
        """Frames dropped: replaced by a newer one before decoding, analysis or encoding, or over the rate limit."""
        now = self.dropped_by_source() + self._incoming.dropped + self.track.dropped + self.over_rate
        return self._dropped_before + now

    def fps_in(self, now_s: float) -> float:
        """Frames a second that arrive."""
        return self._in_rate.rate(now_s)

    def fps_out(self, now_s: float) -> float:
        """Frames a second that are analysed."""
        return self._out_rate.rate(now_s)

    def fps_possible(self, now_s: float) -> float:
        """Frames a second that would be analysed if there were always one; 0 where none is.

        A stream whose frames come in bursts drops most of them, and yet waits for nothing between two bursts.
        """
        fps_out = self.fps_out(now_s)
        return max(fps_out, 1 / self._turn_s) if fps_out and self._turn_s else fps_out

    @property
    def use(self) -> StreamUse:
        """Cost of its analysed frames so far."""
        return self._use

    def counts(self) -> StreamCounts:
        """What became of the frames of this connection, without those before it."""
        counts = self._counts
        frames_in_before, frames_analysed_before = self._before
        counts.frames_in = self.frames_in - frames_in_before
        counts.frames_analysed = self.frames_analysed - frames_analysed_before
        counts.dropped["over_rate"] = self.over_rate
        counts.dropped["before_decoding"] = self.dropped_by_source()
        counts.dropped["before_analysis"] = self._incoming.dropped
        counts.dropped["before_encoding"] = self.track.dropped
        counts.telemetry_dropped = self.outbox.dropped
        return counts

    def resume_state(self) -> ResumeState:
        """What the next connection of the same peer needs to go on."""
        return ResumeState(
            tracks=self._tracks,
            clock_shift_s=self._clock_shift_s,
            ended_s=time.monotonic(),
            sequence=self._sequence,
            frames_in=self.frames_in,
            frames_analysed=self.frames_analysed,
            dropped=self.dropped,
            layers=self.layers,
            background=self.background,
        )

    async def receive(self, source: FrameSource, on_frame: Callable[[float], None]) -> None:
        """Empty aiortc's unbounded track queue at once, keep only the newest frame; returns when the source ends."""
        while True:
            try:
                frame = await source.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, VideoFrame):
                continue
            width, height = self._max_size_wh
            if frame.width > width or frame.height > height:
                raise FrameTooLargeError(
                    f"frame of {frame.width}x{frame.height}; expected at most {width}x{height}: choose a smaller one"
                )
            now_s = time.monotonic()
            self.frames_in += 1
            self._in_rate.tick(now_s)
            on_frame(now_s)
            if self._allowed_rate.wait_s(now_s):
                self.over_rate += 1
                continue
            self._incoming.put((frame, now_s))

    async def analyze(self) -> None:
        """Send every newest frame on its way, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._incoming.wait()
            began_s = time.monotonic()
            frame = await self._analyze_newest()
            drawing_s = time.monotonic()
            if frame.report is not None:
                self._out_rate.tick(drawing_s)
                self.frames_analysed += 1
            # A peer that hides its picture must not see it in the frame nobody could analyse.
            if frame.report is not None or self.background is not Background.FRAME:
                stats = f"#{self._sequence} {self._out_rate.rate(drawing_s):.0f} FPS"
                await loop.run_in_executor(self._drawing, self._draw, frame.picture, frame.report, stats)
            message = self._message(frame, drawing_s)
            if message.analysed:
                self._observe_stages(message.ms)
            # They leave together, so that what is drawn and what is told belong to the same pixels.
            self.track.show(frame.picture)
            self.outbox.send(encode_telemetry(message))
            self._sequence += 1
            if frame.report is not None:
                share = TURN_SHARE if self._turn_s else 1.0
                self._turn_s += share * (time.monotonic() - began_s - self._turn_s)

    async def _analyze_newest(self) -> _Frame:
        frame: _Frame | None = None
        if self._faults.pauses(time.monotonic()):
            frame = await self._take()
            frame.unanalysed = "fault"
            return frame
        try:
            async with self._pool.lease() as process:
                # Taken only now: while this stream waited its turn, a newer frame may have come.
                frame = await self._take()
                gray = planes_of(frame.picture)[0]
                frame.report, self._tracks = await process.analyze(
                    gray, self._tracks, frame.arrived_s - self._clock_shift_s
                )
                self._use = self._use.with_frame(gray.size, time.monotonic() - frame.started_s)
                self._faults.analysed()
        except AnalysisUnavailableError as error:
            # The frame goes back unannotated, and its telemetry says so.
            frame = frame or await self._take()
            frame.unanalysed = self._why_unanalysed(error)
        return frame

    def _why_unanalysed(self, error: AnalysisUnavailableError) -> Unanalysed:
        if self._pool.size == 0:
            return "off"
        if self._faults.failed(error, time.monotonic()):
            self._tracks = forget_faces(self._tracks)
        return "fault" if isinstance(error, AnalysisFaultError) else "unavailable"

    async def _take(self) -> _Frame:
        picture, arrived_s = await self._incoming.take()
        if picture.format.name != "yuv420p":
            converted = picture.reformat(format="yuv420p")
            converted.pts, converted.time_base = picture.pts, picture.time_base
            picture = converted
        return _Frame(picture, arrived_s, time.monotonic())

    def _draw(self, picture: VideoFrame, report: FrameReport | None, stats: str) -> None:
        picture.make_writable()  # the decoder may still predict from this picture
        planes, background = planes_of(picture), self.background
        show_background(planes, report or FrameReport(()), background)
        if report is not None:
            layers = {*self.layers, Layer.POINTS} if background is Background.LANDMARKS else self.layers
            draw(planes, report, layers, stats)

    def _message(self, frame: _Frame, drawing_s: float) -> Telemetry:
        now_s = time.monotonic()
        report = frame.report or FrameReport(())
        picture = frame.picture
        pts_s = (
            float(picture.pts * picture.time_base) if picture.pts is not None and picture.time_base else 0.0
        )
        return Telemetry(
            seq=self._sequence,
            pts=round(max(0.0, pts_s), 3),
            fps_in=round(self._in_rate.rate(now_s), 1),
            fps_out=round(self._out_rate.rate(now_s), 1),
            dropped=self.dropped,
            analysed=frame.report is not None,
            unanalysed=frame.unanalysed,
            degradation=report.degradation,
            ms=StageTimes(
                wait=_ms(frame.started_s - frame.arrived_s),
                detect=round(report.detect_ms, 1),
                landmarks=round(report.landmarks_ms, 1),
                emotion=round(report.emotion_ms, 1),
                draw=_ms(now_s - drawing_s) if frame.report else 0.0,
            ),
            faces=face_messages(report),
        )


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 1)
