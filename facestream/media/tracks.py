"""The video tracks of a session: JPEGs of a peer as frames in, annotated frames out.

Both hold one frame at most, the newest. Frames that arrive by WebRTC come from the track of `aiortc_patches/tracks.py`.
"""

from fractions import Fraction

from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame
from av.frame import Frame

from facestream.media.drop_points import LatestSlot
from facestream.media.jpeg import check_jpeg, decode_jpeg
from facestream.media.threads import MediaThreads
from facestream.messages.jpeg_socket import JpegFrame

TIME_BASE = Fraction(1, 1000)


class JpegTrack(MediaStreamTrack):
    """Turns JPEGs into frames whose `pts` counts milliseconds from the first one; decodes only those that are read."""

    kind = "video"

    def __init__(self, decoding: MediaThreads, max_size_wh: tuple[int, int]) -> None:
        super().__init__()
        self._decoding = decoding
        self._max_size_wh = max_size_wh
        self._newest: LatestSlot[JpegFrame] = LatestSlot()
        self._first_ms = 0
        self._last_ms = -1
        self._overtaken = 0

    @property
    def dropped(self) -> int:
        """JPEGs that were not decoded, because a newer one replaced them or came earlier."""
        return self._newest.dropped + self._overtaken

    def put(self, received: JpegFrame) -> None:
        """Check a JPEG and keep it until a newer one arrives; raises FrameError."""
        if received.time_ms <= self._last_ms:
            self._overtaken += 1
            return
        check_jpeg(received.jpeg, self._max_size_wh)
        if self._last_ms < 0:
            self._first_ms = received.time_ms
        self._last_ms = received.time_ms
        self._newest.put(received)

    def time_ms(self, frame: Frame) -> int:
        """The time of the JPEG that `frame` was decoded from, by the clock of the peer."""
        return self._first_ms + (frame.pts or 0)

    async def recv(self) -> Frame:
        if self.readyState != "live":
            raise MediaStreamError
        received = await self._newest.take()
        frame = await self._decoding.run(decode_jpeg, received.jpeg)
        frame.pts, frame.time_base = received.time_ms - self._first_ms, TIME_BASE
        return frame


class AnnotatedVideoTrack(VideoStreamTrack):
    """Sends the newest annotated frame; frames that were not sent in time are dropped and counted."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: LatestSlot[VideoFrame] = LatestSlot()

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before the sender took them."""
        return self._frames.dropped

    def show(self, frame: VideoFrame) -> None:
        """Pass one frame to the sender; the caller must not change it afterwards."""
        self._frames.put(frame)

    async def recv(self) -> Frame:
        # aiortc 1.16 logs any exception from here and stops the video for ever, so this method does no work.
        if self.readyState != "live":
            raise MediaStreamError
        return await self._frames.take()
