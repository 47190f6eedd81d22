"""The usual aiortc server: a track whose recv() awaits the models in an executor; aiortc without patches.

Structured like aiortc's example server, for comparison only.
"""

import argparse
import asyncio
import json
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import VideoFrame
from av.frame import Frame

from benchmarks.baselines.whole_frame import annotate, executor_with_models
from facestream.ice.addresses import offer_addresses


class AnnotatingTrack(MediaStreamTrack):
    """Receives a frame of the peer, analyses it and returns it."""

    kind = "video"

    def __init__(self, source: MediaStreamTrack, executor: ThreadPoolExecutor) -> None:
        super().__init__()
        self._source = source
        self._executor = executor

    async def recv(self) -> Frame:
        frame = await self._source.recv()
        assert isinstance(frame, VideoFrame)
        return await asyncio.get_running_loop().run_in_executor(self._executor, _annotated, frame)


def _annotated(frame: VideoFrame) -> VideoFrame:
    image_bgr = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    annotate(image_bgr)
    annotated = VideoFrame.from_ndarray(image_bgr, format="bgr24")
    annotated.pts, annotated.time_base = frame.pts, frame.time_base
    return annotated


class Service:
    """Answers offers; keeps its peer connections until they are deleted."""

    def __init__(self, executor: ThreadPoolExecutor | None) -> None:
        """Without an executor, frames are sent back unchanged."""
        self._executor = executor
        self._pcs: dict[str, RTCPeerConnection] = {}

    async def offer(self, request: web.Request) -> web.Response:
        offer = await request.json()
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        session_id = secrets.token_hex(8)
        self._pcs[session_id] = pc

        @pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            pc.addTrack(track if self._executor is None else AnnotatingTrack(track, self._executor))

        await pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], offer["type"]))
        await pc.setLocalDescription(await pc.createAnswer())
        answer = {"sdp": pc.localDescription.sdp, "type": "answer", "session_id": session_id}
        return web.Response(text=json.dumps(answer), content_type="application/json")

    async def leave(self, request: web.Request) -> web.Response:
        pc = self._pcs.pop(request.match_info["id"], None)
        if pc is not None:
            await pc.close()
        return web.Response(status=204)


def main() -> None:
    """Serve until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--analysis", choices=("whole", "none"), default="whole")
    args = options.parse_args()
    offer_addresses(("127.0.0.1",))
    executor = executor_with_models() if args.analysis == "whole" else None
    service = Service(executor)
    app = web.Application()
    app.add_routes([web.post("/offer", service.offer), web.delete("/sessions/{id}", service.leave)])
    serve(app, args.port)


def serve(app: web.Application, port: int) -> None:
    """Listen on loopback and say where."""
    listener = socket.create_server(("127.0.0.1", port))
    print(f"baseline serves http://localhost:{listener.getsockname()[1]}", flush=True)
    web.run_app(app, sock=listener, print=None, access_log=None)


if __name__ == "__main__":
    main()
