"""Measure the cost of analysing a frame: with tracking, with detection on every frame, and in the ancestor's order.

One core, one thread, same models, same frames, in turns, so that the machine's load affects all alike. Milliseconds are
CPU time of the one thread, so that other programs do not count; only the stages are wall time.
`followed`: Analyzer.analyze as the server calls it. `each_frame`: dlib on the whole frame at its own scale, landmarks
and emotion of every face. `ancestor`: colour to gray, dlib on the whole frame, then the first face only, cut tight.
With `--against COMMIT`, the analysis of the working tree and of another commit in turn, and nothing else.
"""

import argparse
import contextlib
import time
from collections.abc import Callable
from typing import get_args

import cv2
import dlib
import numpy as np

from benchmarks import measured
from benchmarks.analysis_turns import SETTLE_FRAMES, compared, saved_scene, taking_turns
from benchmarks.clips import face_clip
from benchmarks.faces_seen import TimedGray, analyzer_with, clip_frames, drifting_faces, face_cuts
from benchmarks.trees import tree_of, working_tree
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.reader import EmotionReader, MiniXception, OwnEmotionNet
from facestream.analysis.faces import BoundingBox, FrameReport, GrayImage
from facestream.analysis.model_files import checked_path
from facestream.analysis.options import AnalysisOptions, DetectorName, EmotionModelName
from facestream.analysis.tracking.tracks import Tracks
from facestream.resources import MODELS_DIR

SIZES_WH = ((320, 240), (640, 480), (1280, 720))
FACES = (1, 2, 4)
FPS = 30.0
ACTING = measured.ROOT / "build" / "media" / "WolfgangLanger_Pexels.mp4"
ROUNDS = 10
"""Passes of each commit over a scene."""


class UsualWay:
    """The models, called without the state of the frame before."""

    def __init__(self, emotion_model: str) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = DlibLandmarks(checked_path(MODELS_DIR, "landmarks"))
        self._emotions: EmotionReader = (
            MiniXception(checked_path(MODELS_DIR, "mini_xception"))
            if emotion_model == "mini_xception"
            else OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
        )

    def each_frame(self, gray: GrayImage) -> int:
        """Every face."""
        found = self._detector(gray)
        for rectangle in found:
            box = BoundingBox(rectangle.left(), rectangle.top(), rectangle.width(), rectangle.height())
            self._emotions.read(gray, box, self._predictor.predict(gray, box))
        return len(found)

    def ancestor(self, image_bgr: GrayImage) -> int:
        """The first face."""
        gray = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        found = self._detector(gray)
        if len(found):
            box = BoundingBox(found[0].left(), found[0].top(), found[0].width(), found[0].height())
            self._emotions.read(gray, box, self._predictor.predict(gray, box))
        return len(found)


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--detector", choices=get_args(DetectorName), default=AnalysisOptions().detector)
    parser.add_argument(
        "--emotion-model", choices=get_args(EmotionModelName), default=AnalysisOptions().emotion_model
    )
    parser.add_argument(
        "--against", metavar="COMMIT", help="compare the working tree with this commit, in turn"
    )
    options = parser.parse_args()
    before = measured.circumstances()
    if options.against:
        measured.write("analysis_cost_against", options, before, against(options))
        return
    chosen = AnalysisOptions(detector=options.detector, emotion_model=options.emotion_model, budget_ms=1000.0)
    analyzer = analyzer_with(chosen)
    cuts = face_cuts(analyzer, max(FACES))
    figures: dict[str, object] = {
        "detector": options.detector,
        "emotion_model": options.emotion_model,
        "frames_per_case": _frames(options),
    }
    usual = UsualWay(options.emotion_model)
    for size_wh in SIZES_WH:
        for count in FACES:
            measured.say(f"{size_wh[0]}x{size_wh[1]}, {count} faces")
            scene = drifting_faces(cuts[:count], size_wh, _frames(options), FPS)
            figures[f"{size_wh[0]}x{size_wh[1]}, {count} faces"] = _case(analyzer, usual, scene, count)
    measured.write(f"analysis_cost_{options.detector}_{options.emotion_model}", options, before, figures)


