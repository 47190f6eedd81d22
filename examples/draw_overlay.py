"""Draw the line of the eyes and its tilt on the returned video: `facestream serve --analyzer draw_overlay:on_faces`."""

import math

import numpy as np
from numpy.typing import NDArray

from facestream import FrameReport

LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # landmarks of the eyes, as they are in the image


def on_faces(_frame_luma: NDArray[np.uint8], report: FrameReport) -> dict[str, object]:
    """Return shapes under `draw`: they are drawn, and are no values in the telemetry."""
    shapes: list[dict[str, object]] = []
    for face in report.faces:
        left, right = face.landmarks_xy[LEFT_EYE].mean(0), face.landmarks_xy[RIGHT_EYE].mean(0)
        tilt_deg = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
        colour = "#40e0a0" if abs(tilt_deg) < 10 else "#ff7840"
        below = face.box.left + face.box.width / 2, face.box.top + 1.15 * face.box.height
        shapes += [
            {"line": [left, right], "colour": colour},
            {"dots": [left, right], "colour": colour},
            {"text": f"{tilt_deg:+.0f} deg", "at": below, "colour": colour},
        ]
    return {"draw": shapes}
