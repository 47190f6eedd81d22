"""Measure what the annotated video costs and how it looks, with and without the limit of the finest quantizer."""

import argparse
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload
from av import VideoFrame
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.clips import face_clip, frames_of
from benchmarks.measured import median, say
from facestream.aiortc_patches import encoders
from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, draw
from facestream.analysis.models import load_analyzer
from facestream.analysis.tracking.tracks import Tracks
from facestream.media.planes import planes_of

FPS = 30
SETTLED_FRAMES = 30
TARGETS_KBPS = (300, 600, 1000, 2500)
NOISE = 4.0
"""Standard deviation of the noise of a camera in poor light, in gray levels."""
PEAK = 255.0**2


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder of the server, and what reads its payloads."""

    encoder: type[encoders.FastH264Encoder | encoders.FastVp8Encoder]
    decoder: str
    limits: dict[str, int]
    """The names of the limits in `encoders`, and the values that lift them."""


CODECS = {
    "h264": Codec(encoders.FastH264Encoder, "h264", {"FINEST_QP": 0}),
    "vp8": Codec(encoders.FastVp8Encoder, "vp8", {"FINEST_VP8_QUANTIZER": 2}),
}


def measure(args: argparse.Namespace) -> dict[str, object]:
    """Both codecs at some bitrates, the limit on and off in turn, on clean and on noisy frames."""
    clean = annotated(frames_of(face_clip(FPS))[: 90 if args.quick else 300])
    figures: dict[str, object] = {}
    for kind, frames in (("clean", clean), ("noisy", noisy(clean))):
        for name, codec in CODECS.items():
            for kbps in TARGETS_KBPS:
                say(f"encoding: {kind}, {name}, {kbps} kbit/s")
                with lifted(codec):
                    before = encode(codec, frames, kbps)
                figures[f"{kind}_{name}_{kbps}_kbps"] = {
                    "without": before,
                    "with": encode(codec, frames, kbps),
                }
    return figures


def annotated(frames: list[VideoFrame]) -> list[VideoFrame]:
    """The frames as the server sends them, with all that is drawn by default."""
    analyzer, tracks = load_analyzer(), Tracks()
    for number, frame in enumerate(frames):
        frame.make_writable()
        planes = planes_of(frame)
        report, tracks = analyzer.analyze(np.ascontiguousarray(planes[0]), tracks, number / FPS)
        draw(planes, report, DEFAULT_LAYERS, f"#{number} {FPS} FPS")
    return frames


def noisy(frames: list[VideoFrame]) -> list[VideoFrame]:
    """The same with the noise of a camera, which no encoder can predict."""
    chance = np.random.default_rng(1)
    made = []
    for frame in frames:
        image = frame.to_ndarray(format="yuv420p")
        luma = image[: frame.height]
        luma[:] = np.clip(luma + chance.normal(0, NOISE, luma.shape), 0, 255)
        made.append(VideoFrame.from_ndarray(image, format="yuv420p"))
    return made


@contextlib.contextmanager
def lifted(codec: Codec) -> Iterator[None]:
    """Without the limit."""
    before = {name: getattr(encoders, name) for name in codec.limits}
    try:
        for name, value in codec.limits.items():
            setattr(encoders, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(encoders, name, value)


def encode(codec: Codec, frames: list[VideoFrame], kbps: int) -> dict[str, float | None]:
    """Encode the frames at a bitrate, decode them again, and compare."""
    encoder = codec.encoder()
    # Estimates are smoothed, so that one is not enough.
    for _ in range(20):
        encoder.target_bitrate = 1000 * kbps
    decoder = av.CodecContext.create(codec.decoder, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    sizes, packets, took_ms, decoded_ms, decibels = [], [], [], [], []
    for number, original in enumerate(frames):
        frame = VideoFrame.from_ndarray(original.to_ndarray(format="yuv420p"), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        began_s = time.thread_time()
        payloads, _ = encoder.encode(frame)
        took_ms.append(1000 * (time.thread_time() - began_s))
        sizes.append(sum(map(len, payloads)))
        packets.append(len(payloads))
        depayload = h264_depayload if codec.decoder == "h264" else vp8_depayload
        packet = av.Packet(b"".join(depayload(payload) for payload in payloads))
        began_s = time.thread_time()
        (seen,) = decoder.decode(packet)
        decoded_ms.append(1000 * (time.thread_time() - began_s))
        decibels.append(psnr(luma_of(seen), luma_of(original)))
    settled = slice(SETTLED_FRAMES, None)
    return {
        "kbps": round(sum(sizes[settled]) * 8 * FPS / len(sizes[settled]) / 1000),
        "packets_per_frame": round(float(np.mean(packets[settled])), 1),
        "encode_ms": median(took_ms[settled]),
        "decode_ms": median(decoded_ms[settled]),
        "psnr_db": round(float(np.mean(decibels[settled])), 1),
        "psnr_db_worst": round(min(decibels[settled]), 1),
    }


def luma_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """The luma of a frame, shape (height, width)."""
    return np.asarray(frame.to_ndarray(format="yuv420p")[: frame.height], np.uint8)


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio in decibels; 100 for equal frames."""
    error = cv2.norm(one, other, cv2.NORM_L2SQR) / one.size
    return float(10 * np.log10(PEAK / error)) if error else 100.0


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    measured.write("encoding", args, before, measure(args))


if __name__ == "__main__":
    main()
