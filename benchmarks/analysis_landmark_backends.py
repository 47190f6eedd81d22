"""Compare what follows from the landmarks of dlib and of the face mesh, side by side in one run.

`clips`: each model follows on its own. `bias` is the median of (mesh - dlib) over the frames, `spread` the median
distance from it. `chosen_on` says which clips the table of the mesh was fitted on (models/training/mesh_points.py).
`ferplus`: FER+ valid, enlarged, boxes by BlazeFace, the same for both. `changed`: faces of the clips and of a
photograph, turned, shrunk or darkened; the error is the distance to the same model's own points on the unchanged
frame, in eye distances. `turned`: the spread of the points when the box is shifted by 8 %, by yaw: the less, the surer
the fit.
`presence`: the mesh's logit that a crop shows a face. `colour`: the mesh on gray and on colour. No frame has true
landmarks, so agreement is no accuracy.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import CLIPS, analyzer_with, clip_frames, group_gray
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.derolling import deroll_square
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import BoundingBox, Face, GrayImage, LandmarksXY
from facestream.analysis.geometry import eye_distance_px, head_pose, tilt_deg
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.mesh_landmarks import INPUT_PX, SIDE_PER_BOX, VERTICES, MeshLandmarks, mesh_weights
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.resources import MODELS_DIR
from models.training.dataset import load_faces
from models.training.mesh_points import CLIPS as FITTED_ON
from models.training.mesh_points import FER_EDGE_PX, FER_SCALE, enlarged
from models.training.metrics import score

MOST_FRAMES = 1200
TILTS_DEG = (0, 10, 20, 30, 45, 60, 75, 90)
EYES_PX = (40, 30, 20, 15, 10)
LIGHT = (1.0, 0.5, 0.3, 0.2, 0.1)
YAWS_DEG = ((0, 10), (10, 20), (20, 30), (30, 90))
SHIFT_SHARE = 0.08
FOUND_SHARE = 0.1
"""An error of at most this share of the eye distance counts as found."""
MODELS: tuple[Literal["dlib", "mesh"], ...] = ("dlib", "mesh")
MEMORY = """
import os, sys, numpy
from benchmarks.processes import shared_out_mb
import cv2, ai_edge_litert.interpreter
before = shared_out_mb(os.getpid())
from facestream.analysis.models import load_analyzer, self_test_image
from facestream.analysis.options import AnalysisOptions
analyzer = load_analyzer(options=AnalysisOptions(landmarks=sys.argv[1]))
for _ in range(20):
    analyzer.analyze_still(self_test_image()[0])
