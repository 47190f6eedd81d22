"""Measure landmarks with the shipped leaves, in 16 bits, beside those of dlib's file in 32 bits, and other ones.

Sixty faces of each clip, all ways on the same frames and boxes. `difference_percent`: distance of the 68 points from
those with the leaves of dlib's file, not rounded, over the distance of the outer eye corners. Beside it the points
rounded to whole pixels, as dlib rounds them, and those of a box that begins one pixel further to the right and down.
`at_rest_percent`: the same box 30 times, with fresh noise of 3 gray levels; deviation of the points over the same
distance. `ms`: CPU time of the thread, all ways in turn; `warm`: just after the same prediction; `cold`: after 16 MB
have been written, as other code does between two frames of a stream. All leaves lie in mapped files, as the shipped
ones do. Those on components are compiled for this very machine, so they are rather too fast.
"""

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.analysis_landmarks import boxes_of
from benchmarks.faces_seen import CLIPS, clip_frames
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.trees.dlib_file import VALUES, read_dlib_file
from facestream.analysis.trees.forest import open_forest, prepared_path
from facestream.analysis.trees.library import POINTS, CImage, find_library
from facestream.analysis.trees.library import SOURCE as TREES_C
from facestream.analysis.trees.predictor import TreesPredictor
from facestream.resources import MODELS_DIR

EXACT, SHIPPED = "32 bits, dlib's", "16 bits with exponents: shipped"
COMPONENTS = (40, 80, 136)
CLASSES = 4
FACES, NOISE, NOISY_FRAMES, WRITTEN_MB = 60, 3.0, 30, 16
C_OPTIONS = ("-O2", "-shared", "-fPIC", "-ffp-contract=off")
FOR_THIS_MACHINE = "-march=native"
"""Without it, a float of 16 bits is converted by a function."""

Leaves = NDArray[np.float32]
"""(cascades, trees, 16, 136), in sides of the box."""
Seen = tuple[GrayImage, BoundingBox]
Predict = Callable[[GrayImage, BoundingBox], LandmarksXY]


class CBytes(ctypes.Structure):
    """`struct bytes` of leaves.c."""

    _fields_ = tuple((name, ctypes.c_void_p) for name in ("leaves", "classes", "steps"))


class CProjected(ctypes.Structure):
    """`struct projected` of leaves.c."""

    _fields_ = (
        ("components", ctypes.c_int32),
        *((name, ctypes.c_void_p) for name in ("coefficients", "basis", "means")),
    )


