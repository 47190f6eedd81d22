"""Add the number of smiling faces to each frame: `facestream serve --analyzer count_smiles:on_faces`."""

import numpy as np
from numpy.typing import NDArray

from facestream import Emotion, FrameReport


def on_faces(frame_luma: NDArray[np.uint8], report: FrameReport) -> dict[str, float]:
    """Count the faces that are probably happy, and measure how bright the frame is."""
    return {
        "smiles": sum(face.by_emotion[Emotion.HAPPY] > 0.5 for face in report.faces),
        "brightness": round(float(frame_luma[::8, ::8].mean()) / 255, 3),
    }