print(shared_out_mb(os.getpid()) - before, "dlib" in sys.modules)
"""

Figures = dict[str, object]
Sample = tuple[GrayImage, LandmarksXY]


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, help="folder with valid.npz (FER+); without it, no `ferplus`")
    options = parser.parse_args()
    before = measured.circumstances()
    figures: Figures = {"chosen_on": sorted(FITTED_ON), "memory_mb": {name: _memory(name) for name in MODELS}}
    samples: list[Sample] = []
    figures["clips"] = {
        path.name: _clip(path, 60 if options.quick else MOST_FRAMES, samples) for path in CLIPS
    }
    analyzers = {name: analyzer_with(AnalysisOptions(landmarks=name)) for name in MODELS}
    predictors = {name: analyzer.predictor for name, analyzer in analyzers.items()}
    gray = group_gray()
    group = [(gray, face.landmarks_xy) for face in analyzers["dlib"].analyze_still(gray).faces]
    measured.say(f"{len(samples)} frames and {len(group)} faces of a photograph are changed")
    few = samples[:: max(1, len(samples) // 40)] + group
    figures["ms"] = _cost(predictors, few)
    figures["changed"] = {name: _changed(analyzer, few) for name, analyzer in analyzers.items()}
    figures["at_rest"] = {name: _at_rest(predictor, few) for name, predictor in predictors.items()}
    figures["turned"] = _turned(predictors, samples)
    mesh = predictors["mesh"]
    if isinstance(mesh, MeshLandmarks):
        figures["presence"] = _presence(mesh, samples)
        figures["colour"] = _colour(predictors["dlib"])
    if options.data:
        figures["ferplus"] = _ferplus(analyzers, options.data, 300 if options.quick else None)
    measured.write("analysis_landmark_backends", options, before, figures)


def _memory(name: str) -> Figures:
    ended = subprocess.run(
        [sys.executable, "-c", MEMORY, name], cwd=measured.ROOT, capture_output=True, text=True, check=True
    )
    megabytes, has_dlib = ended.stdout.split()
    return {"mb": round(float(megabytes), 1), "dlib_is_loaded": has_dlib == "True"}


def _clip(path: Path, limit: int, samples: list[Sample]) -> Figures:
    """Each model follows on its own; frames in which both see one face are compared."""
    measured.say(path.name)
    frames = list(clip_frames(path, limit))
    of: dict[str, list[Face | None]] = {}
    for name in MODELS:
        analyzer, tracks, faces = (
            analyzer_with(AnalysisOptions(landmarks=name, max_faces=1, budget_ms=1e6)), Tracks(), list[Face | None](),
        )  # fmt: skip
        for frame in frames:
            report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
            faces.append(report.faces[0] if report.faces else None)
        of[name] = faces
    pairs = [
        (frame, one, other)
        for frame, one, other in zip(frames, of["dlib"], of["mesh"], strict=True)
        if one is not None and other is not None
    ]
    samples += [(frame.gray, one.landmarks_xy) for frame, one, _ in pairs[:: max(1, len(pairs) // 60)]]
    errors = np.array([
        np.linalg.norm(other.landmarks_xy - one.landmarks_xy, axis=1) / eye_distance_px(one.landmarks_xy)
        for _, one, other in pairs
    ])  # fmt: skip
    poses = np.array([
        [getattr(other.pose, angle) - getattr(one.pose, angle) for angle in ("yaw_deg", "pitch_deg", "roll_deg")]
        for _, one, other in pairs
        if one.pose and other.pose
    ])  # fmt: skip
    eyes = np.array([(one.eye_opening, other.eye_opening) for _, one, other in pairs])
    mouths = np.array([(one.mouth_opening, other.mouth_opening) for _, one, other in pairs])
    minutes = max(1e-9, (frames[-1].time_s - frames[0].time_s) / 60)
    return {
        "frames": len(frames),
        "with_a_face": {name: sum(face is not None for face in faces) for name, faces in of.items()},
        "apart": _rounded(float(np.median(errors.mean(axis=1)))),
        "apart_by_part": {
            part: _rounded(float(np.median(errors[:, start:end].mean(axis=1))))
            for part, start, end in (
                ("jaw", 0, 17), ("brows", 17, 27), ("nose", 27, 36), ("eyes", 36, 48), ("mouth", 48, 68)
            )
        },
        "box_width_ratio": _rounded(float(np.median([other.box.width / one.box.width for _, one, other in pairs]))),
        "pose_deg": {
            name: {"bias": _rounded(bias := float(np.median(column))), "spread": _rounded(_off(column, bias))}
            for name, column in zip(("yaw", "pitch", "roll"), poses.T, strict=True)
        },
        "eye_opening": _two(eyes),
        "mouth_opening": _two(mouths),
        "blinks_per_minute": {
            name: _rounded(max((face.blinks for face in faces if face), default=0) / minutes)
            for name, faces in of.items()
        },
        "same_label": _rounded(float(np.mean([one.label == other.label for _, one, other in pairs]))),
        "unsure": {
            name: _rounded(float(np.mean([face.label == "unsure" for face in faces if face])))
            for name, faces in of.items()
        },
        "jitter": {name: _rounded(_jitter(faces)) for name, faces in of.items()},
    }  # fmt: skip


def _two(values: NDArray[np.float64]) -> Figures:
    correlation = float(np.atleast_2d(np.corrcoef(values.T))[0, -1]) if len(values) > 2 else 0.0
    return {
        "dlib": _rounded(float(np.median(values[:, 0]))),
        "mesh": _rounded(float(np.median(values[:, 1]))),
        "correlation": _rounded(correlation),
    }


def _off(values: NDArray[np.float64], middle: float) -> float:
    return float(np.median(np.abs(values - middle)))


def _jitter(faces: Sequence[Face | None]) -> float:
    """Median second difference of the shown landmarks, in eye distances: motion without its even part."""
    jumps = [
        float(np.mean(np.linalg.norm(a.landmarks_xy - 2 * b.landmarks_xy + c.landmarks_xy, axis=1)))
        / eye_distance_px(b.landmarks_xy)
        for a, b, c in zip(faces, faces[1:], faces[2:], strict=False)
        if a and b and c
    ]
    return float(np.median(jumps)) if jumps else 0.0


def _cost(predictors: dict[Literal["dlib", "mesh"], LandmarkPredictor], samples: Sequence[Sample]) -> Figures:
    took: dict[str, list[float]] = {name: [] for name in predictors}
    for _ in range(4):
        for gray, points in samples:
            for name, predictor in predictors.items():
                started = time.thread_time()
                predictor.predict(gray, box_of_landmarks(points), tilt_deg(points))
                took[name].append(1000 * (time.thread_time() - started))
    return {
        name: {"median": _rounded(float(np.median(each))), "mean": _rounded(float(np.mean(each))),
               "least": _rounded(min(each))}
        for name, each in took.items()
    }  # fmt: skip


def _changed(analyzer: Analyzer, samples: Sequence[Sample]) -> Figures:
    """Whole analysis of changed frames: the share of the faces that are found again, and their median error."""
    figures: Figures = {}
    for name, values in (("tilt_deg", TILTS_DEG), ("eyes_px", EYES_PX), ("light", LIGHT)):
        rows: dict[str, Figures] = {}
        for value in values:
            errors = []
            for gray, rough in samples:
                own = analyzer.predictor.predict(gray, box_of_landmarks(rough), tilt_deg(rough))
                changed, matrix = _change(gray, own, name, value)
                expected = np.asarray(own @ matrix[:, :2].T + matrix[:, 2], np.float32)
                found = [face.landmarks_xy for face in analyzer.analyze_still(changed).faces]
                errors.append(min((_error(points, expected) for points in found), default=9.0))
            near = np.array(errors)
            good = near[near <= FOUND_SHARE]
            rows[str(value)] = {
                "found": _rounded(float((near <= FOUND_SHARE).mean())),
                "error": _rounded(float(np.median(good))) if len(good) else None,
            }
        figures[name] = rows
    return figures


def _change(
    gray: GrayImage, points: LandmarksXY, name: str, value: float
) -> tuple[GrayImage, NDArray[np.float64]]:
    """The changed frame, and the matrix from its pixels before to those after."""
    same = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    if name == "light":
        return np.asarray(np.clip(gray * value, 0, 255), np.uint8), same
    if name == "eyes_px":
        ratio = min(1.0, value / eye_distance_px(points))
        small = cv2.resize(gray, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8), same * ratio
    box = box_of_landmarks(points)
    side = int(3 * box.width)
    square, matrix = deroll_square(gray, box.center_xy, side, -value, side)
    return square, matrix


def _error(points: LandmarksXY, expected: LandmarksXY) -> float:
    return float(np.linalg.norm(points - expected, axis=1).mean()) / eye_distance_px(expected)


def _at_rest(predictor: LandmarkPredictor, samples: Sequence[Sample]) -> float:
    """Standard deviation of the predicted points in 12 copies of a frame with noise of 3 levels, in eye distances."""
    chance, spreads = np.random.default_rng(3), []
    for gray, points in samples:
        box, tilt = box_of_landmarks(points), tilt_deg(points)
        noisy = [np.clip(gray + chance.normal(0, 3, gray.shape), 0, 255).astype(np.uint8) for _ in range(12)]
        found = np.array([predictor.predict(each, box, tilt) for each in noisy])
        spreads.append(float(found.std(axis=0).mean()) / eye_distance_px(points))
    return round(float(np.median(spreads)), 5)


def _turned(
    predictors: dict[Literal["dlib", "mesh"], LandmarkPredictor], samples: Sequence[Sample]
) -> Figures:
    shifts = [(x, y) for x in (-SHIFT_SHARE, 0, SHIFT_SHARE) for y in (-SHIFT_SHARE, 0, SHIFT_SHARE)]
    rows: Figures = {}
    for low, high in YAWS_DEG:
        spreads: dict[str, list[float]] = {name: [] for name in predictors}
        for gray, points in samples:
            # Which yaw a face has is asked of both models: neither may choose the faces alone.
            box, tilt = box_of_landmarks(points), tilt_deg(points)
            poses = [
                head_pose(one.predict(gray, box, tilt), (gray.shape[1], gray.shape[0]))
                for one in predictors.values()
            ]
            yaw = float(np.mean([abs(pose.yaw_deg) for pose in poses if pose]))
            if not low <= yaw < high:
                continue
            for name, one in predictors.items():
                found = np.array([
                    one.predict(gray, BoundingBox(box.left + x * box.width, box.top + y * box.width, box.width,
                                                  box.height), tilt)
                    for x, y in shifts
                ])  # fmt: skip
                spreads[name].append(float(found.std(axis=0).mean()) / eye_distance_px(points))
        rows[f"{low}-{high}"] = {
            "faces": len(spreads["dlib"]),
            **{name: _rounded(float(np.median(each))) if each else None for name, each in spreads.items()},
        }
    return rows


def _presence(mesh: MeshLandmarks, samples: Sequence[Sample]) -> Figures:
    chance = np.random.default_rng(5)
    faces, elsewhere = [], []
    for gray, points in samples:
        box, tilt = box_of_landmarks(points), tilt_deg(points)
        faces.append(mesh.predict_vertices(gray, box, tilt)[2])
        for _ in range(3):
            x, y = chance.uniform(0, gray.shape[1]), chance.uniform(0, gray.shape[0])
            if abs(x - box.center_xy[0]) > 1.2 * box.width or abs(y - box.center_xy[1]) > 1.2 * box.width:
                away = BoundingBox(x - box.width / 2, y - box.width / 2, box.width, box.width)
                elsewhere.append(mesh.predict_vertices(gray, away)[2])
    return {
        "faces": len(faces), "elsewhere": len(elsewhere),
        "faces_p1_p5_median": [_rounded(float(np.percentile(faces, p))) for p in (1, 5, 50)],
        "elsewhere_median_p95_p99": [_rounded(float(np.percentile(elsewhere, p))) for p in (50, 95, 99)],
        "faces_below_0": _rounded(float(np.mean(np.array(faces) < 0))),
        "elsewhere_above_0": _rounded(float(np.mean(np.array(elsewhere) > 0))),
    }  # fmt: skip


def _colour(dlib: LandmarkPredictor) -> Figures:
    """The mesh on gray three times and on colour, each beside dlib's points; crops of the clips without tilt."""
    from facestream.analysis.interpreter import Interpreter

    shapes = (1, INPUT_PX, INPUT_PX, 3), (1, 1, 1, 3 * VERTICES), (1, 1, 1, 1)
    net = Interpreter(checked_path(MODELS_DIR, "mesh"), *shapes)
    analyzer = analyzer_with(AnalysisOptions(max_faces=1))
    apart: dict[str, list[float]] = {"gray to colour": [], "gray to dlib": [], "colour to dlib": []}
    logits: dict[str, list[float]] = {"gray": [], "colour": []}
    for path in CLIPS[:4]:
        with av.open(str(path)) as clip:
            for number, frame in enumerate(clip.decode(video=0)):
                if number % 15 or number > 600:
                    continue
                gray, colour = frame.to_ndarray(format="gray"), frame.to_ndarray(format="rgb24")
                for face in analyzer.analyze_still(np.asarray(gray, np.uint8)).faces:
                    box, tilt = box_of_landmarks(face.landmarks_xy), tilt_deg(face.landmarks_xy)
                    side = SIDE_PER_BOX * box.width
                    found = {}
                    for name, image in (("gray", np.repeat(gray[..., None], 3, 2)), ("colour", colour)):
                        planes = [
                            deroll_square(
                                np.ascontiguousarray(image[..., c]), box.center_xy, side, tilt, INPUT_PX
                            )
                            for c in range(3)
                        ]
                        crop = np.stack([plane for plane, _ in planes], axis=2).astype(np.float32) / 255
                        vertices, logit = net.run(np.asarray(crop, np.float32))
                        found[name] = mesh_weights() @ vertices.reshape(VERTICES, 3)[:, :2]
                        logits[name].append(float(logit.ravel()[0]))
                    matrix = planes[0][1]
                    points = (
                        dlib.predict(np.asarray(gray, np.uint8), box, tilt) @ matrix[:, :2].T + matrix[:, 2]
                    )
                    own = np.asarray(points, np.float32)
                    apart["gray to colour"].append(_error(found["gray"], found["colour"]))
                    apart["gray to dlib"].append(_error(found["gray"], own))
                    apart["colour to dlib"].append(_error(found["colour"], own))
    return {
        "faces": len(logits["gray"]),
        **{name: _rounded(float(np.median(each))) for name, each in apart.items()},
        "logit": {name: _rounded(float(np.median(each))) for name, each in logits.items()},
    }


