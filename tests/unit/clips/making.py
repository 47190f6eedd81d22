"""Make small video files for the tests of the reader."""

import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream

SIZE_WH = (64, 48)


def quarters(size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """A gray image whose four quarters differ, so that each way to turn or mirror it looks different."""
    width, height = size_wh
    image = np.full((height, width), 40, np.uint8)
    image[: height // 2, width // 2 :] = 90
    image[height // 2 :, : width // 2] = 140
    image[height // 2 :, width // 2 :] = 200
    return image


def write_video(
    path: Path,
    images: Iterable[np.ndarray],
    *,
    times_s: Iterable[float] | None = None,
    fps: int = 10,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    pixel_aspect: Fraction | None = None,
    colours: Mapping[str, int] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write gray images (height, width) or RGB ones as a video."""
    images = list(images)
    times = list(times_s) if times_s is not None else [number / fps for number in range(len(images))]
    time_base = Fraction(1, fps if times_s is None else 1000)
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream(
            codec, rate=fps, options=dict(options or {"crf": "1", "tune": "zerolatency"})
        )
        assert isinstance(stream, VideoStream)
        height, width = images[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = time_base
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        for name, value in (colours or {}).items():
            setattr(stream.codec_context, name, value)
        for image, time_s in zip(images, times, strict=True):
            rgb = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = round(time_s / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def levels(count: int, size_wh: tuple[int, int] = SIZE_WH) -> list[np.ndarray]:
    """Plain images; the n-th has the gray level 20 + 8 n."""
    return [np.full((size_wh[1], size_wh[0]), 20 + 8 * number, np.uint8) for number in range(count)]


def noise(count: int, size_wh: tuple[int, int] = SIZE_WH) -> list[np.ndarray]:
    """Images that need many bytes."""
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (size_wh[1], size_wh[0]), np.uint8) for _ in range(count)]


def set_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Set the display matrix of an MP4: a point (x, y) is shown at (a x + c y, b x + d y)."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    one = 1 << 16
    content[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def cut(path: Path, share: float) -> Path:
    """Keep the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
