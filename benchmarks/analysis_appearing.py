"""How long it takes until a face is followed that appears in a stream, or returns, and until one is lost that vanishes;
and how often the detector runs.

`old`: each search takes all steps of the plan, and each face is checked every 0.3 s. `new`: what the server does. Both
see the same frames at 30 FPS, which sway and have noise (`pasted_heads.py`). In each scene one head is followed from
the start. `appears`: another head of this share of the height is there from one frame to the next; `alone`: there was
no other. `returns`: the first head is hidden for this time. `vanishes`: it is replaced by the background.
Seconds, median and 95 %; a face that is not followed within the time of the scene counts as that time.

`runs`: of the detector a second in the clips of the other benchmarks, by kind.
"""

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from benchmarks import clips, measured
from benchmarks.faces_seen import CLIPS, analyzer_with, clip_frames
from benchmarks.pasted_heads import (
    GROUP_REPORTED_ON,
    HEADS_REPORTED_ON,
    Seen,
    Sources,
    background,
    sources_of,
    swayed,
    with_heads,
)
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.detector import Check, FaceDetector, FoundFace, Hint, SearchStep
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.following import Follower
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.stage_clock import StageClock
from facestream.analysis.tracking.changes import UNKNOWN
from facestream.analysis.tracking.tracks import Tracks

FPS, SETTLED_S, LONGEST_S = 30, 3.0, 6.0
SCENES_WH = ((640, 480), (1280, 720))
FIRST_SHARE = 1 / 5
SHARES = (1 / 4, 1 / 6, 1 / 7, 1 / 8, 1 / 10, 1 / 12)
HIDDEN_S = (0.5, 1.0, 3.0)
SWAY_PX = 4
WAYS = ("old", "new")
CLIP_FRAMES = 1200


