"""Find and describe the faces of one frame, given the state of its stream; keeps no state of a stream itself.

`Analyzer.analyze` is the order of all stages: follow, confirm, search, add, describe.
"""

import math
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np

from facestream.analysis.degradation import DegradationLevel, next_degradation
from facestream.analysis.description import describe
from facestream.analysis.detection.detector import FaceDetector, FoundFace
from facestream.analysis.emotion.reader import EmotionReader
from facestream.analysis.faces import FrameReport, GrayImage, LandmarksXY
from facestream.analysis.geometry import tilt_deg
from facestream.analysis.landmarks import DEROLL_FROM_DEG, LandmarkPredictor, box_of_landmarks
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.plugins import Plugin
from facestream.analysis.tracking import matching
from facestream.analysis.tracking.aside import LARGER, at_new_search, known_again, placed, set_aside
from facestream.analysis.tracking.cuts import notice_cut
from facestream.analysis.tracking.tracks import Track, Tracks

CONFIRM_EVERY_S = 0.3
CONFIRM_AGAIN_EVERY_S = 0.1
MAX_FAILED_LOOKS = 3
SEARCH_EVERY_S = 1.0
SEARCH_FOR_LOST_EVERY_S = 0.25
FEW_FACES = 2
"""Most faces that are followed at level FEWER_FACES."""
POOR_START_SHARE = 0.15
"""The landmarks are predicted again if the box was off by more than this share of its side."""


