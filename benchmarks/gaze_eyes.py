"""Measure gaze: on eyes painted into real faces, beside an iris net, and on frames that a person has judged.

Painted eyes are simpler than real ones: an even white, a round iris, lids exactly where the landmarks are.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, TimedGray, analyzer_with, clip_frames
from facestream.analysis.faces import GrayImage, LandmarksXY
from facestream.analysis.gaze import iris_offset
from facestream.analysis.interpreter import Interpreter
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks

EYES = (slice(36, 42), slice(42, 48))
IRIS_SHARE, PUPIL_SHARE = 0.19, 0.076
"""Radius in widths of the eye: an iris is 11.7 mm wide, an eye 30 mm."""
OFFSETS = (*((x / 100, 0.0) for x in (-24, -16, -8, 0, 8, 16, 24)), (0.0, -0.08), (0.0, 0.08))
"""Of the iris from the middle of the lids, in widths of the eye: right, down."""
NET_PX, NET_SIDES = 64, 2.3
"""The crop of MediaPipe's iris net: a square of 2.3 eye widths."""


def painted(gray: GrayImage, landmarks_xy: LandmarksXY, right: float, down: float) -> GrayImage:
    """The image with both eyes painted anew, their irises shifted by so many widths of the eye."""
    image = gray.astype(np.float32)
    for eye in EYES:
        points = landmarks_xy[eye]
        across = points[3] - points[0]
        width_px = float(np.linalg.norm(across))
        along, below = across / width_px, np.array([-across[1], across[0]]) / width_px
        x, y = (
            (16 * (points.mean(axis=0) + width_px * (right * along + down * below)))
            .round()
            .astype(int)
            .tolist()
        )
        lids = np.zeros(gray.shape, np.uint8)
        cv2.fillPoly(lids, [np.rint(16 * points).astype(np.int32)], 255, cv2.LINE_AA, 4)
        white = float(np.percentile(gray[lids > 127], 90))
        drawn = np.full(gray.shape, white, np.float32)
        for share, level in ((IRIS_SHARE, 0.42), (PUPIL_SHARE, 0.15)):
            cv2.circle(
                drawn, (x, y), int(16 * share * width_px), (level * white,), cv2.FILLED, cv2.LINE_AA, 4
            )
        inside = lids / 255
        image = np.asarray(image * (1 - inside) + drawn * inside, np.float32)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.7).clip(0, 255), np.uint8)


def painted_offsets(gray: GrayImage, landmarks_xy: LandmarksXY) -> Iterator[tuple[float, float, GrayImage]]:
    """One face with each of OFFSETS: right, down, image."""
    for right, down in OFFSETS:
        yield right, down, painted(gray, landmarks_xy, right, down)


def darkest_offset(gray: GrayImage, landmarks_xy: LandmarksXY) -> NDArray[np.float64] | None:
    """What the server measures: the mean of both eyes, right and down; None: nothing measured."""
    both = [iris_offset(gray, landmarks_xy[eye]) for eye in EYES]
    return None if None in both else np.mean(np.array(both, np.float64), axis=0)


