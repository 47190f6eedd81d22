"""The annotated track that goes back to the peer: `recv` only waits and returns."""

import asyncio

from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from av.frame import Frame

from facestream.media.latest import LatestSlot


class AnnotatedVideoTrack(VideoStreamTrack):
    """Shows the newest annotated frame; a sender that is late gets the newest, the others are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: LatestSlot[VideoFrame] = LatestSlot()
        self._ended = asyncio.Event()

    @property
    def dropped(self) -> int:
        return self._frames.dropped

    def show(self, frame: VideoFrame) -> None:
        """Hand over one frame; the encoder will own it."""
        self._frames.put(frame)

    async def recv(self) -> Frame:
        # aiortc 1.16 logs any exception from here and stops the video for ever, so no work happens here.
        if self.readyState != "live":
            raise MediaStreamError
        return await self._frames.take()