def _ferplus(analyzers: dict[Literal["dlib", "mesh"], Analyzer], data: Path, limit: int | None) -> Figures:
    faces = load_faces(
        data / "valid.npz", checked_path(MODELS_DIR, "landmarks"), measured.ROOT / "build" / "bench"
    )
    net = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    probabilities: dict[str, list[NDArray[np.float32]]] = {name: [] for name in analyzers}
    kept = []
    for number, image in enumerate(faces.images[:limit]):
        gray = enlarged(image)
        found = analyzers["dlib"].detector.search_whole(gray, 1 / 4)
        if not found:
            continue
        kept.append(number)
        face = max(found, key=lambda one: one.box.width)
        for name, analyzer in analyzers.items():
            points = analyzer.predictor.predict(gray, face.box, face.tilt_deg)
            points = analyzer.predictor.predict(gray, box_of_landmarks(points), tilt_deg(points))
            # As in training: the crop comes from the image of 48 px.
            small = np.asarray((points - FER_EDGE_PX + 0.5) / FER_SCALE - 0.5, np.float32)
            probabilities[name].append(net.read(image, BoundingBox(0, 0, 48, 48), small))
    both = {name: np.array(each) for name, each in probabilities.items()}
    agree = float((both["dlib"].argmax(1) == both["mesh"].argmax(1)).mean())
    return {
        "images": len(faces.images[:limit]), "found": len(kept), "same_emotion": _rounded(agree),
        **{
            name: {key: value if not isinstance(value, float) else _rounded(value)
                   for key, value in asdict(score(each, faces.majority[kept])).items() if key != "confusion"}
            for name, each in both.items()
        },
    }  # fmt: skip


def _rounded(value: float) -> float:
    return round(value, 4)


if __name__ == "__main__":
    main()