class Analyzer:
    """Finds and describes faces; made by `load_analyzer`. Keeps no state of a stream: each call gets and returns it.

    Several threads may use it: they wait for each other. For speed, load one in each process.
    """

    def __init__(
        self,
        detector: FaceDetector,
        predictor: LandmarkPredictor,
        emotions: EmotionReader,
        options: AnalysisOptions,
        plugin: Plugin | None = None,
        lock: "threading.Lock | None" = None,
    ) -> None:
        self._detector = detector
        self._predictor = predictor
        self._emotions = emotions
        self._options = options
        self._plugin = plugin
        # The models keep the input of one call. Analyzers with the same models share the lock.
        self._lock = lock or threading.Lock()

    def __repr__(self) -> str:
        return f"Analyzer({self._options})"

    @property
    def detector(self) -> FaceDetector:
        return self._detector

    def with_options(self, **changes: Any) -> "Analyzer":
        """An analyzer with the same models and changed `AnalysisOptions`; raises ValueError.

        Your own analysis, if it has one, is made anew. The models stay: `load_analyzer` loads others.
        """
        options = replace(self._options, **changes)
        for name in ("detector", "emotion_model", "analyzer"):
            if getattr(options, name) != getattr(self._options, name):
                raise ValueError(
                    f"{name} cannot be changed; load another analyzer with load_analyzer(options=...)"
                )
        built_in = Analyzer(self._detector, self._predictor, self._emotions, options, lock=self._lock)
        return built_in.with_plugin(Plugin(options.analyzer, built_in)) if options.analyzer else built_in

    def with_plugin(self, plugin: Plugin) -> "Analyzer":
        """An analyzer with the same models and options that calls your own analysis for each frame."""
        return Analyzer(self._detector, self._predictor, self._emotions, self._options, plugin, self._lock)

    def without_plugin(self) -> "Analyzer":
        """An analyzer with the same models and options that calls no analysis of your own."""
        return Analyzer(self._detector, self._predictor, self._emotions, self._options, lock=self._lock)

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """Analyse the next frame of a stream; returns its report and the state for the frame after it.

        `gray`: shape (height, width), uint8, luma 0..255. `tracks`: the state that the last frame returned, `Tracks()`
        for the first. `time_s`: the frame's time in seconds, which never decreases within a stream. Takes 3-5 ms for
        each followed face. Raises ValueError for an array of another shape or type, and for a time that is not finite,
        and TypeError for what is no array, no `Tracks` or no number.
        """
        _check_gray(gray)
        _check_state(tracks, time_s)
        if self._plugin is not None:
            return self._plugin.analyze(gray, tracks, time_s)
        with self._lock:
            return self._analyze(gray, tracks, time_s)

    def _analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        clock = _StageClock()
        tracks = notice_cut(gray, tracks)
        before = tracks.followed
        tracks = self._follow(gray, tracks, time_s)
        clock.stop("landmarks")
        tracks = self._confirm(gray, tracks, time_s)
        clock.stop("detect")
        tracks = self._drop_duplicates(before, tracks, time_s)
        tracks, found = self._search(gray, tracks, time_s)
        clock.stop("detect")
        tracks = self._add(gray, tracks, found, time_s)
        clock.stop("landmarks")
        level = tracks.degradation.level
        described = [
            describe(gray, track, time_s, self._emotions, self._options, level) for track in tracks.followed
        ]
        clock.stop("emotion")
        count = len(described)
        all_faces = min(self._options.max_faces, count + len(tracks.aside)) / max(1, count)
        tracks = replace(
            tracks,
            followed=tuple(track for track, _ in described),
            size_wh=(gray.shape[1], gray.shape[0]),
            degradation=next_degradation(
                tracks.degradation, clock.total_ms, time_s, self._options.budget_ms, all_faces
            ),
        )
        report = FrameReport(
            faces=tuple(face for _, face in described),
            detect_ms=clock.ms["detect"],
            landmarks_ms=clock.ms["landmarks"],
            emotion_ms=clock.ms["emotion"],
            degradation=tracks.degradation.level,
            not_followed=len(tracks.aside),
        )
        return report, tracks

    def analyze_still(self, gray: GrayImage) -> FrameReport:
        """Analyse one image: search all of it at full scale, smooth nothing.

        `gray`: shape (height, width), uint8, luma 0..255, such as from `read_gray`. Raises ValueError for an array of
        another shape or type, and TypeError for what is no array.
        """
        _check_gray(gray)
        if self._plugin is not None:
            return self._plugin.analyze_still(gray)
        with self._lock:
            return self._analyze_still(gray)

    def _analyze_still(self, gray: GrayImage) -> FrameReport:
        clock = _StageClock()
        found = self._detector.search_whole(gray, self._options.min_face_share)
        found = sorted(found, key=lambda face: -face.box.width)[: self._options.max_faces]
        clock.stop("detect")
        tracks = [
            Track(number, self._landmarks_of(gray, face), 0.0, score=face.score)
            for number, face in enumerate(found, start=1)
        ]
        clock.stop("landmarks")
        faces = [describe(gray, track, 0.0, self._emotions, self._options)[1] for track in tracks]
        clock.stop("emotion")
        return FrameReport(tuple(faces), clock.ms["detect"], clock.ms["landmarks"], clock.ms["emotion"])

    def _landmarks_of(self, gray: GrayImage, found: FoundFace) -> LandmarksXY:
        """Landmarks of a detected face; predicted again if its box or tilt was a poor start."""
        first = self._predictor.predict(gray, found.box, found.tilt_deg)
        box, tilt = box_of_landmarks(first), tilt_deg(first)
        off = math.dist(box.center_xy, found.box.center_xy) + abs(box.width - found.box.width)
        if off < POOR_START_SHARE * box.width and abs(tilt - found.tilt_deg) < DEROLL_FROM_DEG:
            return first
        return self._predictor.predict(gray, box, tilt)

    def _follow(self, gray: GrayImage, tracks: Tracks, time_s: float) -> Tracks:
        size_wh = (gray.shape[1], gray.shape[0])
        kept, lost = [], []
        for track in tracks.followed:
            box, tilt = matching.start_box(track, time_s), tilt_deg(track.landmarks_xy)
            landmarks = self._predictor.predict(gray, box, tilt)
            if matching.is_plausible(track, landmarks, size_wh):
                kept.append(matching.moved(track, landmarks, time_s))
            else:
                lost.append(track)
        return matching.lose(replace(tracks, followed=tuple(kept)), lost, time_s)

    def _confirm(self, gray: GrayImage, tracks: Tracks, time_s: float) -> Tracks:
        """Check the most overdue face with the detector: one face per frame, so that the cost stays even."""

        def due_s(track: Track) -> float:
            return track.looked_s + (CONFIRM_AGAIN_EVERY_S if track.failed_looks else CONFIRM_EVERY_S)

        oldest = min(tracks.followed, key=due_s, default=None)
        if oldest is None or due_s(oldest) > time_s:
            return tracks
        score = self._detector.score_at(gray, oldest.landmarks_xy)
        if score is not None:
            looked = matching.confirmed(oldest, time_s, score)
        else:
            looked = replace(oldest, looked_s=time_s, failed_looks=oldest.failed_looks + 1)
        others = [track for track in tracks.followed if track.id != looked.id]
        if looked.failed_looks < MAX_FAILED_LOOKS:
            return replace(tracks, followed=tuple(sorted([*others, looked], key=lambda track: track.id)))
        return matching.lose(
            replace(tracks, followed=tuple(others)), [matching.as_last_confirmed(looked)], time_s
        )

    @staticmethod
    def _drop_duplicates(before: tuple[Track, ...], tracks: Tracks, time_s: float) -> Tracks:
        duplicates = matching.duplicate_ids(before, tracks.followed, time_s)
        if not duplicates:
            return tracks
        # Keep these tracks as they were one frame earlier, so that they reappear at their own face and not at another.
        lost = [track for track in before if track.id in duplicates]
        followed = tuple(track for track in tracks.followed if track.id not in duplicates)
        return matching.lose(replace(tracks, followed=followed), lost, time_s)

    def _search(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[Tracks, list[FoundFace]]:
        """Take the next step of a search, if one is under way or due."""
        has_room = len(tracks.followed) < self._most_faces(tracks)
        all_followed = tracks.followed and not tracks.lost and not (tracks.aside and has_room)
        if tracks.search_step == 0:
            every_s = SEARCH_EVERY_S if all_followed else SEARCH_FOR_LOST_EVERY_S
            if tracks.degradation.level >= DegradationLevel.RARE_SEARCH:
                every_s *= 2
            if time_s - tracks.searched_s < every_s:
                return tracks, []
            tracks = replace(tracks, searched_s=time_s, aside=at_new_search(tracks.aside, time_s))
        elif all_followed and time_s - tracks.stepped_s < self._detector.step_every_s:
            return tracks, []
        plan = self._detector.plan(gray.shape[1], gray.shape[0], self._options.min_face_share)
        step = min(tracks.search_step, len(plan) - 1)
        found = self._detector.search(gray, plan[step])
        return replace(tracks, search_step=(step + 1) % len(plan), stepped_s=time_s), found

    def _add(self, gray: GrayImage, tracks: Tracks, found: list[FoundFace], time_s: float) -> Tracks:
        """Follow the detected faces that are not followed yet, the largest if there are too many; the others wait.

        A face that was lost near by or waits at this place keeps its id.
        """
        most = self._most_faces(tracks)
        followed = sorted(tracks.followed, key=_width, reverse=True)
        lost, aside, next_id = list(tracks.lost), list(tracks.aside), tracks.next_id
        # The level has risen.
        aside.extend(set_aside((), followed[most:], len(followed)))
        del followed[most:]
        for face in sorted(found, key=lambda face: -face.box.width):
            box = face.box
            known = matching.nearest(followed, box, time_s, matching.SAME_FACE_SHARE)
            if known is not None:
                followed[followed.index(known)] = matching.confirmed(known, time_s, face.score)
                continue
            before = known_again(lost, aside, box, time_s)
            if len(followed) >= most:
                smallest = min(followed, key=_width)
                if box.width < LARGER * _width(smallest):
                    if before is not None:
                        lost, aside = _without(lost, before), _without(aside, before)
                        aside.append(placed(before, box, time_s))
                    continue
                followed.remove(smallest)
                aside.extend(set_aside((), [smallest], 1))
            landmarks = self._landmarks_of(gray, face)
            if before is None:
                before = Track(next_id, landmarks, time_s)
                next_id += 1
            lost, aside = _without(lost, before), _without(aside, before)
            moved = matching.moved(before, landmarks, time_s)
            followed.append(matching.confirmed(moved, time_s, face.score))
        followed.sort(key=lambda track: track.id)
        kept = set_aside(aside, (), self._options.max_faces)
        return replace(tracks, followed=tuple(followed), lost=tuple(lost), aside=kept, next_id=next_id)

    def _most_faces(self, tracks: Tracks) -> int:
        few = tracks.degradation.level >= DegradationLevel.FEWER_FACES
        return min(FEW_FACES, self._options.max_faces) if few else self._options.max_faces


def _width(track: Track) -> float:
    return box_of_landmarks(track.landmarks_xy).width


def _without(tracks: list[Track], one: Track) -> list[Track]:
    return [track for track in tracks if track.id != one.id]


def _check_gray(gray: object) -> None:
    """Raise TypeError or ValueError, with what is most probably missing."""
    if not isinstance(gray, np.ndarray):
        advice = (
            "cv2.imread returns None for a file that it cannot read"
            if gray is None
            else "read_gray reads a file"
        )
        raise TypeError(f"an image of type {type(gray).__name__}; expected a numpy array: {advice}")
    if gray.ndim == 2 and gray.dtype == np.uint8 and gray.size:
        return
    advice = ""
    if gray.ndim == 3 and gray.shape[2] in {3, 4}:
        advice = ": cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), or COLOR_RGB2GRAY for RGB, makes it gray"
    elif gray.ndim == 3 and gray.shape[2] == 1:
        advice = ": image[:, :, 0] has this shape"
    elif gray.ndim == 2 and gray.dtype.kind == "f":
        advice = ": (255 * image).astype(np.uint8), if its values are 0..1"
    raise ValueError(
        f"an array of shape {gray.shape} and type {gray.dtype}; expected (height, width) and uint8, not empty{advice}"
    )


def _check_state(tracks: object, time_s: object) -> None:
    if not isinstance(tracks, Tracks):
        raise TypeError(
            f"tracks of type {type(tracks).__name__}; expected Tracks(), or those of the frame before"
        )
    if not isinstance(time_s, int | float | np.number):
        raise TypeError(
            f"time_s is {time_s!r:.50}; expected seconds: of a frame without a timestamp, count them"
        )
    if not math.isfinite(time_s):
        raise ValueError(f"time_s is {time_s}; expected finite seconds")


class _StageClock:
    """Milliseconds of each stage; `stop` adds the time since the last stop to a stage."""

    def __init__(self) -> None:
        self.ms = {"detect": 0.0, "landmarks": 0.0, "emotion": 0.0}
        self._last_s = time.perf_counter()

    def stop(self, stage: str) -> None:
        now_s = time.perf_counter()
        self.ms[stage] += (now_s - self._last_s) * 1000
        self._last_s = now_s

    @property
    def total_ms(self) -> float:
        return sum(self.ms.values())
