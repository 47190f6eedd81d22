"""The planes of a yuv420p frame as numpy views; no copy, no conversion."""

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


def planes_of(frame: VideoFrame) -> Planes:
    """Views (h, w), (ceil(h/2), ceil(w/2)) twice; writable after `frame.make_writable()`."""
    y, u, v = (
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]  # type: ignore[call-overload]
        for plane in frame.planes
    )
    return y, u, v
