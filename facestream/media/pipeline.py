"""Take one stream through receive, analyse and annotate, and send each frame together with its report.

A frame passes in one direction: `receive` -> slot -> lease of a process -> `analyze` -> track and outbox. The process
analyses and annotates it; here a frame is only drawn on if it was not analysed.
`drop_points.py` names the points where it may be dropped. Independent of signaling and sessions; ends only by
cancellation or with its source.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol

from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from facestream.analysis.drawing.annotation import Annotation, annotate
from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, Layer
from facestream.analysis.drawing.words import Language
from facestream.analysis.faces import FrameReport
from facestream.errors import (
    AnalysisFaultError,
    AnalysisUnavailableError,
    FrameTooLargeError,
    WorkerLostError,
)
from facestream.media.analysis_clock import AnalysisClock
from facestream.media.drop_points import DropPoint, LatestSlot
from facestream.media.listeners import Listeners
from facestream.media.meter import StreamMeter
from facestream.media.outbox import LandmarkTurns, TelemetryOutbox
from facestream.media.planes import as_yuv420p, in_place_of, planes_of, seconds_of
from facestream.media.stream_faults import WITHOUT_PLUGIN, PluginFaults, StreamFaults
from facestream.media.threads import MediaThreads
from facestream.media.tracks import AnnotatedVideoTrack
from facestream.messages.telemetry import StageTimes, Telemetry, Unanalysed, encode_telemetry, face_messages
from facestream.metrics import StreamCounts, StreamUse
from facestream.token_bucket import TokenBucket
from facestream.workers.pool import AnalysisPool
from facestream.workers.worker import NEW_STREAM, PackedTracks, forget_faces, new_stream


class FrameSource(Protocol):
    """Where frames come from; the pipeline ignores what is not a video frame."""

    async def recv(self) -> object:
        """The next frame. Raises MediaStreamError at the end, and FrameError for a frame that is rejected."""
        ...


@dataclass(slots=True)
class _TimedFrame:
    """One frame in the pipeline; times in seconds of the monotonic clock."""

    video: VideoFrame
    arrived_s: float
    started_s: float
    report: FrameReport | None = None
    """None: the frame was not analysed."""
    draw_ms: float = 0.0
    """Time to annotate it, if it was analysed."""
    unanalysed: Unanalysed = ""
    """Why there is no report."""


@dataclass(frozen=True, slots=True)
class ResumeState:
    """The state of a stream at the end of its connection, from which the next connection of the peer continues."""

    tracks: PackedTracks
    analysis_s: float
    """The time of the analysis at the end."""
    ended_s: float
    sequence: int
    frames_in: int
    frames_analysed: int
    dropped: int
    layers: Collection[Layer]
    background: Background
    mirror: bool = False
    language: Language = Language.ENGLISH
    landmarks_every_s: float = 0.0


class FramePipeline:
    """Receives frames, has them analysed, and sends them; its session runs `receive` and `analyze` as two tasks."""

    def __init__(
        self,
        pool: AnalysisPool,
        drawing: MediaThreads,
        max_size_wh: tuple[int, int],
        max_fps: float = 1000.0,
        observe_stages: Callable[[StageTimes], None] = lambda _times: None,
        *,
        by_pts: bool = False,
    ) -> None:
        self.track = AnnotatedVideoTrack()
        self.outbox = TelemetryOutbox()
        self.listeners = Listeners()
        """Programs that get the telemetry too."""
        self.layers: Collection[Layer] = DEFAULT_LAYERS
        self.background = Background.FRAME
        self.mirror = False
        """Whether the annotated frames are mirrored."""
        self.language = Language.ENGLISH
        """The language of the labels."""
        self.landmarks = LandmarkTurns()
        self.dropped_by_source: Callable[[], int] = lambda: 0
        """How many frames the source itself has dropped."""
        self.newest_pts_s: float | None = None
        """The presentation time of the newest frame that has arrived, as in the telemetry; None: none has."""
        self._pool = pool
        self._drawing = drawing
        self._faults = StreamFaults()
        self._plugin_faults = PluginFaults(pool.plugin_log)
        self._max_size_wh = max_size_wh
        self._incoming: LatestSlot[tuple[VideoFrame, float]] = LatestSlot()
        self._meter = StreamMeter()
        # A network may delay frames for a quarter of a second and then deliver all of them at once.
        self._allowed_rate = TokenBucket(1 / max_fps, burst=max(2, round(max_fps / 4)))
        self._over_rate = 0
        self._dropped_earlier = 0
        self._observe_stages = observe_stages
        self._tracks = NEW_STREAM
        self._sequence = 0
        self._clock = AnalysisClock(by_pts=by_pts)

    def resume(self, state: ResumeState) -> None:
        """Continue from the state of an earlier connection of the peer; call this before the first frame."""
        self.layers, self.background, self.mirror = state.layers, state.background, state.mirror
        self.language, self.landmarks.every_s = state.language, state.landmarks_every_s
        self._meter.resume(state.frames_in, state.frames_analysed)
        self._dropped_earlier = state.dropped
        self._tracks, self._sequence = state.tracks, state.sequence
        self._clock.resume(state.analysis_s)

    def number_faces_from(self, first_id: int) -> None:
        """Give the first face this id instead of 1; call this before the first frame."""
        self._tracks = new_stream(first_id)

    @property
    def frames_in(self) -> int:
        """Frames received, including those of earlier connections of the peer."""
        return self._meter.frames_in

    @property
    def frames_analysed(self) -> int:
        """Frames analysed, including those of earlier connections of the peer."""
        return self._meter.frames_analysed

    @property
    def dropped(self) -> int:
        """Frames dropped at all drop points, including those of earlier connections of the peer."""
        return self._dropped_earlier + sum(self._drops().values())

    @property
    def use(self) -> StreamUse:
        """What its analysed frames have cost so far."""
        return self._meter.use

    def fps_in(self, now_s: float) -> float:
        """Frames per second that arrive; 0 before the first two."""
        return self._meter.fps_in(now_s)

    def fps_possible(self, now_s: float) -> float:
        """Frames per second that would be analysed if one were always waiting; 0 before the first two."""
        return self._meter.fps_possible(now_s)

    def counts(self) -> StreamCounts:
        """What became of the frames of this connection, without those of earlier connections."""
        counts = self._meter.counts(self._drops(), self.outbox.dropped)
        counts.plugin_faults = self._plugin_faults.count
        return counts

    def resume_state(self) -> ResumeState:
        """The state from which the next connection of the peer continues."""
        return ResumeState(
            tracks=self._tracks,
            analysis_s=self._clock.end_s(),
            ended_s=time.monotonic(),
            sequence=self._sequence,
            frames_in=self.frames_in,
            frames_analysed=self.frames_analysed,
            dropped=self.dropped,
            layers=self.layers,
            background=self.background,
            mirror=self.mirror,
            language=self.language,
            landmarks_every_s=self.landmarks.every_s,
        )

    async def receive(self, source: FrameSource, on_frame: Callable[[float], None]) -> None:
        """Take each frame of the source at once and keep only the newest; returns when the source ends.

        aiortc's own queue of a track has no bound. Raises FrameTooLargeError and what the source raises.
        """
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
                    f"frame of {frame.width}x{frame.height}; expected at most {width}x{height}",
                    (frame.width, frame.height),
                    self._max_size_wh,
                )
            now_s = time.monotonic()
            self.newest_pts_s = round(max(0.0, _pts_s(frame)), 3)
            self._meter.received(now_s)
            on_frame(now_s)
            if self._allowed_rate.wait_s(now_s):
                self._over_rate += 1  # DropPoint.OVER_RATE
                continue
            self._incoming.put((frame, now_s))  # DropPoint.BEFORE_ANALYSIS for the frame that it replaces

    async def analyze(self) -> None:
        """Have the newest frame analysed and annotated, and send it, until cancelled."""
        while True:
            await self._incoming.wait()
            began_s = time.monotonic()
            frame = await self._analyze_newest()
            if frame.report is not None:
                self._meter.analysed(time.monotonic())
            elif self.mirror or self.background is not Background.FRAME:
                await self._drawing.run(_hide, frame.video, self._annotation())
            message = self._message(frame)
            if message.analysed:
                self._observe_stages(message.ms)
            # Send the frame and its message in the same step, so that the message describes this frame.
            self.track.show(frame.video)  # DropPoint.BEFORE_ENCODING for the frame that it replaces
            encoded = encode_telemetry(message)
            self.outbox.send(encoded)
            size_wh = frame.video.width, frame.video.height
            self.listeners.publish_frame(message, encoded, frame.report or FrameReport(()), size_wh)
            self._sequence += 1
            if frame.report is not None:
                self._meter.shown(time.monotonic() - began_s)

    def _drops(self) -> dict[DropPoint, int]:
        return {
            DropPoint.BEFORE_DECODING: self.dropped_by_source(),
            DropPoint.OVER_RATE: self._over_rate,
            DropPoint.BEFORE_ANALYSIS: self._incoming.dropped,
            DropPoint.BEFORE_ENCODING: self.track.dropped,
        }

    async def _analyze_newest(self) -> _TimedFrame:
        frame: _TimedFrame | None = None
        if self._faults.pauses(time.monotonic()):
            frame = await self._take()
            frame.unanalysed = "fault"
            return frame
        try:
            async with self._pool.lease() as process:
                # Taken only now: while this stream waited for a process, a newer frame may have arrived.
                frame = await self._take()
                planes = planes_of(frame.video)
                time_s = self._clock.time_s(_pts_s(frame.video), frame.arrived_s)
                with_plugin = not self._plugin_faults.pauses(time.monotonic())
                report, self._tracks, draw_ms = await process.analyze(
                    planes, self._tracks, time_s, self._annotation(), with_plugin=with_plugin
                )
                # The decoder may still predict from the received frame, so the annotated one has planes of its own.
                frame.video = in_place_of(frame.video, process.annotated(*planes[0].shape))
                frame.report = report if with_plugin else replace(report, extra_fault=WITHOUT_PLUGIN)
                frame.draw_ms = draw_ms
                self._meter.used(planes[0].size, time.monotonic() - frame.started_s)
                self._faults.analysed()
                if frame.report.extra_fault:
                    self._plugin_faults.failed(frame.report.extra_fault, time.monotonic())
        except AnalysisUnavailableError as error:
            # The frame is sent without annotation, and its telemetry says so.
            frame = frame or await self._take()
            frame.unanalysed = self._why_unanalysed(error)
        return frame

    def _why_unanalysed(self, error: AnalysisUnavailableError) -> Unanalysed:
        if self._pool.size == 0:
            return "off"
        if isinstance(error, WorkerLostError) and self._pool.plugin:
            self._plugin_faults.process_lost(self._pool.plugin, time.monotonic())
        if self._faults.failed(error, time.monotonic()):
            self._tracks = forget_faces(self._tracks)
        return "fault" if isinstance(error, AnalysisFaultError) else "unavailable"

    async def _take(self) -> _TimedFrame:
        frame, arrived_s = await self._incoming.take()
        return _TimedFrame(as_yuv420p(frame), arrived_s, time.monotonic())

    def _annotation(self) -> Annotation:
        """What the peer wants to see on the next frame."""
        stats = f"#{self._sequence} {self._meter.fps_out(time.monotonic()):.0f} FPS"
        return Annotation(tuple(self.layers), self.background, self.mirror, self.language, stats)

    def _message(self, frame: _TimedFrame) -> Telemetry:
        now_s = time.monotonic()
        report, pts_s = frame.report or FrameReport(()), _pts_s(frame.video)
        return Telemetry(
            seq=self._sequence,
            pts=round(max(0.0, pts_s), 3),
            fps_in=round(self._meter.fps_in(now_s), 1),
            fps_out=round(self._meter.fps_out(now_s), 1),
            dropped=self.dropped,
            analysed=frame.report is not None,
            unanalysed=frame.unanalysed,
            degradation=report.degradation,
            not_followed=report.not_followed,
            extra=dict(report.extra),
            extra_fault=report.extra_fault.kind if report.extra_fault else "",
            ms=StageTimes(
                wait=_ms(frame.started_s - frame.arrived_s),
                detect=round(report.detect_ms, 1),
                landmarks=round(report.landmarks_ms, 1),
                emotion=round(report.emotion_ms, 1),
                draw=round(frame.draw_ms, 1),
            ),
            faces=face_messages(report, self.landmarks.next_id([face.id for face in report.faces], pts_s)),
        )


def _hide(frame: VideoFrame, annotation: Annotation) -> None:
    """Mirror a frame that was not analysed, or hide it behind the background that its peer has chosen."""
    frame.make_writable()  # the decoder may still predict from this frame
    annotate(planes_of(frame), None, annotation)


def _pts_s(video: VideoFrame) -> float:
    return seconds_of(video) or 0.0


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 1)
