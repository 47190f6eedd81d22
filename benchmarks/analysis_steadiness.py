"""Measure tracking: landmarks against fresh detection, ids when faces cross, and how often a label flickers.

`nme`: mean distance of the 68 followed points from those of a fresh detection on the same frame, over the distance of
the outer eye corners; the points before the filter. `flicker`: changes of the most probable emotion in a minute.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmarks import measured
from benchmarks.faces_seen import MEDIA, TimedGray, analyzer_with, clip_frames, crossing_faces, face_cuts
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import EMOTIONS, FrameReport
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks

CLIPS = ("single_face.mp4", "WolfgangLanger_Pexels.mp4")
NME_EVERY = 6


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--detector", choices=("dlib", "blazeface"), default="dlib")
    parser.add_argument("--emotion-model", choices=("mini_xception", "emotion"), default="emotion")
    options = parser.parse_args()
    before = measured.circumstances()
    chosen = AnalysisOptions(detector=options.detector, emotion_model=options.emotion_model, budget_ms=1000.0)
    analyzer = analyzer_with(chosen)
    raw = analyzer.with_options(smoothing_s=0.0)
    figures: dict[str, object] = {
        "detector": options.detector,
        "emotion_model": options.emotion_model,
        "crossing": {
            f"in {frames / 30:.1f} s": _crossing(analyzer, frames)
            for frames in ((60,) if options.quick else (40, 60, 90, 120, 180, 240))
        },
    }
    for name in CLIPS:
        measured.say(name)
        frames = list(clip_frames(MEDIA / name, 60 if options.quick else None))
        figures[name] = _clip(analyzer, raw, frames)
    measured.write(
        f"analysis_steadiness_{options.detector}_{options.emotion_model}", options, before, figures
    )


def _clip(analyzer: Analyzer, raw: Analyzer, frames: Sequence[TimedGray]) -> dict[str, object]:
    tracks, errors, reports = Tracks(), list[float](), list[FrameReport]()
    for number, frame in enumerate(frames):
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        reports.append(report)
        if number % NME_EVERY == 0 and tracks.followed:
            fresh = analyzer.analyze_still(frame.gray).faces
            if fresh:
                points = fresh[0].landmarks_xy
                eyes = float(np.linalg.norm(points[36] - points[45]))
                apart = np.linalg.norm(tracks.followed[0].landmarks_xy - points, axis=1)
                errors.append(100 * float(apart.mean()) / eyes)
    unsmoothed = _follow(raw, frames)
    minutes = (frames[-1].time_s - frames[0].time_s) / 60
    return {
        "frames": len(frames),
        "frames_with_one_face": sum(len(report.faces) == 1 for report in reports),
        "ids": sorted({face.id for report in reports for face in report.faces}),
        "nme_percent": {"median": measured.median(errors), "p95": measured.percentile(errors, 95)},
        "label_changes_per_minute": {
            "before_smoothing": round(_changes(_best(unsmoothed)) / minutes, 1),
            "after_smoothing": round(_changes(_best(reports)) / minutes, 1),
            "as_shown_with_hysteresis": round(_changes(_named(reports)) / minutes, 1),
        },
        "unsure_share": round(
            sum(face.unsure is not None for r in reports for face in r.faces) / len(reports), 3
        ),
    }


def _follow(analyzer: Analyzer, frames: Sequence[TimedGray]) -> list[FrameReport]:
    tracks, reports = Tracks(), []
    for frame in frames:
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        reports.append(report)
    return reports


def _crossing(analyzer: Analyzer, frames: int) -> dict[str, object]:
    reports = _follow(analyzer, crossing_faces(face_cuts(analyzer, 2), frames, 30.0))
    start = {face.id: face.box.center_xy[0] for face in reports[frames // 6 - 2].faces}
    end = {face.id: face.box.center_xy[0] for face in reports[-1].faces}
    kept = set(start) & set(end)
    return {
        "faces_at_start_and_end": [len(start), len(end)],
        "ids_kept": len(kept),
        "ids_swapped": sum((start[number] < 320) == (end[number] < 320) for number in kept),
        "new_ids": len(set(end) - set(start)),
    }


def _best(reports: Sequence[FrameReport]) -> list[str]:
    return [str(EMOTIONS[int(np.argmax(face.probabilities))]) for report in reports for face in report.faces]


def _named(reports: Sequence[FrameReport]) -> list[str]:
    return [face.label for report in reports for face in report.faces if face.unsure is None]


def _changes(labels: Sequence[str]) -> int:
    return sum(one != other for one, other in pairwise(labels))


if __name__ == "__main__":
    main()
