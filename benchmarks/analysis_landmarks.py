"""Measure landmarks by the compiled trees beside dlib itself: milliseconds, equality once rounded, memory, loading.

The same frames and boxes, in turns, in one process. Between two predictions the emotion net reads a face, as in the
server, so that neither finds its trees in the nearest cache. Milliseconds are CPU time of the thread.
"""

import subprocess
import sys
import time

import numpy as np

from benchmarks import measured
from benchmarks.clips import SOURCE, frames_of
from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.models import load_analyzer
from facestream.media.planes import planes_of
from facestream.resources import MODELS_DIR

LOAD = """
import os, sys, time
from pathlib import Path

import dlib, numpy

from benchmarks.processes import shared_out_mb
from facestream.analysis.faces import BoundingBox
from facestream.analysis.dlib_landmarks import DlibLandmarks

before_mb, began_s = shared_out_mb(os.getpid()), time.thread_time()
predictor = DlibLandmarks(Path(sys.argv[1]), sys.argv[2])
predictor.predict(numpy.zeros((300, 300), numpy.uint8), BoundingBox(50, 50, 100, 100))
print(1000 * (time.thread_time() - began_s), shared_out_mb(os.getpid()) - before_mb)
"""
"""Prints the milliseconds of loading one predictor, and its memory in MB."""


def main() -> None:
    options = measured.parser(__doc__ or "").parse_args()
    before = measured.circumstances()
    path, sha256 = checked_path(MODELS_DIR, "landmarks"), read_manifest(MODELS_DIR)["landmarks"].sha256
    compiled, dlibs = DlibLandmarks(path, sha256), DlibLandmarks(path)
    if not compiled.compiled:
        sys.exit("the trees are not compiled; run `make models`, which says why")
    frames = [np.array(planes_of(frame)[0]) for frame in frames_of(SOURCE)][: 20 if options.quick else None]
    boxes = boxes_of(frames)
    net = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    took_ms = {"dlib": list[float](), "compiled": list[float]()}
    different = 0
    for _ in range(1 if options.quick else 5):
        for gray, box in boxes:
            found = []
            for name, predictor in (("dlib", dlibs), ("compiled", compiled)):
                began_s = time.thread_time()
                found.append(predictor.predict(gray, box))
                took_ms[name].append(1000 * (time.thread_time() - began_s))
                net.read(gray, box, found[-1])
            # A thousandth, because dlib rounds 64 bits, and the fractions have 32.
            different += int((abs(found[0] - found[1]) > 0.501).any())
    medians = {name: measured.median(values) for name, values in took_ms.items()}
    figures = {
        "faces": len(took_ms["dlib"]),
        "faces_with_a_landmark_that_dlib_rounds_elsewhere": different,
        "ms": medians,
        "p95_ms": {name: measured.percentile(values, 95) for name, values in took_ms.items()},
        "dlib_over_compiled": measured.ratio(medians["dlib"], medians["compiled"]),
        "load": {"dlib": _load(str(path), ""), "compiled": _load(str(path), sha256)},
    }
    measured.write("analysis_landmarks", options, before, figures)


def boxes_of(frames: list[GrayImage]) -> list[tuple[GrayImage, BoundingBox]]:
    """The box of each face, as following starts from it, with its frame."""
    analyzer = load_analyzer()
    return [
        (gray, box_of_landmarks(face.landmarks_xy))
        for gray in frames
        for face in analyzer.analyze_still(gray).faces
    ]


def _load(path: str, sha256: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, path, sha256],
        cwd=measured.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    took_ms, size_mb = map(float, done.stdout.split())
    return {"ms": round(took_ms, 1), "mb": round(size_mb, 1)}


if __name__ == "__main__":
    main()