class IrisNet:
    """MediaPipe's iris_landmark.tflite, 2.6 MB: an eye's contour and its iris, from the eye alone."""

    def __init__(self, path: Path) -> None:
        self._net = Interpreter(path, (1, NET_PX, NET_PX, 3), (1, 15), (1, 213))

    def offset(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> NDArray[np.float64]:
        """As `darkest_offset`; the net knows left eyes, so the other one is mirrored."""
        both = [self._of_eye(gray, landmarks_xy[eye], mirror) for mirror, eye in enumerate(EYES)]
        return np.asarray(np.mean(both, axis=0), np.float64)

    def _of_eye(self, gray: GrayImage, points: LandmarksXY, mirror: int) -> NDArray[np.float64]:
        across = points[3] - points[0]
        width_px = float(np.linalg.norm(across))
        scale = NET_PX / (NET_SIDES * width_px)
        cos, sin = across / width_px * scale
        matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
        matrix[:, 2] = NET_PX / 2 - matrix[:, :2] @ ((points[0] + points[3]) / 2)
        eye = cv2.warpAffine(gray, matrix, (NET_PX, NET_PX), borderMode=cv2.BORDER_REPLICATE)
        eye = eye[:, ::-1] if mirror else eye
        iris, _contour = self._net.run(np.asarray(np.repeat(eye[..., None], 3, axis=2) / 255, np.float32))
        center = (iris[:2] - NET_PX / 2) * NET_SIDES / NET_PX
        return np.asarray(center * (-1 if mirror else 1, 1), np.float64)


SEEN = Path(__file__).parent / "gaze_seen.csv"
"""What one judge saw in frames of the clips: `seen` in small images, before any output was looked at; `again` in
larger images of the frames in which it differed, with the outputs known."""
Offsets = list[tuple[float, float, NDArray[np.float64]]]
Measure = Callable[[GrayImage, LandmarksXY], NDArray[np.float64] | None]


def gaze_figures(iris_net: Path | None, limit: int | None) -> dict[str, object]:
    """Figures of gaze; `iris_net`: MediaPipe's iris_landmark.tflite, None: it is left out."""
    measures: dict[str, Measure] = {"darkest part": darkest_offset}
    if iris_net is not None:
        measures["iris net"] = IrisNet(iris_net).offset
    judged: dict[str, dict[int, tuple[str, str]]] = {}
    with SEEN.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            judged.setdefault(row["clip"], {})[int(row["frame"])] = row["seen"], row["again"]
    offsets: dict[str, Offsets] = {name: [] for name in measures}
    agreed, agreed_again, words = Counter[str](), Counter[str](), dict[str, object]()
    last: tuple[TimedGray, LandmarksXY] | None = None
    for clip, frames in judged.items():
        counts, changes, before, tracks, time_s = Counter[str](), 0, "", Tracks(), 1.0
        folder = MEDIA if (MEDIA / f"{clip}.mp4").is_file() else BENCH_MEDIA
        # A busy machine would raise the degradation level, at which gaze is left out.
        analyzer = analyzer_with(AnalysisOptions(budget_ms=1000.0))
        for number, frame in enumerate(clip_frames(folder / f"{clip}.mp4", limit)):
            report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
            if not report.faces:
                continue
            time_s = max(time_s, frame.time_s)
            word = str(report.faces[0].gaze or "hidden")
            counts[word] += 1
            changes += bool(before) and word != before
            before = word
            if number in frames:
                seen, again = frames[number]
                agreed[f"{seen}: {word}"] += 1
                agreed_again[f"{again}: {word}"] += 1
                points = tracks.followed[0].landmarks_xy
                if seen == "camera" and number % 3 == 0:
                    last = frame, points
                    for right, down, gray in painted_offsets(frame.gray, points):
                        for name, measure in measures.items():
                            if (found := measure(gray, points)) is not None:
                                offsets[name].append((right, down, found))
        words[clip] = {**counts, "changes a minute": round(60 * changes / time_s, 1)}
    return {
        "painted eyes": {name: _fit(found) for name, found in offsets.items()},
        "judged before, and word": {**agreed, **_agreement(agreed)},
        "judged again, knowing the words": {**agreed_again, **_agreement(agreed_again)},
        "frames by word": words,
        "cost_us of both eyes": {
            name: measured.microseconds(partial(measure, last[0].gray, last[1]), times=40, rounds=5)
            for name, measure in measures.items()
            if last is not None
        },
    }


def _agreement(counts: Counter[str]) -> dict[str, str]:
    """How many frames agree: with a word on both sides, of those judged to look aside, of those judged hidden."""
    agree, of, aside, of_aside, unseen, of_unseen = 0, 0, 0, 0, 0, 0
    for pair, count in counts.items():
        seen, word = pair.split(": ")
        if seen == "hidden":
            unseen, of_unseen = unseen + count * (word == "hidden"), of_unseen + count
        if "hidden" in {seen, word}:
            continue
        same, is_aside = count * (seen == word), seen != "camera"
        agree, of = agree + same, of + count
        aside, of_aside = aside + same * is_aside, of_aside + count * is_aside
    return {
        "agree": f"{agree} of {of}",
        "always camera would agree": f"{of - of_aside} of {of}",
        "agree, judged aside": f"{aside} of {of_aside}",
        "no word, judged hidden": f"{unseen} of {of_unseen}",
    }


def _fit(found: Offsets) -> dict[str, float]:
    """Slope, and what remains, in widths of the eye: 0.01 is 1.4 degrees."""
    figures = {"eyes": float(len(found))}
    for axis, name in enumerate(("right", "down")):
        chosen = [each for each in found if each[1 - axis] == 0]
        truth = np.array([each[axis] for each in chosen])
        values = np.array([each[2][axis] for each in chosen])
        slope, start = np.polyfit(truth, values, 1)
        figures[f"{name}: slope"] = round(float(slope), 2)
        figures[f"{name}: remains"] = round(float(np.std(values - slope * truth - start)), 3)
        figures[f"{name}: correlation"] = round(float(np.corrcoef(truth, values)[0, 1]), 3)
    return figures
