"""Measure landmarks in fractions of a pixel beside the same ones rounded to whole pixels, as dlib rounds.

`at_rest`: one frame again and again, with fresh noise of 3 gray levels: deviation of what should not change.
`small_faces`: frames shrunk until the face is so wide: distance from the landmarks of the large face, in percent of the
distance of the outer eye corners, and error of the eye opening. `clips`: mean of the second differences from frame to
frame, of which motion has few; blinks; label changes; milliseconds of CPU for the whole analysis of a frame.
"""

import time
from collections.abc import Iterable, Mapping
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, TimedGray, clip_frames
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import BlazeFaceDetector
from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import BoundingBox, Face, GrayImage, LandmarksXY
from facestream.analysis.geometry import eye_opening, tilt_deg
from facestream.analysis.landmarks import LandmarkPredictor
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.analysis.trust.reader import TrustNet
from facestream.resources import MODELS_DIR

CLIPS = (
    MEDIA / "single_face.mp4",
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "franck.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
)
MOST_FRAMES = 1500
SCALES = (1.0, 0.5, 0.3)
FACES_PX = (80, 50, 35, 25)
NOISE = 3.0
REST_FRAMES, SETTLED_AFTER = 60, 15
OFFSETS_XY = ((0.0, 0.0), (0.7, 0.3), (-0.6, 0.4), (0.3, -0.8))
"""Of the start box, in pixels: where a face lies between pixels is chance."""

Figures = dict[str, object]


class WholePixels(DlibLandmarks):
    """The compiled trees, rounded as dlib rounds."""

    def _predict_upright(self, gray: GrayImage, box: BoundingBox) -> LandmarksXY:
        return np.asarray(np.floor(super()._predict_upright(gray, box) + 0.5), np.float32)


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    path, sha256 = checked_path(MODELS_DIR, "landmarks"), read_manifest(MODELS_DIR)["landmarks"].sha256
    ways = {
        "whole pixels": _analyzer(WholePixels(path, sha256)),
        "fractions": _analyzer(DlibLandmarks(path, sha256)),
    }
    clips = {clip: list(clip_frames(clip, 60 if options.quick else MOST_FRAMES)) for clip in CLIPS}
    stills = [
        frames[int(share * (len(frames) - 1))].gray
        for frames in clips.values()
        for share in (0.05, 0.5, 0.95)
    ]
    measured.say(f"{len(stills)} frames at rest")
    figures: Figures = {
        "at_rest": {f"scale {scale}": _at_rest(ways, stills, scale) for scale in SCALES},
        "small_faces": {f"{px} px": _small(ways, stills, px) for px in FACES_PX},
    }
    for clip, frames in clips.items():
        for scale in SCALES[:2]:
            measured.say(f"{clip.name}, scale {scale}")
            sized = [TimedGray(_shrunk(frame.gray, scale), frame.time_s) for frame in frames]
            figures[f"{clip.name}, scale {scale}"] = {name: _clip(way, sized) for name, way in ways.items()}
    measured.write("analysis_fractions", options, before, figures)


def _analyzer(predictor: LandmarkPredictor) -> Analyzer:
    detector = BlazeFaceDetector(checked_path(MODELS_DIR, "blazeface"))
    net = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    visibility = TrustNet(checked_path(MODELS_DIR, "trust"))
    return Analyzer(detector, predictor, net, visibility, AnalysisOptions(budget_ms=1e6))


