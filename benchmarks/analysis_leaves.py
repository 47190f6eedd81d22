"""Measure landmarks by leaves on 40, 80 or all 136 principal components, in 16 bits, beside the leaves as they are.

The same frames and boxes, in turns, in one process, as in `analysis_landmarks`: the emotion net reads a face between
two predictions. The projected leaves get the better options of the compiler (those of this machine).
`difference_percent`: distance of the 68 points from those of the shipped kernel over the distance of the outer eye
corners. `rounding_percent`: the same for the shipped points rounded to whole pixels. Milliseconds are CPU time of the
thread.
"""

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.analysis_landmarks import boxes_of
from benchmarks.clips import SOURCE, frames_of
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.trees.forest import Forest, open_forest, prepared_path
from facestream.analysis.trees.library import POINTS, CImage, find_library
from facestream.analysis.trees.library import SOURCE as TREES_C
from facestream.analysis.trees.predictor import TreesPredictor
from facestream.media.planes import planes_of
from facestream.resources import MODELS_DIR

COMPONENTS = (40, 80, 136)
VALUES = 2 * POINTS
C_OPTIONS = ("-O3", "-march=native", "-shared", "-fPIC", "-ffp-contract=off")

Predict = Callable[[GrayImage, BoundingBox], LandmarksXY]


class CProjected(ctypes.Structure):
    """`struct projected` of leaves.c."""

    _fields_ = (
        ("components", ctypes.c_int32),
        *((name, ctypes.c_void_p) for name in ("coefficients", "basis", "means")),
    )


@dataclass(frozen=True)
class Projected:
    """Leaves on the first principal components of each cascade."""

    coefficients: NDArray[np.float16]
    """(cascades, trees, 16, components)."""
    basis: NDArray[np.float32]
    """(cascades, components, 136)."""
    means: NDArray[np.float32]
    """(cascades, 136): of all trees of the cascade together."""


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    path, sha256 = checked_path(MODELS_DIR, "landmarks"), read_manifest(MODELS_DIR)["landmarks"].sha256
    library = find_library(path.parent)
    if library is None:
        raise SystemExit("the trees are not compiled; run `make models`, which says why")
    forest = open_forest(prepared_path(path), sha256)
    shipped = TreesPredictor(library, forest)
    ways: dict[str, Predict] = {"as they are": lambda gray, box: shipped.predict(gray, *_edges(box))}
    megabytes = {"as they are": forest.leaves.nbytes / 1e6}
    with tempfile.TemporaryDirectory() as folder:
        projected_library = _compiled(Path(folder))
        for components in COMPONENTS:
            measured.say(f"{components} components")
            leaves = projected(forest, components)
            name = f"{components} components, 16 bits"
            ways[name] = _projected_way(projected_library, shipped, leaves)
            megabytes[name] = leaves.coefficients.nbytes / 1e6
        frames = [np.array(planes_of(frame)[0]) for frame in frames_of(SOURCE)][
            : 20 if options.quick else None
        ]
        figures = _compare(ways, boxes_of(frames), 1 if options.quick else 5)
    measured.write("analysis_leaves", options, before, {"megabytes": megabytes} | figures)


def projected(forest: Forest, components: int) -> Projected:
    """The leaves on the directions of each cascade in which they vary most."""
    cascades, trees, leaves, _ = forest.leaves.shape
    coefficients = np.empty((cascades, trees, leaves, components), np.float16)
    basis = np.empty((cascades, components, VALUES), np.float32)
    means = np.empty((cascades, VALUES), np.float32)
    for cascade in range(cascades):
        rows = forest.leaves[cascade].reshape(-1, VALUES).astype(np.float64)
        mean = rows.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov(rows.T))
        chosen = directions[:, ::-1][:, :components]
        # Of deviation 1, because 16 bits have few digits near zero.
        along = (rows - mean) @ chosen
        scale = along.std(axis=0)
        coefficients[cascade] = (along / scale).reshape(trees, leaves, components)
        basis[cascade] = (chosen * scale).T
        means[cascade] = trees * mean
    return Projected(coefficients, basis, means)


def _projected_way(library: ctypes.CDLL, shipped: TreesPredictor, leaves: Projected) -> Predict:
    addresses = CProjected(
        leaves.basis.shape[1],
        *(part.ctypes.data for part in (leaves.coefficients, leaves.basis, leaves.means)),
    )

    def predict(gray: GrayImage, box: BoundingBox) -> LandmarksXY:
        assert leaves.means.flags.c_contiguous  # also holds the memory that the addresses point to
        left, top, right, bottom = _edges(box)
        image = CImage(gray.ctypes.data, gray.strides[0], gray.shape[1], gray.shape[0])
        landmarks = np.empty((POINTS, 2), np.float32)
        library.predict_projected(
            ctypes.byref(shipped.addresses),
            ctypes.byref(addresses),
            ctypes.byref(image),
            left,
            top,
            right - left,
            bottom - top,
            landmarks.ctypes.data,
        )
        return landmarks

    return predict


def _compiled(folder: Path) -> ctypes.CDLL:
    path, source = folder / "leaves.so", Path(__file__).with_name("leaves.c")
    subprocess.run(["cc", *C_OPTIONS, f"-I{TREES_C.parent}", "-o", path, source], check=True)
    library = ctypes.CDLL(str(path))
    pointer, real = ctypes.c_void_p, ctypes.c_double
    library.predict_projected.argtypes = (pointer, pointer, pointer, real, real, real, real, pointer)
    library.predict_projected.restype = None
    return library


def _compare(
    ways: dict[str, Predict], boxes: list[tuple[GrayImage, BoundingBox]], rounds: int
) -> dict[str, object]:
    net = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    took_ms = {name: list[float]() for name in ways}
    off = {name: list[float]() for name in ways}
    rounding = list[float]()
    for turn in range(rounds):
        for gray, box in boxes:
            found = {}
            for name, predict in ways.items():
                began_s = time.thread_time()
                found[name] = predict(gray, box)
                took_ms[name].append(1000 * (time.thread_time() - began_s))
                net.read(gray, box, found[name])
            if turn == 0:
                exact = found["as they are"]
                for name, points in found.items():
                    off[name].append(_percent(points, exact))
                rounding.append(_percent(exact.round(), exact))
    return {
        "faces": len(boxes),
        "ms": {name: measured.median(values) for name, values in took_ms.items()},
        "difference_percent": {
            name: {"mean": round(float(np.mean(values)), 3), "p95": measured.percentile(values, 95)}
            for name, values in off.items()
        },
        "rounding_percent": round(float(np.mean(rounding)), 3),
    }


def _percent(points: LandmarksXY, exact: LandmarksXY) -> float:
    apart = np.linalg.norm(points - exact, axis=1).mean()
    return float(100 * apart / np.linalg.norm(exact[36] - exact[45]))


def _edges(box: BoundingBox) -> tuple[int, int, int, int]:
    left, top = round(box.left), round(box.top)
    return left, top, round(box.left + box.width) - 1, round(box.top + box.height) - 1


if __name__ == "__main__":
    main()
