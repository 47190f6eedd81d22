"""A session in compatibility mode inside this process: its threads and its counters."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from av import VideoFrame

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.media import jpeg
from facestream.messages.jpeg_socket import JpegFrame, encode_jpeg_message
from facestream.messages.telemetry import Telemetry
from facestream.sessions import registry as registry_module
from facestream.sessions.registry import SessionRegistry, Wishes
from facestream.workers.pool import AnalysisPool
from tests.times import seconds

DEADLINE_S = seconds(20.0)
JPEG = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes()


class Socket:
    """A socket that has `count` frames ready and then waits; keeps what is sent."""

    def __init__(self, count: int, all_read: Callable[[], None]) -> None:
        self._left: Iterator[bytes] = iter(
            [encode_jpeg_message(JpegFrame(ms, JPEG)) for ms in range(1, count + 1)]
        )
        self._all_read = all_read
        self._closed = asyncio.Event()
        self.sent: list[str | bytes] = []
        self.frame_sent = asyncio.Event()

    async def receive(self) -> str | bytes:
        if (message := next(self._left, None)) is not None:
            return message
        self._all_read()
        await self._closed.wait()
        raise ConnectionError

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)
        if isinstance(message, bytes):
            self.frame_sent.set()

    async def close(self, reason: str) -> None:
        self._closed.set()


@pytest.fixture
def registry(tmp_path: Path) -> SessionRegistry:
    return SessionRegistry(Config(), AnalysisPool(tmp_path, AnalysisOptions(), 0, 1), CredentialSource())


def messages_of(socket: Socket) -> list[Telemetry]:
    return [
        Telemetry.model_validate_json(message)
        for message in socket.sent
        if isinstance(message, str) and '"seq"' in message
    ]


async def test_jpegs_are_coded_in_threads_of_their_own(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
):
    threads: list[str] = []
    decode, encode = jpeg.decode_jpeg, jpeg.encode_jpeg

    def decode_noted(data: bytes) -> VideoFrame:
        threads.append(threading.current_thread().name)
        return decode(data)

    def encode_noted(frame: VideoFrame) -> bytes:
        threads.append(threading.current_thread().name)
        return encode(frame)

    monkeypatch.setattr("facestream.media.tracks.decode_jpeg", decode_noted)
    monkeypatch.setattr("facestream.sessions.jpeg.encode_jpeg", encode_noted)
    socket = Socket(1, lambda: None)
    registry.open_jpeg(socket, Wishes())
    async with asyncio.timeout(DEADLINE_S):
        await socket.frame_sent.wait()
    await registry.close()

    assert [name.partition("_")[0] for name in threads] == ["jpeg", "jpeg"]


async def test_frames_dropped_before_decoding_are_counted_and_reported(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
):
    all_read, decode = threading.Event(), jpeg.decode_jpeg

    def decode_when_all_are_read(data: bytes) -> VideoFrame:
        assert all_read.wait(DEADLINE_S)
        return decode(data)

    monkeypatch.setattr("facestream.media.tracks.decode_jpeg", decode_when_all_are_read)
    socket = Socket(5, all_read.set)
    registry.open_jpeg(socket, Wishes())
    async with asyncio.timeout(DEADLINE_S):
        while len(messages_of(socket)) < 2:  # noqa: ASYNC110 - the socket has no event for it
            await asyncio.sleep(0.01)
    counted = registry.frames()
    await registry.close()

    # The first is being decoded and the last waits; those between are dropped.
    assert counted.dropped["before_decoding"] == 3
    assert messages_of(socket)[-1].dropped == 3
    assert registry.frames().dropped["before_decoding"] == 3


async def test_trimming_memory_leaves_the_drawing_threads_free(
    registry: SessionRegistry, monkeypatch: pytest.MonkeyPatch
):
    go_on = threading.Event()
    monkeypatch.setattr(registry_module, "trim_memory", lambda: go_on.wait(DEADLINE_S))
    for _ in range(2):
        registry._trim()

    drawn = await asyncio.wait_for(registry._drawing.run(lambda: "drawn"), DEADLINE_S / 2)

    go_on.set()
    await registry.close()
    assert drawn == "drawn"