class _Counting:
    """A detector that counts its runs; the `old` way checks every face every 0.3 s."""

    def __init__(self, detector: FaceDetector, way: str) -> None:
        self._detector = detector
        self.settled_from = math.inf if way == "old" else detector.settled_from
        self.runs: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._detector, name)

    def search(self, gray: GrayImage, step: SearchStep) -> list[FoundFace]:
        self.runs["with a border" if step.left < 0 else "finer tiles"] += 1
        return self._detector.search(gray, step)

    def search_with_hints(self, gray: GrayImage, step: SearchStep) -> tuple[list[FoundFace], list[Hint]]:
        self.runs["whole frame" if step.width == gray.shape[1] else "tiles"] += 1
        return self._detector.search_with_hints(gray, step)

    def check(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> Check | None:
        self.runs["checks"] += 1
        return self._detector.check(gray, landmarks_xy)


class _Stream:
    """One stream in one way."""

    def __init__(self, analyzer: Analyzer, way: str) -> None:
        self.detector = _Counting(analyzer.detector, way)
        self._follower = Follower(self.detector, analyzer.predictor, 30, AnalysisOptions().min_face_share)
        self._way = way
        self._tracks = Tracks()

    def next(self, gray: GrayImage, time_s: float) -> list[BoundingBox]:
        """The boxes of the faces that are followed."""
        searched = self._tracks.searched
        if self._way == "old" and searched is not None:
            everything = replace(searched, luma=np.full_like(searched.luma, UNKNOWN))
            self._tracks = replace(self._tracks, searched=everything)
        self._tracks = self._follower.next(gray, self._tracks, time_s, StageClock())
        return [box_of_landmarks(track.landmarks_xy) for track in self._tracks.followed]


@dataclass(frozen=True, slots=True)
class _Act:
    """A scene that changes; what is to be noticed then."""

    before: Seen
    after: Seen
    faces: tuple[BoundingBox, ...]
    hidden: Seen
    hidden_s: float = 0.0
    ends: bool = False
    """Whether it is to be noticed that the faces are no longer there."""

    def is_noticed(self, boxes: list[BoundingBox]) -> bool:
        there = [
            any(math.dist(box.center_xy, face.center_xy) < SWAY_PX + face.width / 2 for box in boxes)
            for face in self.faces
        ]
        return not any(there) if self.ends else all(there)


def main() -> None:
    parser = measured.parser(__doc__ or "")
    options = parser.parse_args()
    before = measured.circumstances()
    cv2.setNumThreads(1)
    analyzer = analyzer_with()
    figures: dict[str, object] = {"runs": _runs(analyzer, 300 if options.quick else CLIP_FRAMES)}
    sources = sources_of(analyzer, HEADS_REPORTED_ON, GROUP_REPORTED_ON)
    numbers = range(2 if options.quick else 12)
    for share in SHARES:
        name = f"1/{1 / share:.0f}"
        scenes = [_scene(sources, number, [FIRST_SHARE, share]) for number in numbers]
        figures[f"appears, {name}"] = _times(
            analyzer, [_Act(one, two, two.faces[1:], one) for _, one, two in scenes]
        )
        scenes = [_scene(sources, number, [share]) for number in numbers]
        figures[f"alone, {name}"] = _times(
            analyzer, [_Act(empty, one, one.faces, empty) for empty, one, _ in scenes]
        )
    scenes = [_scene(sources, number, [FIRST_SHARE]) for number in numbers]
    for hidden_s in HIDDEN_S:
        figures[f"returns after {hidden_s:g} s"] = _times(
            analyzer, [_Act(one, one, one.faces, empty, hidden_s) for empty, one, _ in scenes]
        )
    figures["vanishes"] = _times(
        analyzer, [_Act(one, empty, one.faces, empty, ends=True) for empty, one, _ in scenes]
    )
    measured.write("analysis_appearing", options, before, figures)


def _scene(sources: Sources, number: int, shares: list[float]) -> tuple[Seen, Seen, Seen]:
    """The same scene without a head, with the first one, and with all."""
    gray = background(sources, SCENES_WH[number % 2], np.random.default_rng(number))
    one, all_heads = (
        with_heads(gray, sources, shares[:count], np.random.default_rng(100 + number)) for count in (1, 2)
    )
    return Seen(gray, ()), one, all_heads


def _times(analyzer: Analyzer, acts: list[_Act]) -> dict[str, object]:
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for number, act in enumerate(acts):
        for way, time_s in _played(analyzer, act, np.random.default_rng(number)).items():
            taken[way].append(time_s)
    figures: dict[str, object] = {
        way: [measured.median(times), measured.percentile(times, 95)] for way, times in taken.items()
    }
    measured.say(f"{figures}")
    return figures


def _played(analyzer: Analyzer, act: _Act, chance: np.random.Generator) -> dict[str, float]:
    """How long after the change each way has noticed it."""
    # The change may come at any moment of a search.
    hides_s = SETTLED_S + chance.uniform(0, 1)
    changes_s = hides_s + act.hidden_s
    times = [number / FPS for number in range(round(FPS * (changes_s + LONGEST_S)))]
    scenes = (
        act.before if time_s < hides_s else act.hidden if time_s < changes_s else act.after
        for time_s in times
    )
    streams = {way: _Stream(analyzer, way) for way in WAYS}
    taken: dict[str, float] = {}
    for time_s, gray in zip(times, swayed((scene.gray for scene in scenes), chance), strict=True):
        for way, stream in streams.items():
            boxes = stream.next(gray, time_s)
            if time_s >= changes_s and way not in taken and act.is_noticed(boxes):
                taken[way] = time_s - changes_s
        if len(taken) == len(WAYS):
            break
    return {way: taken.get(way, LONGEST_S) for way in WAYS}


def _runs(analyzer: Analyzer, limit: int) -> dict[str, object]:
    figures: dict[str, object] = {}
    for path in (clips.face_clip(), clips.large_face_clip(), clips.four_faces_clip(), *CLIPS[1:]):
        streams = {way: _Stream(analyzer, way) for way in WAYS}
        count = 0
        for count, frame in enumerate(clip_frames(path, limit), start=1):
            for stream in streams.values():
                stream.next(frame.gray, count / FPS)
        figures[path.name] = {
            way: {kind: round(runs * FPS / count, 1) for kind, runs in sorted(stream.detector.runs.items())}
            for way, stream in streams.items()
        }
        measured.say(f"{path.name}: {figures[path.name]}")
    return figures


if __name__ == "__main__":
    main()
