"""Encode frames into a video file as H264, each at its own time; starts no thread."""

from fractions import Fraction
from types import MappingProxyType

import av
from av import VideoFrame
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from facestream.media.planes import planes_of

_BLACK_YUV = (16, 128, 128)
_NOMINAL_FPS = 30  # for the encoder's rate control only; frames keep their own times
_OPTIONS = MappingProxyType({"preset": "veryfast", "tune": "zerolatency", "crf": "20"})


class H264Stream:
    """The video stream of an open container, with the size of its first frame."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream: VideoStream | None = None
        self._reformatter = VideoReformatter()
        self._last_pts = -1

    def write(self, frame: VideoFrame) -> None:
        """Encode a frame in yuv420p; one of another size is scaled into the first one's.

        A frame without `pts`, or one not after the last, is left out: the muxer rejects it. Raises FFmpegError.
        """
        if self._stream is None:
            self._stream = self._add_stream(frame)
        stream, pts, time_base = self._stream, frame.pts, frame.time_base
        if pts is None or pts <= self._last_pts:
            return
        self._last_pts = pts
        if (frame.width, frame.height) != (stream.width, stream.height):
            frame = self._fitted(frame, stream.width, stream.height)
        frame.pts, frame.time_base = pts, time_base
        frame.pict_type = av.video.frame.PictureType.NONE
        for packet in stream.encode(frame):
            self._container.mux(packet)

    def finish(self) -> None:
        """Write the frames that the encoder still holds; the container stays open."""
        if self._stream is not None:
            for packet in self._stream.encode(None):
                self._container.mux(packet)

    def _add_stream(self, first: VideoFrame) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=_NOMINAL_FPS, options=dict(_OPTIONS))
        stream.width, stream.height = first.width - first.width % 2, first.height - first.height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = first.time_base or Fraction(1, 90_000)
        stream.codec_context.thread_count = 1
        return stream

    def _fitted(self, frame: VideoFrame, width_px: int, height_px: int) -> VideoFrame:
        """The frame scaled into the centre of a black frame of the file's size, which cannot change."""
        scale = min(width_px / frame.width, height_px / frame.height)
        width, height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
        inner = self._reformatter.reformat(frame, width, height, format="yuv420p", threads=1)
        fitted = VideoFrame(width_px, height_px, "yuv420p")
        left, top = (width_px - inner.width) // 4 * 2, (height_px - inner.height) // 4 * 2
        for target, source, black, divisor in zip(
            planes_of(fitted), planes_of(inner), _BLACK_YUV, (1, 2, 2), strict=True
        ):
            target[:] = black
            rows = slice(top // divisor, top // divisor + source.shape[0])
            target[rows, left // divisor : left // divisor + source.shape[1]] = source
        return fitted
