"""Compare dlib's HOG and BlazeFace: faces found, false faces, cost.

The faces are real ones of the test media. `tilted`: the image rotated by this many degrees. `small`: the photograph
reduced until its median face is this many pixels wide. `false_faces`: on images without a face: a clip without faces,
the same images with every face painted over, and the quarters of all these, enlarged. `found_in_ferplus_share` (with
--data): faces of FER+ valid, three times as large, with their edges repeated around them; and as they are, 48 pixels
wide and cropped to the face.
"""

import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks import measured
from benchmarks.faces_seen import MEDIA, analyzer_with, clip_frames, ferplus, group_gray
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.options import AnalysisOptions

TILTS_DEG = (0, 15, 30, 45, 60, 90)
FACE_PX = (100, 60, 40, 30, 20)
GROUP_FACE_PX = 105
SIZES_WH = ((320, 240), (640, 480), (1280, 720))


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, help="folder with valid.npz (FER+)")
    options = parser.parse_args()
    before = measured.circumstances()
    every = 60 if options.quick else 15
    faces = [
        frame.gray
        for name in ("single_face.mp4", "WolfgangLanger_Pexels.mp4")
        for frame in list(clip_frames(MEDIA / name))[::every]
    ]
    empty = [frame.gray for frame in clip_frames(MEDIA / "no_face.mp4")][:: max(1, every // 5)]
    analyzers = {
        name: analyzer_with(AnalysisOptions(detector=name, max_faces=30)) for name in ("dlib", "blazeface")
    }
    painted = [_painted_over(gray, list(analyzers.values())) for gray in [*faces, group_gray()]]
    quarters = [_quarter(gray, place) for gray in [*painted, *empty] for place in range(4)]
    tight = ferplus(options.data, 40 if options.quick else 8) if options.data else []
    bordered = [_with_edges(image) for image in tight]
    figures: dict[str, object] = {}
    for name, analyzer in analyzers.items():
        measured.say(name)
        figures[name] = _detector(analyzer, faces, [*empty, *painted, *quarters]) | {
            "ferplus_faces": len(tight),
            "found_in_ferplus_share": _share(analyzer, bordered),
            "found_in_ferplus_as_it_is_share": _share(analyzer, tight),
        }
    measured.write("analysis_detectors", options, before, figures)


def _painted_over(gray: GrayImage, analyzers: list[Analyzer]) -> GrayImage:
    """The image with a gray square over every face that any detector finds."""
    painted = gray.copy()
    for analyzer in analyzers:
        for face in analyzer.analyze_still(gray).faces:
            box, margin = face.box, 0.45 * face.box.width
            top, left = max(0, int(box.top - margin)), max(0, int(box.left - margin))
            bottom, right = int(box.top + box.height + margin), int(box.left + box.width + margin)
            painted[top:bottom, left:right] = int(np.median(gray))
    return painted


def _quarter(gray: GrayImage, place: int) -> GrayImage:
    height, width = gray.shape[0] // 2, gray.shape[1] // 2
    top, left = place // 2 * height, place % 2 * width
    return np.asarray(cv2.resize(gray[top : top + height, left : left + width], (640, 480)), np.uint8)


def _with_edges(image: GrayImage) -> GrayImage:
    large = cv2.resize(image, (144, 144), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.copyMakeBorder(large, 60, 60, 60, 60, cv2.BORDER_REPLICATE), np.uint8)


def _share(analyzer: Analyzer, images: list[GrayImage]) -> float | None:
    """Share of the images in which this detector finds a face."""
    found = [bool(analyzer.analyze_still(gray).faces) for gray in images]
    return round(sum(found) / len(found), 3) if found else None


def _detector(analyzer: Analyzer, faces: list[GrayImage], empty: list[GrayImage]) -> dict[str, object]:
    group = group_gray()
    return {
        "images_of_one_face": len(faces),
        "found_when_tilted_share": {
            str(tilt): _share(analyzer, [_turned(gray, tilt) for gray in faces]) for tilt in TILTS_DEG
        },
        "found_of_5_when_small_px": {
            str(px): len(analyzer.analyze_still(_shrunk(group, px / GROUP_FACE_PX)).faces) for px in FACE_PX
        },
        "images_without_a_face": len(empty),
        "false_faces": {
            f"smallest face {share:.4g} of the height": sum(
                len(analyzer.with_options(min_face_share=share).analyze_still(gray).faces) for gray in empty
            )
            for share in (1 / 8, 1 / 16)
        },
        "whole_image_ms": {f"{w}x{h}": _search_ms(analyzer, faces[0], (w, h)) for w, h in SIZES_WH},
        "one_step_of_a_search_ms": {f"{w}x{h}": _step_ms(analyzer, faces[0], (w, h)) for w, h in SIZES_WH},
    }


def _turned(gray: GrayImage, tilt_deg: float) -> GrayImage:
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -tilt_deg, 0.8)
    return np.asarray(cv2.warpAffine(gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(gray: GrayImage, share: float) -> GrayImage:
    return np.asarray(cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def _search_ms(analyzer: Analyzer, gray: GrayImage, size_wh: tuple[int, int]) -> float | None:
    image = np.asarray(cv2.resize(gray, size_wh), np.uint8)
    return measured.median([analyzer.analyze_still(image).detect_ms for _ in range(7)])


def _step_ms(analyzer: Analyzer, gray: GrayImage, size_wh: tuple[int, int]) -> dict[str, float | None]:
    image = np.asarray(cv2.resize(gray, size_wh), np.uint8)
    detector = analyzer.detector
    steps = detector.plan(*size_wh, AnalysisOptions().min_face_share)
    spent_ms = []
    for step in steps:
        started_s = time.perf_counter()
        detector.search(image, step)
        spent_ms.append(1000 * (time.perf_counter() - started_s))
    return {"steps": len(steps), "median": measured.median(spent_ms), "max": round(max(spent_ms), 2)}


if __name__ == "__main__":
    main()
