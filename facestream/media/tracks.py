"""Pictures that come one by one, as a video track: the newest waits, is checked at once, and decoded when taken."""

import asyncio
from concurrent.futures import Executor
from fractions import Fraction

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.frame import Frame

from facestream.media.jpeg import check_jpeg, decode_jpeg
from facestream.media.latest import LatestSlot
from facestream.messages.jpeg_socket import JpegFrame

TIME_BASE = Fraction(1, 1000)


class JpegTrack(MediaStreamTrack):
    """Gives out each picture as a frame whose `pts` counts milliseconds from the first one."""

    kind = "video"

    def __init__(self, decoding: Executor, max_size_wh: tuple[int, int]) -> None:
        super().__init__()
        self._decoding = decoding
        self._max_size_wh = max_size_wh
        self._pictures: LatestSlot[JpegFrame] = LatestSlot()
        self._first_ms = 0
        self._last_ms = -1
        self._overtaken = 0

    @property
    def dropped(self) -> int:
        """Images that were not decoded, because a newer one replaced or overtook them."""
        return self._pictures.dropped + self._overtaken

    def put(self, picture: JpegFrame) -> None:
        """Check a picture and keep it until a newer one comes; raises FrameError."""
        if picture.time_ms <= self._last_ms:
            self._overtaken += 1
            return  # the newest wins, whatever comes after it
        check_jpeg(picture.jpeg, self._max_size_wh)
        if self._last_ms < 0:
            self._first_ms = picture.time_ms
        self._last_ms = picture.time_ms
        self._pictures.put(picture)

    def time_ms(self, frame: Frame) -> int:
        """The time of the picture that this frame was, as its peer gave it."""
        return self._first_ms + (frame.pts or 0)

    async def recv(self) -> Frame:
        if self.readyState != "live":
            raise MediaStreamError
        picture = await self._pictures.take()
        frame = await asyncio.get_running_loop().run_in_executor(self._decoding, decode_jpeg, picture.jpeg)
        frame.pts, frame.time_base = picture.time_ms - self._first_ms, TIME_BASE
        return frame
