"""Streams with damaged tracks, or without analysis: what their telemetry and the log say."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from facestream.analysis.degradation import DegradationLevel, DegradationState
from facestream.analysis.drawing.background import Background
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.media.pipeline import FramePipeline, ResumeState
from facestream.media.threads import MediaThreads
from facestream.messages.telemetry import Telemetry, decode_telemetry
from facestream.resources import MODELS_DIR
from facestream.workers.pool import AnalysisPool
from facestream.workers.worker import pack_tracks
from tests.media.test_pool import MAX_PIXELS, running_pool
from tests.times import seconds

DEADLINE_S = seconds(60.0)


class OneByOne:
    """A source that yields one frame for each call of `give`."""

    def __init__(self, clip: Path) -> None:
        self._frames = av.open(str(clip)).decode(video=0)
        self._wanted = asyncio.Semaphore(0)

    def give(self) -> None:
        self._wanted.release()

    async def recv(self) -> object:
        await self._wanted.acquire()
        return next(self._frames)


class Channel:
    """A data channel that keeps the telemetry sent on it."""

    readyState = "open"  # noqa: N815 - the library's name
    bufferedAmount = 0  # noqa: N815

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Telemetry] = asyncio.Queue()

    def send(self, message: str) -> None:
        self.messages.put_nowait(decode_telemetry(message))


def about(tracks: bytes) -> ResumeState:
    return ResumeState(tracks, 0.0, time.monotonic(), 0, 0, 0, 0, DEFAULT_LAYERS, Background.FRAME)


@contextlib.asynccontextmanager
async def streaming(pool: AnalysisPool, clip: Path, tracks: bytes) -> AsyncIterator[tuple[OneByOne, Channel]]:
    drawing = MediaThreads(1, "draw")
    pipeline, source, channel = FramePipeline(pool, drawing, (1920, 1920)), OneByOne(clip), Channel()
    pipeline.resume(about(tracks))
    pipeline.outbox.attach(channel)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        working = [
            tasks.create_task(pipeline.receive(source, lambda _: None)),
            tasks.create_task(pipeline.analyze()),
        ]
        yield source, channel
        for task in working:
            task.cancel()
    drawing.close()


async def sent_for(source: OneByOne, channel: Channel, frames: int) -> list[Telemetry]:
    messages = []
    for _ in range(frames):
        source.give()
        messages.append(await channel.messages.get())
    return messages


async def test_damaged_tracks_cost_two_frames_and_one_log_entry(
    media_dir: Path, caplog: pytest.LogCaptureFixture
):
    async with (
        running_pool(1) as pool,
        streaming(pool, media_dir / "single_face.mp4", b"no pickle") as stream,
    ):
        messages = await sent_for(*stream, 6)

    assert [message.unanalysed for message in messages] == ["fault", "fault", "", "", "", ""]
    assert messages[-1].faces
    assert len([record for record in caplog.records if "fault in facestream" in record.message]) == 1
    assert "UnpicklingError" in caplog.text


async def test_after_its_tracks_are_reset_a_stream_reuses_no_face_id(media_dir: Path):
    # Every frame fails in the analysis itself.
    degradation = DegradationState(DegradationLevel.NONE, "no time", 1.0)  # type: ignore[arg-type]
    tracks = pack_tracks(Tracks(degradation=degradation, next_id=5))
    async with running_pool(1) as pool, streaming(pool, media_dir / "single_face.mp4", tracks) as stream:
        messages = await sent_for(*stream, 6)

    assert not messages[1].analysed
    assert {face.id for face in messages[-1].faces} == {5}


async def test_telemetry_says_that_the_server_runs_no_analysis(media_dir: Path):
    pool = AnalysisPool(MODELS_DIR, AnalysisOptions(), 0, MAX_PIXELS)

    async with streaming(pool, media_dir / "single_face.mp4", b"") as stream:
        (message,) = await sent_for(*stream, 1)

    assert (message.analysed, message.unanalysed) == (False, "off")


async def test_a_bursty_stream_does_not_count_as_slow_because_of_its_drops(media_dir: Path):
    """The analysis is idle between two bursts. A stream that counts as slow would keep new peers out."""
    drawing, source, channel = MediaThreads(1, "draw"), OneByOne(media_dir / "single_face.mp4"), Channel()
    async with running_pool(1) as pool, asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        pipeline = FramePipeline(pool, drawing, (1920, 1920))
        pipeline.outbox.attach(channel)
        working = [
            tasks.create_task(pipeline.receive(source, lambda _: None)),
            tasks.create_task(pipeline.analyze()),
        ]
        for _ in range(3):
            for _ in range(20):
                source.give()
            message = await channel.messages.get()
            await asyncio.sleep(0.4)
        fps_possible = pipeline.fps_possible(time.monotonic())
        while not channel.messages.empty():
            message = channel.messages.get_nowait()
        for task in working:
            task.cancel()
    drawing.close()

    assert pipeline.dropped > 0
    assert fps_possible > 1.3 * message.fps_out > 0