def _at_rest(ways: Mapping[str, Analyzer], stills: Iterable[GrayImage], scale: float) -> Figures:
    chance = np.random.default_rng(0)
    rows: dict[str, list[list[float]]] = {name: [] for name in ways}
    for still in stills:
        base = _shrunk(still, scale)
        noisy = [
            TimedGray(
                np.clip(base + chance.normal(0, NOISE, base.shape), 0, 255).astype(np.uint8), number / 30
            )
            for number in range(REST_FRAMES)
        ]
        followed = {name: _follow(way, noisy) for name, way in ways.items()}
        if any(face is None for faces in followed.values() for face, _ in faces[SETTLED_AFTER:]):
            continue
        for name, faces in followed.items():
            seen = [
                (face, raw) for face, raw in faces[SETTLED_AFTER:] if face is not None and raw is not None
            ]
            raw = np.stack([points for _, points in seen])
            steady = np.stack([face.landmarks_xy for face, _ in seen])
            eyes = _eye_corners(raw.mean(axis=0))
            poses = [
                (face.pose.yaw_deg, face.pose.pitch_deg, face.pose.roll_deg) for face, _ in seen if face.pose
            ]
            openings = [face.eye_opening for face, _ in seen]
            rows[name].append(
                [
                    *(100 * _spread(points) / eyes for points in (raw, steady)),
                    *np.std(poses, axis=0),
                    float(np.std(openings)),
                ]
            )
    names = ("landmarks_percent", "steadied_percent", "yaw_deg", "pitch_deg", "roll_deg", "eye_opening")
    return {
        name: {"frames": len(row)} | dict(zip(names, np.mean(row, axis=0).round(3).tolist(), strict=True))
        for name, row in rows.items()
    }


def _small(ways: Mapping[str, Analyzer], stills: Iterable[GrayImage], face_px: int) -> Figures:
    rows: dict[str, list[list[float]]] = {name: [] for name in ways}
    for still in stills:
        for large in ways["whole pixels"].analyze_still(still).faces[:1]:
            scale = face_px / large.box.width
            small, truth = _shrunk(still, scale), (large.landmarks_xy + 0.5) * scale - 0.5
            x, y = (large.box.left + 0.5) * scale - 0.5, (large.box.top + 0.5) * scale - 0.5
            for right, down in OFFSETS_XY:
                box = BoundingBox(x + right, y + down, face_px, face_px)
                for name, way in ways.items():
                    points = way.predictor.predict(small, box, tilt_deg(large.landmarks_xy))
                    off = np.linalg.norm(points - truth, axis=1).mean()
                    rows[name].append(
                        [100 * float(off) / _eye_corners(truth), abs(eye_opening(points) - large.eye_opening)]
                    )
    return {
        name: dict(
            zip(("nme_percent", "eye_opening_error"), np.mean(row, axis=0).round(3).tolist(), strict=True)
        )
        for name, row in rows.items()
    }


def _clip(way: Analyzer, frames: list[TimedGray]) -> Figures:
    began_s = time.thread_time()
    followed = _follow(way, frames)
    took_ms = 1000 * (time.thread_time() - began_s) / len(frames)
    seen = [(face, raw) for face, raw in followed if face is not None and raw is not None]
    raw, steady = np.stack([points for _, points in seen]), np.stack([face.landmarks_xy for face, _ in seen])
    eyes = float(np.median([_eye_corners(points) for points in raw]))
    labels = [face.label for face, _ in seen]

    def jerk(values: NDArray[np.floating]) -> float:
        return float(np.abs(np.diff(values, 2, axis=0)).mean())

    return {
        "eye_corners_px": round(eyes, 1),
        "landmarks_percent": round(100 * jerk(raw) / eyes, 3),
        "steadied_percent": round(100 * jerk(steady) / eyes, 3),
        "yaw_deg": round(jerk(np.array([face.pose.yaw_deg for face, _ in seen if face.pose])), 3),
        "eye_opening": round(jerk(np.array([face.eye_opening for face, _ in seen])), 4),
        "blinks": seen[-1][0].blinks,
        "label_changes": sum(one != other for one, other in pairwise(labels)),
        "ms": round(took_ms, 2),
    }


def _follow(way: Analyzer, frames: Iterable[TimedGray]) -> list[tuple[Face | None, LandmarksXY | None]]:
    """Of each frame the first face, and its landmarks before the filter."""
    tracks, seen = Tracks(), list[tuple[Face | None, LandmarksXY | None]]()
    for frame in frames:
        report, tracks = way.analyze(frame.gray, tracks, frame.time_s)
        seen.append((report.faces[0], tracks.followed[0].landmarks_xy) if report.faces else (None, None))
    return seen


def _shrunk(gray: GrayImage, scale: float) -> GrayImage:
    if scale == 1.0:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _eye_corners(points: LandmarksXY) -> float:
    return float(np.linalg.norm(points[36] - points[45]))


def _spread(points: NDArray[np.float32]) -> float:
    """Root mean square distance of each point from its mean, shape (frames, 68, 2)."""
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=2).mean()))


if __name__ == "__main__":
    main()
