"""Measure which landmarks are noticed not to lie on a face: by eyes, nose and mouth as the detector sees them
(`points_off`), by the mesh's own logit that there is a face, and by the trust net.

`clean`: frames of the clips and faces of FER+ as the server analyses them, so each alarm counts as false, although
some of these faces are turned or cut. `moved`: the same landmarks, moved by a share of the face's box. `far`: landmarks
that were predicted from boxes that are moved by up to 0.45 and scaled by up to 1.35; they have failed if they are off
by more than 10 % of the distance between the eyes. `streams`: the frames of each clip that are `misplaced`, and those
that are so because of the detector's points. `cost_us`: CPU of one check, and what the comparison adds.

The limits were chosen on other faces of FER+ valid, and on frames of five of the clips.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import CLIPS, analyzer_with, clip_frames, ferplus, group_gray
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import off_share
from facestream.analysis.detection.detector import FaceDetector
from facestream.analysis.emotion.label import HINTED_FROM, MISPLACED_FROM, POINTS_OFF_FROM
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY, UnsureReason
from facestream.analysis.following import predict_with_contrast
from facestream.analysis.geometry import eye_distance_px, tilt_deg
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.analysis.trust.reader import TrustNet
from facestream.resources import MODELS_DIR

MOST_FRAMES = 1500
STILL_EVERY = 15
"""Every so many frames of a clip is analysed as a still."""
SHIFTS = (0.1, 0.15, 0.2, 0.25, 0.35)
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))
SMALL_EYES_PX = 13.0
FAR_BOXES = 4
FAR_SHARE, FAR_SCALE = 0.45, 1.35
FAILED_NME = 0.10
CHANCE = np.random.default_rng(7)


@dataclass(frozen=True, slots=True)
class Placed:
    """What is said of one set of landmarks."""

    off: float
    """`points_off`; infinite: the detector finds no face there."""
    net: float
    """How sure the trust net is that they are misplaced."""
    shows_face: bool
    """As in `predict_and_judge`: always true with dlib."""


class Judge:
    """The ways to notice that landmarks do not lie on a face."""

    def __init__(self, detector: FaceDetector, predictor: LandmarkPredictor) -> None:
        self._detector, self._predictor = detector, predictor
        self._net = TrustNet(checked_path(MODELS_DIR, "trust"))

    def placed(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Placed:
        off = self._detector.points_off(gray, landmarks_xy)
        net = float(self._net.read(gray, landmarks_xy)[2])
        _, shows_face = predict_with_contrast(
            self._predictor, gray, box_of_landmarks(landmarks_xy), tilt_deg(landmarks_xy)
        )
        return Placed(np.inf if off is None else off, net, shows_face)


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, help="folder with valid.npz (FER+)")
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    figures: dict[str, object] = {}
    for landmarks in ("dlib", "mesh"):
        analyzer = analyzer_with(AnalysisOptions(landmarks=landmarks))
        judge, limit = Judge(analyzer.detector, analyzer.predictor), 90 if options.quick else MOST_FRAMES
        figures[landmarks] = one = dict[str, object]()
        sets: dict[str, Iterator[GrayImage]] = {
            path.name: itertools.islice(_stills(path), 4 if options.quick else None) for path in CLIPS
        }
        if options.data:
            sets["FER+ valid"] = iter(ferplus(options.data, 120 if options.quick else 12, start=6))
        clean: dict[str, list[tuple[GrayImage, LandmarksXY]]] = {}
        for name, images in sets.items():
            measured.say(f"{landmarks}: {name}")
            clean[name] = [(gray, points) for gray in images for points in _largest(analyzer, gray)]
            one[name] = _still_figures(judge, analyzer.predictor, clean[name])
        one["streams"] = {path.name: _stream(analyzer, path, limit) for path in CLIPS}
        one["multi_face.jpg, by width"] = [
            round(judge.placed(group_gray(), face.landmarks_xy).off, 3)
            for face in sorted(analyzer.analyze_still(group_gray()).faces, key=lambda face: -face.box.width)
        ]
        one["cost_us"] = _cost(analyzer.detector, *clean["single_face.mp4"][0])
    measured.write("analysis_points", options, before, figures)


def _stills(path: Path) -> Iterator[GrayImage]:
    for number, frame in enumerate(clip_frames(path, MOST_FRAMES)):
        if number % STILL_EVERY == STILL_EVERY // 2:
            yield frame.gray


def _largest(analyzer: Analyzer, gray: GrayImage) -> list[LandmarksXY]:
    faces = analyzer.analyze_still(gray).faces
    return [face.landmarks_xy for face in faces[:1]]


def _still_figures(
    judge: Judge, predictor: LandmarkPredictor, faces: list[tuple[GrayImage, LandmarksXY]]
) -> dict[str, object]:
    clean = [judge.placed(gray, points) for gray, points in faces]
    figures: dict[str, object] = {
        "faces": len(faces),
        "points_off, 50, 90, 95, 99, 100 %": [
            round(float(value), 3)
            for value in np.quantile([one.off for one in clean], (0.5, 0.9, 0.95, 0.99, 1), method="lower")
        ],
        "clean": _noticed(clean),
    }
    for shift in SHIFTS:
        moved = [
            judge.placed(gray, _moved(points, shift * x, shift * y))
            for gray, points in faces
            for x, y in DIRECTIONS
        ]
        figures[f"moved by {shift}"] = _noticed(moved)
    for name, changed in (("small", _small), ("dark", _dark)):
        again = [changed(predictor, gray, points) for gray, points in faces]
        figures[name] = _noticed([judge.placed(gray, points) for gray, points in again])
    failed, met = list[Placed](), list[Placed]()
    for gray, points in faces:
        for _ in range(FAR_BOXES):
            far, _ = predict_with_contrast(predictor, gray, _far_box(points), tilt_deg(points))
            off = np.linalg.norm(far - points, axis=1).mean() / max(1.0, eye_distance_px(points))
            (failed if off > FAILED_NME else met).append(judge.placed(gray, far))
    return figures | {"far, failed": _noticed(failed), "far, met": _noticed(met)}


def _moved(points: LandmarksXY, x: float, y: float) -> LandmarksXY:
    return points + np.float32(box_of_landmarks(points).width) * np.array([x, y], np.float32)


def _small(
    predictor: LandmarkPredictor, gray: GrayImage, points: LandmarksXY
) -> tuple[GrayImage, LandmarksXY]:
    """The face with 13 px between the eyes: a smaller one is `small`."""
    share = min(1.0, SMALL_EYES_PX / max(1.0, eye_distance_px(points)))
    small = np.asarray(cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
    return small, _met_again(predictor, small, (points + 0.5) * np.float32(share) - 0.5)


def _dark(
    predictor: LandmarkPredictor, gray: GrayImage, points: LandmarksXY
) -> tuple[GrayImage, LandmarksXY]:
    """The face in a tenth of its light, with noise of a camera."""
    noise = CHANCE.normal(0, 1.5, gray.shape)
    dark = np.asarray(np.clip(np.rint(16 + 0.1 * (gray.astype(np.float64) - 16) + noise), 0, 255), np.uint8)
    return dark, _met_again(predictor, dark, points)


def _met_again(predictor: LandmarkPredictor, gray: GrayImage, points: LandmarksXY) -> LandmarksXY:
    """Landmarks in the changed image, followed from the known ones."""
    return predict_with_contrast(predictor, gray, box_of_landmarks(points), tilt_deg(points))[0]


def _far_box(points: LandmarksXY) -> BoundingBox:
    box = box_of_landmarks(points)
    side = box.width * FAR_SCALE ** CHANCE.uniform(-1, 1)
    x, y = np.array(box.center_xy) + CHANCE.uniform(-FAR_SHARE, FAR_SHARE, 2) * box.width
    return BoundingBox(float(x - side / 2), float(y - side / 2), side, side)


def _noticed(placed: list[Placed]) -> dict[str, object]:
    """Shares of each sign, and of what is `misplaced` as served, which is any but the second."""
    off = np.array([one.off for one in placed])
    net = np.array([one.net for one in placed])
    points = np.isfinite(off) & (off > POINTS_OFF_FROM)
    none_shown = np.array([not one.shows_face for one in placed], bool)
    served = (net > MISPLACED_FROM) | (points & (net > HINTED_FROM)) | none_shown
    shares = {
        "points off": points,
        "no face": ~np.isfinite(off),
        "net": net > MISPLACED_FROM,
        "no face for the landmark model": none_shown,
        "as served": served,
    }
    return {"count": len(placed)} | {name: _share(values) for name, values in shares.items()}


def _share(values: NDArray[np.bool_]) -> float | None:
    return round(float(values.mean()), 3) if len(values) else None


def _stream(analyzer: Analyzer, path: Path, limit: int | None) -> dict[str, object]:
    tracks, frames, misplaced, only, off = Tracks(), 0, 0, 0, list[float]()
    looked: dict[int, float] = {}
    for frame in clip_frames(path, limit):
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        for face, track in zip(report.faces, tracks.followed, strict=True):
            frames += 1
            misplaced += face.unsure == UnsureReason.MISPLACED
            net = track.quality.measures.misplaced if track.quality.measures else 0.0
            only += (track.points_off or 0.0) > POINTS_OFF_FROM and HINTED_FROM < net <= MISPLACED_FROM
            if track.points_off is not None and looked.get(track.id) != track.looked_s:
                looked[track.id] = track.looked_s
                off.append(track.points_off)
    return {
        "frames with a face": frames,
        "checks": len(off),
        "points_off, 50, 95, 100 %": [round(float(value), 3) for value in np.quantile(off, (0.5, 0.95, 1))],
        "frames misplaced": misplaced,
        "because of the points": only,
    }


def _cost(detector: FaceDetector, gray: GrayImage, points: LandmarksXY) -> dict[str, float]:
    points_xy = np.zeros((8, 2))
    return {
        "a check": measured.microseconds(lambda: detector.check(gray, points), times=50),
        "of it, the comparison": measured.microseconds(lambda: off_share(points_xy, points), times=300),
    }


if __name__ == "__main__":
    main()
