import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from fractions import Fraction

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.drawing.annotation import Annotation
from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.faces import FrameReport, GrayImage
from facestream.analysis.tracking.tracks import Tracks
from facestream.media.analysis_clock import RESUMED_AFTER_S, AnalysisClock
from facestream.media.pipeline import FramePipeline
from facestream.media.threads import MediaThreads
from facestream.workers.plugin_log import PluginLog
from facestream.workers.pool import AnalysisPool
from facestream.workers.worker import Reply


def ids_at(analyzer: Analyzer, frames: list[GrayImage], times_s: list[float]) -> set[int]:
    tracks, ids = Tracks(), set()
    for gray, time_s in zip(frames, times_s, strict=True):
        report, tracks = analyzer.analyze(gray, tracks, time_s)
        ids |= {face.id for face in report.faces}
    return ids


@pytest.mark.parametrize(("by_pts", "ids"), [(True, {1}), (False, {1, 2})])
def test_one_face_of_a_file_that_arrives_slowly_and_unevenly_has_one_id_by_its_pts(
    analyzer: Analyzer,
    clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]],
    *,
    by_pts: bool,
    ids: set[int],
):
    frames = list(itertools.islice(clip_frames("single_face.mp4"), 0, 75, 5))
    clock, arrived_s, times_s = AnalysisClock(by_pts=by_pts), 0.0, []
    for number, (_, pts_s) in enumerate(frames):
        # By the time of arrival, a quick step before a long wait is a face that runs away.
        arrived_s += 1.6 if number % 3 == 2 else 0.03
        times_s.append(clock.time_s(pts_s, arrived_s))

    assert ids_at(analyzer, [gray for gray, _ in frames], times_s) == ids


class NotedTimes(AnalysisPool):
    """A pool that notes when each frame was analysed, and finds no face."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.plugin_log = PluginLog()

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator["NotedTimes"]:  # type: ignore[override]
        yield self

    async def analyze(
        self,
        planes: Planes,
        tracks: bytes,
        time_s: float,
        _annotation: Annotation,
        *,
        with_plugin: bool = True,
    ) -> Reply:
        self.times_s.append(time_s)
        self.planes = planes
        return Reply(FrameReport(()), tracks, 0.0)

    def annotated(self, _height: int, _width: int) -> Planes:
        return self.planes


async def test_a_pipeline_analyses_each_frame_at_its_pts():
    pool, waiting = NotedTimes(), asyncio.Semaphore(1)
    pts = iter((0, 33, 3000))

    class Source:
        async def recv(self) -> object:
            await waiting.acquire()
            if (ms := next(pts, None)) is None:
                raise MediaStreamError
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = ms, Fraction(1, 1000)
            return frame

    with MediaThreads(1, "test") as drawing:
        pipeline = FramePipeline(pool, drawing, (1920, 1920), by_pts=True)
        working = asyncio.create_task(pipeline.analyze())
        receiving = asyncio.create_task(pipeline.receive(Source(), lambda _: None))
        for _ in range(3):
            await pipeline.track.recv()
            waiting.release()
        await receiving
        working.cancel()

    assert pool.times_s == pytest.approx([0.0, 0.033, 3.0])


def test_frames_of_a_file_keep_their_distance_however_late_they_arrive():
    clock = AnalysisClock(by_pts=True)

    times_s = [clock.time_s(number / 30, 100.0 + 5 * number) for number in range(3)]

    assert times_s == pytest.approx([0, 1 / 30, 2 / 30])


def test_live_frames_are_analysed_at_the_time_of_their_arrival():
    clock = AnalysisClock(by_pts=False)

    assert clock.time_s(0.0, 100.0) == 100.0
    assert clock.time_s(7.0, 100.4) == pytest.approx(100.4)


@pytest.mark.parametrize("before", [AnalysisClock(by_pts=False), AnalysisClock(by_pts=True)])
def test_the_pts_of_a_resumed_connection_continue_those_of_the_lost_one(before: AnalysisClock):
    back = AnalysisClock(by_pts=True)
    before.time_s(8.0, time.monotonic())
    ended_s = before.end_s()

    back.resume(ended_s)

    assert back.time_s(0.0, 900.0) == pytest.approx(ended_s + RESUMED_AFTER_S)
    assert back.time_s(1.0, 900.1) == pytest.approx(ended_s + RESUMED_AFTER_S + 1)
    assert back.end_s() == pytest.approx(ended_s + RESUMED_AFTER_S + 1)


def test_a_resumed_live_connection_continues_without_a_gap():
    lost, back = AnalysisClock(by_pts=False), AnalysisClock(by_pts=False)
    lost.resume(-1000.0)
    ended_s = lost.end_s()

    back.resume(ended_s)

    assert back.time_s(0.0, time.monotonic()) == pytest.approx(ended_s, abs=1)
