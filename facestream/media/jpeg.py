"""Check, decode and encode the JPEGs of a compatibility-mode session. Never decodes an unchecked JPEG."""

import av
import cv2
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange

from facestream.analysis.jpeg_header import baseline_size_wh
from facestream.errors import FrameError, FrameTooLargeError

# A frame of 640x480 has about 31 kB at 80, 7.4 Mbit/s at 30 FPS (benchmarks/compatibility.py). At 85 it has a seventh
# more, without a visible difference; well below 80, drawn lines get a halo.
QUALITY = 80


def check_jpeg(jpeg: bytes, max_size_wh: tuple[int, int]) -> None:
    """Check that a JPEG may be decoded; raises FrameError, and FrameTooLargeError if it is larger than allowed."""
    (width, height), (max_width, max_height) = baseline_size_wh(jpeg), max_size_wh
    if width > max_width or height > max_height:
        raise FrameTooLargeError(
            f"frame of {width}x{height}; expected at most {max_width}x{max_height}",
            (width, height),
            max_size_wh,
        )


def decode_jpeg(jpeg: bytes) -> VideoFrame:
    """Decode a JPEG that was checked to a yuv420p frame like those of video decoders: limited range, writable.

    Raises FrameError.
    """
    codec = av.CodecContext.create("mjpeg", "r")
    assert isinstance(codec, VideoCodecContext)
    codec.thread_count = 1  # the sessions share the cores
    # A second safeguard: FFmpeg decodes no larger image, whatever the data contains. It counts whole strides.
    width, height = baseline_size_wh(jpeg)
    codec.options = {"max_pixels": str((width + 64) * height)}
    try:
        frame = codec.decode(av.Packet(jpeg))[0]
    except (av.FFmpegError, IndexError) as error:
        raise FrameError("a JPEG cannot be decoded; expected a complete one") from error
    return frame.reformat(format="yuv420p", src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG)


def encode_jpeg(frame: VideoFrame) -> bytes:
    """Encode a frame as a JPEG with OpenCV, whose encoder takes half the time of FFmpeg's."""
    done, jpeg = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done, "OpenCV encodes every 8-bit image"
    return jpeg.tobytes()
