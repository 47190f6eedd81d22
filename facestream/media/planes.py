"""View, convert and crop yuv420p frames as numpy planes, and read their time."""

import math

import numpy as np
from av import VideoFrame
from av.frame import Frame
from av.video.plane import VideoPlane

from facestream.analysis.drawing.canvas import Planes
from facestream.analysis.faces import GrayImage


def planes_of(frame: VideoFrame) -> Planes:
    """Views of a yuv420p frame, shapes (h, w) and twice (ceil(h/2), ceil(w/2)); copies nothing.

    They are writable after `frame.make_writable()`.
    """
    y, u, v = map(_view, frame.planes)
    return y, u, v


def _view(plane: VideoPlane) -> GrayImage:
    rows: GrayImage = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
    return rows[:, : plane.width]


def seconds_of(frame: Frame) -> float | None:
    """The timestamp in seconds; None: there is none, or its unit is not known.

    PyAV calculates it in C; `pts * time_base` is a product of fractions and takes a hundred times as long.
    """
    time_s = frame.time
    return None if time_s is None or math.isnan(time_s) else time_s


def as_yuv420p(frame: VideoFrame) -> VideoFrame:
    """The frame in yuv420p with the same timestamp; the frame itself if it already is in yuv420p."""
    if frame.format.name == "yuv420p":
        return frame
    converted = frame.reformat(format="yuv420p")
    converted.pts, converted.time_base = frame.pts, frame.time_base
    return converted


def copy_of(frame: VideoFrame) -> VideoFrame:
    """A copy of a yuv420p frame with memory of its own and without a timestamp."""
    return frame_of(planes_of(frame))


def frame_of(planes: Planes) -> VideoFrame:
    """A yuv420p frame with a copy of these planes and without a timestamp."""
    height, width = planes[0].shape
    frame = VideoFrame(width, height, "yuv420p")
    for source, target in zip(planes, planes_of(frame), strict=True):
        target[:] = source
    return frame


def in_place_of(frame: VideoFrame, planes: Planes) -> VideoFrame:
    """A frame with a copy of these planes, and with the timestamp and the colours of another frame."""
    new = frame_of(planes)
    new.pts, new.time_base = frame.pts, frame.time_base
    new.colorspace, new.color_range = frame.colorspace, frame.color_range
    return new


def crop_even(frame: VideoFrame) -> VideoFrame:
    """A copy of a yuv420p frame without its last column or row if their number is odd.

    H264 in yuv420p has no odd sizes. The copy has no timestamp.
    """
    width, height = max(2, frame.width & ~1), max(2, frame.height & ~1)
    cropped = VideoFrame(width, height, "yuv420p")
    for source, target in zip(planes_of(frame), planes_of(cropped), strict=True):
        rows, columns = min(source.shape[0], target.shape[0]), min(source.shape[1], target.shape[1])
        target[:rows, :columns] = source[:rows, :columns]
    return cropped
