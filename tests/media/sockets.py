"""A peer in compatibility mode: an aiohttp WebSocket that sends JPEGs and returns what the server sends."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.messages.jpeg_socket import JpegFrame, decode_jpeg_message, encode_jpeg_message
from facestream.messages.telemetry import Telemetry, decode_telemetry


def jpegs_of(clip: Path, count: int) -> list[bytes]:
    """The first frames of a clip as JPEGs, as the page would encode them."""
    with av.open(str(clip)) as container:
        frames = [frame for _, frame in zip(range(count), container.decode(video=0), strict=False)]
    return [jpeg_of(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)) for frame in frames]


def jpeg_of(image_bgr: NDArray[np.uint8]) -> bytes:
    done, jpeg = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return jpeg.tobytes()


def as_image(jpeg: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


class SocketPeer:
    """The client end of one socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.opened: dict[str, Any] = {}

    async def open(self, **fields: str | int) -> dict[str, Any]:
        """Send the opening message; returns the server's reply."""
        await self.socket.send_json({"type": "open", **fields})
        self.opened = await self.reply()
        return self.opened

    async def send(self, time_ms: int, jpeg: bytes) -> None:
        await self.socket.send_bytes(encode_jpeg_message(JpegFrame(time_ms, jpeg)))

    async def reply(self, type_: str = "") -> dict[str, Any]:
        """The next control message, or the next of that type."""
        while True:
            message = await self.socket.receive()
            assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}, message
            if message.type is aiohttp.WSMsgType.TEXT:
                said: dict[str, Any] = json.loads(message.data)
                if "type" in said and type_ in {"", said["type"]}:
                    return said

    async def next_frame(self) -> tuple[Telemetry, JpegFrame]:
        """The next annotated frame and its telemetry, which the server sends before it."""
        report = None
        while True:
            message = await self.socket.receive()
            assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}, message
            if message.type is aiohttp.WSMsgType.BINARY:
                assert report is not None
                return report, decode_jpeg_message(message.data)
            if "v" in json.loads(message.data):
                report = decode_telemetry(message.data)

    async def wait_closed(self) -> int | None:
        """Read to the end; returns the close code."""
        async for _ in self.socket:
            pass
        return self.socket.close_code


@asynccontextmanager
async def socket_peer(url: str) -> AsyncIterator[SocketPeer]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/pictures", max_msg_size=0) as socket,
    ):
        yield SocketPeer(socket)
