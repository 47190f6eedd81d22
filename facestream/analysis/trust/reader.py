"""Read from the crop of a face whether eyes or mouth are covered and whether the landmarks lie on the face.

Never smooths and never chooses a label.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.emotion.alignment import align_face
from facestream.analysis.faces import GrayImage, LandmarksXY
from facestream.analysis.interpreter import Interpreter

OUTPUTS = 3
"""Eyes hidden, mouth hidden, landmarks misplaced."""


class VisibilityReader(Protocol):
    """Reads what is wrong with one face."""

    def read(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> NDArray[np.float32]:
        """Shape (3,), each 0..1: how sure it is that eyes are hidden, mouth is hidden, landmarks are wrong."""


class TrustNet:
    """Our own net on the crop that the emotion net sees; input 48x48 in 0..255, scaling and sigmoid in its graph."""

    SIZE_PX = 48

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, self.SIZE_PX, self.SIZE_PX, 1), (1, OUTPUTS))

    def read(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> NDArray[np.float32]:
        return self._net.run(align_face(gray, landmarks_xy, self.SIZE_PX).astype(np.float32))[0]
