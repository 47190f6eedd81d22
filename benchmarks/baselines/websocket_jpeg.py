"""The ancestor's design: JPEGs over a WebSocket, whole-frame analysis, JPEGs back as base64 in JSON; server and client.

The ancestor (Django Channels, Keras) cannot be installed here: this is its design with our models, which flatters it.
"""

import argparse
import asyncio
import base64
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import cv2
import numpy as np
from aiohttp import web
from av import VideoFrame

from benchmarks.baselines.usual_aiortc import serve
from benchmarks.baselines.whole_frame import annotate, executor_with_models

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
EXECUTOR = web.AppKey("executor", ThreadPoolExecutor)


async def _frames(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            answer = asyncio.get_running_loop().run_in_executor(request.app[EXECUTOR], _answer, message.data)
            await socket.send_str(await answer)
    return socket


def _answer(message: bytes) -> str:
    number, jpeg = int.from_bytes(message[:4], "big"), message[4:]
    image_bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image_bgr is not None
    labels = annotate(np.asarray(image_bgr, np.uint8))
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])
    image = base64.b64encode(encoded.tobytes()).decode()
    return json.dumps({"number": number, "labels": labels, "image": image})


def as_jpegs(frames: Sequence[VideoFrame]) -> list[bytes]:
    """The clip as this client sends it, already encoded."""
    encoded = (cv2.imencode(".jpg", frame.to_ndarray(format="bgr24")) for frame in frames)
    return [jpeg.tobytes() for _, jpeg in encoded]


async def send_jpegs(
    url: str, jpegs: Sequence[bytes], fps: float, seconds: float
) -> list[tuple[float, float]]:
    """Send like a camera for this many seconds; returns the arrival time of each frame and its delay in ms."""
    back: list[tuple[float, float]] = []
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/frames", max_msg_size=0) as socket:
        started_s = time.monotonic()

        async def receive() -> None:
            async for message in socket:
                answer = json.loads(message.data)
                image = np.frombuffer(base64.b64decode(answer["image"]), np.uint8)
                cv2.imdecode(image, cv2.IMREAD_COLOR)
                now_s = time.monotonic()
                back.append((now_s, 1000 * (now_s - started_s - answer["number"] / fps)))

        async with asyncio.TaskGroup() as tasks:
            receiving = tasks.create_task(receive(), name="websocket/receive")
            for number in range(int(seconds * fps)):
                await asyncio.sleep(max(0.0, started_s + number / fps - time.monotonic()))
                await socket.send_bytes(number.to_bytes(4, "big") + jpegs[number % len(jpegs)])
            receiving.cancel()
    return back


def main() -> None:
    """Serve until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    app = web.Application()
    app[EXECUTOR] = executor_with_models()
    app.add_routes([web.get("/frames", _frames)])
    serve(app, options.parse_args().port)


if __name__ == "__main__":
    main()