def against(options: argparse.Namespace) -> dict[str, object]:
    """What the stream of one face, and of four, costs in the working tree and in another commit."""
    chosen = {"detector": options.detector, "emotion_model": options.emotion_model, "budget_ms": 1000.0}
    cuts = face_cuts(analyzer_with(AnalysisOptions(**chosen)), max(FACES))
    length = _frames(options)
    scenes: dict[str, Callable[[], list[TimedGray]]] = {
        "a clip, 640x480, 1 face": lambda: list(clip_frames(face_clip(), length)),
        "a clip of somebody who acts, 1 face": lambda: list(clip_frames(ACTING, 4 * length)),
        "640x480, 1 faces": lambda: drifting_faces(cuts[:1], (640, 480), length, FPS),
        "640x480, 4 faces": lambda: drifting_faces(cuts[:4], (640, 480), length, FPS),
        "1280x720, 1 faces": lambda: drifting_faces(cuts[:1], (1280, 720), length, FPS),
    }
    trees = {"working_tree": working_tree(), "other_commit": tree_of(options.against)}
    figures: dict[str, object] = {name: tree.commit for name, tree in trees.items()}
    figures |= {"detector": options.detector, "emotion_model": options.emotion_model, "frames": length}
    with contextlib.ExitStack() as opened:
        turns = {
            name: opened.enter_context(taking_turns(tree.root, tree.environment, chosen))
            for name, tree in trees.items()
        }
        for name, scene in scenes.items():
            measured.say(name)
            with saved_scene([frame.gray for frame in scene()], FPS) as path:
                figures[name] = compared(path, turns, 2 if options.quick else ROUNDS)
    return figures


def _frames(options: argparse.Namespace) -> int:
    return 25 if options.quick else 90


def _case(analyzer: Analyzer, usual: UsualWay, scene: list[TimedGray], count: int) -> dict[str, object]:
    tracks, reports = Tracks(), list[FrameReport]()
    followed, each, ancestor = list[float](), list[float](), list[float]()
    every = max(1, len(scene) // 20)  # about 20 frames are enough for the slow ways
    for number, frame in enumerate(scene):
        started_s = time.thread_time()
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        spent_ms = 1000 * (time.thread_time() - started_s)
        if number < SETTLE_FRAMES:
            continue
        followed.append(spent_ms)
        reports.append(report)
        if number % every == 0:
            image_bgr = np.repeat(frame.gray[..., None], 3, axis=2)
            each.append(_ms(usual.each_frame, frame.gray))
            ancestor.append(_ms(usual.ancestor, image_bgr))
    median, each_ms = measured.median(followed), measured.median(each)
    return {
        "faces_followed_in_every_frame": all(len(report.faces) == count for report in reports),
        "followed_ms": {
            "min": round(min(followed), 2),
            "median": median,
            "mean": round(sum(followed) / len(followed), 2),
            "p95": measured.percentile(followed, 95),
            "median_per_face": round((median or 0) / count, 2),
        },
        "followed_stage_ms": {
            "detect_mean": round(sum(report.detect_ms for report in reports) / len(reports), 2),
            "detect_median": measured.median([report.detect_ms for report in reports]),
            "landmarks_median": measured.median([report.landmarks_ms for report in reports]),
            "emotion_median": measured.median([report.emotion_ms for report in reports]),
        },
        "each_frame_ms": {"min": round(min(each), 2), "median": each_ms},
        "ancestor_ms": {"min": round(min(ancestor), 2), "median": measured.median(ancestor)},
        "each_frame_over_followed": measured.ratio(each_ms, median),
        "ancestor_over_followed": measured.ratio(measured.median(ancestor), median),
    }


def _ms(call: Callable[[GrayImage], int], image: GrayImage) -> float:
    started_s = time.thread_time()
    call(image)
    return 1000 * (time.thread_time() - started_s)


if __name__ == "__main__":
    main()
