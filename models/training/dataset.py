"""FER+ as training and benchmarks want it: soft labels, landmarks and boxes; changes no file of the set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facestream.analysis.emotion.alignment import alignment_matrix
from facestream.analysis.faces import EMOTIONS
from models.training.landmarks import find_landmarks

CROP_PX = 48
"""Side of the net's input."""
_COLUMNS = 10
_SINGLE_VOTE = 1


@dataclass(frozen=True, slots=True)
class Faces:
    """Images with what people said about them."""

    images: NDArray[np.uint8]
    """Shape (N, 48, 48), gray 0..255."""
    soft_labels: NDArray[np.float32]
    """Shape (N, 7), summing to 1, in the order of EMOTIONS."""
    landmarks_xy: NDArray[np.float32]
    """Shape (N, 68, 2), pixels of the image."""
    boxes: NDArray[np.float32]
    """Shape (N, 5): x0, y0, x1, y1 in pixels of the image, and 1 where dlib found the face (0: assumed)."""

    @property
    def majority(self) -> NDArray[np.int64]:
        """The label most people gave, shape (N,); of two equal ones the first in the order of EMOTIONS."""
        return np.asarray(np.argmax(self.soft_labels, axis=1), dtype=np.int64)

    def crop_matrices(self) -> NDArray[np.float32]:
        """Shape (N, 2, 3): image pixels to crop pixels, the server's own rule."""
        matrices = [alignment_matrix(points, CROP_PX) for points in self.landmarks_xy]
        return np.stack(matrices).astype(np.float32)


def load_faces(npz: Path, predictor: Path, cache_dir: Path) -> Faces:
    """Read one split; landmarks are found once and kept in `cache_dir`.

    A single vote is noise and counts as none. A image counts only where one of the seven labels has more
    votes than contempt, than unknown and than NF (no face).
    """
    with np.load(npz) as stored:
        images, votes = stored["images"], stored["votes"].astype(np.float32)
        columns = [str(name).lower() for name in stored["columns"]]
    if votes.shape != (len(images), _COLUMNS):
        raise ValueError(f"{npz}: votes have shape {votes.shape}, expected ({len(images)}, {_COLUMNS})")
    votes[votes <= _SINGLE_VOTE] = 0
    ours = [columns.index(emotion.value) for emotion in EMOTIONS]
    seven = votes[:, ours]
    others = np.delete(votes, ours, axis=1)
    keep = seven.max(axis=1) > others.max(axis=1)
    landmarks, boxes = find_landmarks(images, predictor, cache_dir / f"landmarks_{npz.stem}.npz")
    seven = seven[keep]
    return Faces(images[keep], seven / seven.sum(axis=1, keepdims=True), landmarks[keep], boxes[keep])
