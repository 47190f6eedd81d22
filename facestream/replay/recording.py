"""Write the annotated video and the telemetry to files, without delaying the peer."""

import queue
import threading
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

import av
from av import VideoFrame
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from facestream.errors import ConfigError
from facestream.media.planes import planes_of
from facestream.messages.telemetry import Telemetry, encode_telemetry

SUFFIXES: Final = (".mp4", ".mkv", ".mov")
MAX_WAITING_FRAMES = 90  # 41 MB at 640x480: three seconds; if the disk is slower, the file lacks frames
_BLACK_YUV = (16, 128, 128)
_NOMINAL_FPS = 30  # for the encoder's rate control only; frames keep their own times
_ENCODER_OPTIONS = MappingProxyType({"preset": "veryfast", "tune": "zerolatency", "crf": "20"})


def check_writable(path: Path, option: str) -> None:
    """Raise ConfigError if a file cannot be written, before the replay instead of after it."""
    try:
        with path.open("ab"):
            pass
        if not path.stat().st_size:
            path.unlink()
    except OSError as error:
        raise ConfigError(
            f"{option}: {path} cannot be written ({error.strerror}); choose another file", option
        ) from error


class Recording:
    """An H264 file of the received frames at their own times; encodes in its own thread."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in SUFFIXES:
            raise ConfigError(
                f"--out: got {path.name}; expected a name that ends in {', '.join(SUFFIXES)}", "--out"
            )
        check_writable(path, "--out")
        self.left_out = 0
        """Frames that were not written because they arrived faster than they could be."""
        self.failure: Exception | None = None
        self._path = path
        # Bounded; a frame that does not fit is dropped and counted.
        self._waiting: queue.Queue[VideoFrame | None] = queue.Queue(MAX_WAITING_FRAMES)
        self._thread = threading.Thread(target=self._write_all, name="replay-recording", daemon=True)
        self._started = False

    def write(self, frame: VideoFrame) -> None:
        """Take ownership of one frame; returns at once."""
        if not self._started:
            self._started = True
            self._thread.start()
        try:
            self._waiting.put_nowait(frame)
        except queue.Full:
            self.left_out += 1

    def close(self) -> None:
        """Finish the file; blocks until it is on disk. Without a frame there is no file."""
        if self._started and self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _write_all(self) -> None:
        try:
            with av.open(str(self._path), "w") as container:
                _write_frames(container, self._waiting)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.failure = error
            # Empty the queue, so that `close` can add its end mark.
            while self._waiting.get() is not None:
                self.left_out += 1


class TelemetryLog:
    """The received telemetry messages, one per line."""

    def __init__(self, path: Path) -> None:
        check_writable(path, "--telemetry")
        self._file = path.open("w", encoding="utf-8")

    def write(self, report: Telemetry) -> None:
        """Add one message."""
        self._file.write(encode_telemetry(report) + "\n")

    def close(self) -> None:
        """Flush and close the file; may be called twice."""
        self._file.close()


def _write_frames(container: OutputContainer, waiting: "queue.Queue[VideoFrame | None]") -> None:
    stream: VideoStream | None = None
    reformatter = VideoReformatter()
    last_pts = -1
    while (frame := waiting.get()) is not None:
        if stream is None:
            stream = _add_stream(container, frame)
        pts, time_base = frame.pts, frame.time_base
        # The muxer rejects times that do not increase.
        if pts is None or pts <= last_pts:
            continue
        last_pts = pts
        if (frame.width, frame.height) != (stream.width, stream.height):
            frame = _fitted(frame, stream.width, stream.height, reformatter)
        frame.pts, frame.time_base = pts, time_base
        frame.pict_type = av.video.frame.PictureType.NONE
        for packet in stream.encode(frame):
            container.mux(packet)
    if stream is not None:
        for packet in stream.encode(None):
            container.mux(packet)


def _add_stream(container: OutputContainer, first: VideoFrame) -> VideoStream:
    stream = container.add_stream("libx264", rate=_NOMINAL_FPS, options=dict(_ENCODER_OPTIONS))
    stream.width, stream.height = first.width - first.width % 2, first.height - first.height % 2
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = first.time_base or Fraction(1, 90_000)
    stream.codec_context.thread_count = 1
    return stream


def _fitted(frame: VideoFrame, width_px: int, height_px: int, reformatter: VideoReformatter) -> VideoFrame:
    """The frame scaled into the centre of a black frame of the file's size, which cannot change."""
    scale = min(width_px / frame.width, height_px / frame.height)
    width, height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    inner = reformatter.reformat(frame, width, height, format="yuv420p", threads=1)
    fitted = VideoFrame(width_px, height_px, "yuv420p")
    left, top = (width_px - inner.width) // 4 * 2, (height_px - inner.height) // 4 * 2
    for target, source, black, divisor in zip(
        planes_of(fitted), planes_of(inner), _BLACK_YUV, (1, 2, 2), strict=True
    ):
        target[:] = black
        rows = slice(top // divisor, top // divisor + source.shape[0])
        target[rows, left // divisor : left // divisor + source.shape[1]] = source
    return fitted