@dataclass(frozen=True)
class Way:
    """One kind of leaves."""

    predict: Predict
    megabytes: float


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    path, sha256 = checked_path(MODELS_DIR, "landmarks"), read_manifest(MODELS_DIR)["landmarks"].sha256
    library = find_library(path.parent)
    if library is None:
        raise SystemExit("the trees are not compiled; run `make models`, which says why")
    measured.say("reading the leaves of dlib's file")
    leaves = read_dlib_file(path, library).leaves
    forest = open_forest(prepared_path(path), sha256)
    shipped = TreesPredictor(library, forest)
    clips = {
        clip.name: _faces(clip, 10 if options.quick else FACES)
        for clip in CLIPS[: 1 if options.quick else None]
    }
    with tempfile.TemporaryDirectory() as folder:
        other = Other(Path(folder), shipped)
        ways = {
            EXACT: other.with_floats(leaves),
            SHIPPED: Way(lambda gray, box: shipped.predict(gray, *_edges(box)), forest.leaves.nbytes / 1e6),
            "8 bits, one of four steps": other.with_bytes(leaves),
            **{f"{count} components, 16 bits": other.with_components(leaves, count) for count in COMPONENTS},
        }
        inexact = {
            "16 bits, one step": _in_steps(leaves, 16, 1),
            "12 bits, one of four steps": _in_steps(leaves, 12, CLASSES),
            "floats of 16 bits": leaves.astype(np.float16).astype(np.float32),
        }
        differences = dict[str, object]()
        for name, way in ways.items():
            differences[name] = _differences(ways[EXACT].predict, way.predict, clips)
        for name, others in inexact.items():
            measured.say(name)
            differences[name] = _differences(ways[EXACT].predict, other.with_floats(others).predict, clips)
        differences["whole pixels"] = _differences(
            ways[EXACT].predict, lambda gray, box: ways[EXACT].predict(gray, box).round(), clips
        )
        differences["a box that is a pixel off"] = _differences(
            ways[EXACT].predict, lambda gray, box: ways[EXACT].predict(gray, _moved(box)), clips
        )
        faces = [face for seen in clips.values() for face in seen]
        figures: dict[str, object] = {
            "faces": len(faces),
            "megabytes": {name: round(way.megabytes, 1) for name, way in ways.items()},
            "difference_percent": differences,
            "at_rest_percent": {
                name: _at_rest(way.predict, faces[:: FACES // 4]) for name, way in ways.items()
            },
            "ms": _times(ways, faces),
        }
    measured.write("analysis_leaves", options, before, figures)


class Other:
    """Ways to predict with leaves.c; they share the splits and pixels of the shipped trees."""

    def __init__(self, folder: Path, shipped: TreesPredictor) -> None:
        self._folder, self._shipped = folder, shipped
        self._library = _compiled(folder / "leaves.so")
        self._library_for_this_machine = _compiled(folder / "leaves_native.so", FOR_THIS_MACHINE)

    def with_floats(self, leaves: Leaves) -> Way:
        """The leaves in 32 bits."""
        mapped = self._mapped(leaves)
        return self._way(self._library.predict_floats, mapped.ctypes.data, mapped, leaves.nbytes)

    def with_bytes(self, leaves: Leaves) -> Way:
        """The leaves in 8 bits, with one of four steps each."""
        values, classes, steps = _rounded(leaves, 8, CLASSES)
        parts = self._mapped((values + 128).astype(np.uint8)), classes.astype(np.uint8), steps
        addresses = CBytes(*(part.ctypes.data for part in parts))
        return self._way(self._library.predict_bytes, ctypes.byref(addresses), parts, parts[0].nbytes)

    def with_components(self, leaves: Leaves, count: int) -> Way:
        """The leaves on the directions of each cascade in which they vary most."""
        measured.say(f"{count} components")
        cascades, trees = leaves.shape[:2]
        coefficients = np.empty((*leaves.shape[:3], count), np.float16)
        basis = np.empty((cascades, count, VALUES), np.float32)
        means = np.empty((cascades, VALUES), np.float32)
        for cascade in range(cascades):
            rows = leaves[cascade].reshape(-1, VALUES).astype(np.float64)
            mean = rows.mean(axis=0)
            _, directions = np.linalg.eigh(np.cov(rows.T))
            chosen = directions[:, ::-1][:, :count]
            # Of deviation 1, because 16 bits have few digits near zero.
            along = (rows - mean) @ chosen
            scale = along.std(axis=0)
            coefficients[cascade] = (along / scale).reshape(trees, -1, count)
            basis[cascade] = (chosen * scale).T
            means[cascade] = trees * mean
        parts = self._mapped(coefficients), basis, means
        addresses = CProjected(count, *(part.ctypes.data for part in parts))
        predict = self._library_for_this_machine.predict_projected
        return self._way(predict, ctypes.byref(addresses), parts, coefficients.nbytes)

    def _mapped(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        # Memory of numpy may have pages of 2 MB, a mapped file has not.
        path = self._folder / f"{len(list(self._folder.iterdir()))}.npy"
        np.save(path, values)
        return np.asarray(np.load(path, mmap_mode="r"))

    def _way(self, function: Callable[..., None], leaves: object, held: object, size: int) -> Way:
        """`held`: the memory that the addresses point to."""

        def predict(gray: GrayImage, box: BoundingBox, _held: object = held) -> LandmarksXY:
            left, top, right, bottom = _edges(box)
            image = CImage(gray.ctypes.data, gray.strides[0], gray.shape[1], gray.shape[0])
            landmarks = np.empty((POINTS, 2), np.float32)
            forest = ctypes.byref(self._shipped.addresses)
            place = left, top, right - left, bottom - top
            function(forest, leaves, ctypes.byref(image), *place, landmarks.ctypes.data)
            return landmarks

        return Way(predict, size / 1e6)


def _compiled(path: Path, *more_options: str) -> ctypes.CDLL:
    source = Path(__file__).with_name("leaves.c")
    subprocess.run(["cc", *C_OPTIONS, *more_options, f"-I{TREES_C.parent}", "-o", path, source], check=True)
    library = ctypes.CDLL(str(path))
    pointer, real = ctypes.c_void_p, ctypes.c_double
    for function in (library.predict_floats, library.predict_bytes, library.predict_projected):
        function.argtypes = (pointer, pointer, pointer, real, real, real, real, pointer)
        function.restype = None
    return library


def _rounded(
    leaves: Leaves, bits: int, classes: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    """The leaves in whole steps; the class of each, (cascades, trees, 16); and the steps, (cascades, classes, 136).

    The steps of a class are a quarter of those of the one before. A leaf has the last class in which it fits.
    """
    largest = np.abs(leaves).max(axis=(1, 2))
    share = (np.abs(leaves) / largest[:, np.newaxis, np.newaxis]).max(axis=3)
    chosen = np.zeros(share.shape, np.int64)
    for fewer in range(1, classes):
        chosen += share <= 4.0**-fewer
    quarters = 4.0 ** -np.arange(classes)[:, np.newaxis]
    steps = (largest[:, np.newaxis] / (2 ** (bits - 1) - 1) * quarters).astype(np.float32)
    values = np.empty(leaves.shape, np.int32)
    for cascade in range(len(leaves)):
        values[cascade] = np.rint(leaves[cascade] / steps[cascade][chosen[cascade]])
    return values, chosen, steps


def _in_steps(leaves: Leaves, bits: int, classes: int) -> Leaves:
    values, chosen, steps = _rounded(leaves, bits, classes)
    back = np.empty_like(leaves)
    for cascade in range(len(leaves)):
        back[cascade] = values[cascade] * steps[cascade][chosen[cascade]]
    return back


def _faces(clip: Path, count: int) -> list[Seen]:
    measured.say(clip.name)
    frames = [frame.gray for frame in clip_frames(clip)]
    return boxes_of(frames[:: max(1, len(frames) // count)][:count])


def _differences(exact: Predict, other: Predict, clips: Mapping[str, list[Seen]]) -> dict[str, float]:
    values = {
        name: [_percent(other(gray, box), exact(gray, box)) for gray, box in faces]
        for name, faces in clips.items()
    }
    every = [value for each in values.values() for value in each]
    summary = {"median": np.median(every), "mean": np.mean(every), "p99": np.percentile(every, 99)}
    rounded = {name: round(float(value), 3) for name, value in summary.items()}
    return rounded | {f"median, {name}": round(float(np.median(each)), 3) for name, each in values.items()}


def _at_rest(predict: Predict, faces: list[Seen]) -> float:
    chance = np.random.default_rng(0)
    spread = list[float]()
    for gray, box in faces:
        noisy = [
            np.clip(gray + chance.normal(0, NOISE, gray.shape), 0, 255).astype(np.uint8)
            for _ in range(NOISY_FRAMES)
        ]
        points = np.stack([predict(each, box) for each in noisy])
        mean = points.mean(axis=0)
        off = np.sqrt(np.square(points - mean).sum(axis=2).mean())
        spread.append(float(100 * off / _eye_distance(mean)))
    return round(float(np.mean(spread)), 3)


def _times(ways: Mapping[str, Way], faces: list[Seen]) -> dict[str, dict[str, float | None]]:
    written = np.zeros(WRITTEN_MB << 17)
    took_ms = {name: {"cold": list[float](), "warm": list[float]()} for name in ways}
    chance = np.random.default_rng(0)
    for gray, box in faces:
        # In another order each time: no way always follows the same one.
        for name in chance.permutation(list(ways)):
            ways[name].predict(gray, box)
            for state, times in took_ms[name].items():
                if state == "cold":
                    written += 1
                began_s = time.thread_time()
                ways[name].predict(gray, box)
                times.append(1000 * (time.thread_time() - began_s))
    return {
        name: {state: measured.median(times) for state, times in each.items()}
        for name, each in took_ms.items()
    }


def _percent(points: LandmarksXY, exact: LandmarksXY) -> float:
    return float(100 * np.linalg.norm(points - exact, axis=1).mean() / _eye_distance(exact))


def _eye_distance(points: LandmarksXY) -> float:
    return float(np.linalg.norm(points[36] - points[45]))


def _moved(box: BoundingBox) -> BoundingBox:
    return BoundingBox(box.left + 1, box.top + 1, box.width, box.height)


def _edges(box: BoundingBox) -> tuple[int, int, int, int]:
    left, top = round(box.left), round(box.top)
    return left, top, round(box.left + box.width) - 1, round(box.top + box.height) - 1


if __name__ == "__main__":
    main()
