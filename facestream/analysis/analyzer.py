"""Find and describe the faces of one frame, given the state of its stream; keeps no state of a stream itself.

`Analyzer.analyze` is two steps: `following.py` finds the faces, `description.py` says what they show.
"""

import math
import threading
from dataclasses import replace
from typing import Any

import numpy as np

from facestream.analysis.degradation import DegradationLevel, next_degradation
from facestream.analysis.description import describe
from facestream.analysis.detection.detector import FaceDetector
from facestream.analysis.emotion.reader import EmotionReader
from facestream.analysis.faces import Face, FrameReport, GrayImage
from facestream.analysis.following import Follower
from facestream.analysis.landmarks import LandmarkPredictor
from facestream.analysis.options import CHOICES, AnalysisOptions
from facestream.analysis.plugins import Plugin
from facestream.analysis.stage_clock import StageClock
from facestream.analysis.tracking.tracks import Track, Tracks
from facestream.analysis.trust.reader import VisibilityReader


class Analyzer:
    """Finds and describes faces; made by `load_analyzer`. Keeps no state of a stream: each call gets and returns it.

    Several threads may use it: they wait for each other. For speed, load one in each process.
    """

    def __init__(
        self,
        detector: FaceDetector,
        predictor: LandmarkPredictor,
        emotions: EmotionReader,
        visibility: VisibilityReader,
        options: AnalysisOptions,
        plugin: Plugin | None = None,
        lock: "threading.Lock | None" = None,
    ) -> None:
        self._detector = detector
        self._predictor = predictor
        self._emotions = emotions
        self._visibility = visibility
        self._options = options
        self._plugin = plugin
        # The models keep the input of one call. Analyzers with the same models share the lock.
        self._lock = lock or threading.Lock()
        self._follower = Follower(detector, predictor, options.max_faces, options.min_face_share)

    def __repr__(self) -> str:
        return f"Analyzer({self._options})"

    @property
    def detector(self) -> FaceDetector:
        return self._detector

    @property
    def predictor(self) -> LandmarkPredictor:
        return self._predictor

    def with_options(self, **changes: Any) -> "Analyzer":
        """An analyzer with the same models and changed `AnalysisOptions`; raises ValueError.

        Your own analysis, if it has one, is made anew. The models stay: `load_analyzer` loads others.
        """
        options = replace(self._options, **changes)
        for name in (*CHOICES, "analyzer"):
            if getattr(options, name) != getattr(self._options, name):
                raise ValueError(
                    f"{name} cannot be changed; load another analyzer with load_analyzer(options=...)"
                )
        built_in = self._with(options, None)
        return built_in.with_plugin(Plugin(options.analyzer, built_in)) if options.analyzer else built_in

    def with_plugin(self, plugin: Plugin) -> "Analyzer":
        """An analyzer with the same models and options that calls your own analysis for each frame."""
        return self._with(self._options, plugin)

    def without_plugin(self) -> "Analyzer":
        """An analyzer with the same models and options that calls no analysis of your own."""
        return self._with(self._options, None)

    def _with(self, options: AnalysisOptions, plugin: Plugin | None) -> "Analyzer":
        return Analyzer(
            self._detector, self._predictor, self._emotions, self._visibility, options, plugin, self._lock
        )

    def analyze(self, gray: GrayImage, tracks: Tracks, time_s: float) -> tuple[FrameReport, Tracks]:
        """Analyse the next frame of a stream; returns its report and the state for the frame after it.

        `gray`: shape (height, width), uint8, luma 0..255. `tracks`: the state that the last frame returned, `Tracks()`
        for the first. `time_s`: the frame's time in seconds, which never decreases within a stream. Takes about
        2 ms for each followed face. Raises ValueError for an array of another shape or type, and for a time that is not
        finite, and TypeError for what is no array, no `Tracks` or no number.
        """
        _check_gray(gray)
        _check_state(tracks, time_s)
        if self._plugin is not None:
            return self._plugin.analyze(gray, tracks, time_s)
        with self._lock:
            clock = StageClock()
            tracks = self._follower.next(gray, tracks, time_s, clock)
            faces, described = self._describe(gray, tracks, time_s, clock)
        all_faces = min(self._options.max_faces, len(described) + len(tracks.aside)) / max(1, len(described))
        degradation = next_degradation(
            tracks.degradation, clock.total_ms, time_s, self._options.budget_ms, all_faces
        )
        report = _report(faces, clock, degradation.level, len(tracks.aside))
        return report, replace(tracks, followed=described, degradation=degradation)

    def _describe(
        self, gray: GrayImage, tracks: Tracks, time_s: float, clock: StageClock
    ) -> tuple[tuple[Face, ...], tuple[Track, ...]]:
        """The followed faces of the frame, and their tracks with what was learned from them."""
        level = tracks.degradation.level
        described = [
            describe(gray, track, time_s, self._emotions, self._visibility, self._options, level)
            for track in tracks.followed
        ]
        clock.stop("emotion")
        return tuple([face for _, face in described]), tuple([track for track, _ in described])

    def analyze_still(self, gray: GrayImage) -> FrameReport:
        """Analyse one image: search all of it at full scale, smooth nothing.

        `gray`: shape (height, width), uint8, luma 0..255, such as from `read_gray`. Raises ValueError for an array of
        another shape or type, and TypeError for what is no array.
        """
        _check_gray(gray)
        if self._plugin is not None:
            return self._plugin.analyze_still(gray)
        with self._lock:
            clock = StageClock()
            tracks = self._follower.in_still(gray, clock)
            faces, _ = self._describe(gray, Tracks(followed=tuple(tracks)), 0.0, clock)
        return _report(faces, clock, DegradationLevel.NONE, 0)


def _report(
    faces: tuple[Face, ...], clock: StageClock, level: DegradationLevel, not_followed: int
) -> FrameReport:
    return FrameReport(
        faces=faces,
        detect_ms=clock.ms["detect"],
        landmarks_ms=clock.ms["landmarks"],
        emotion_ms=clock.ms["emotion"],
        degradation=level,
        not_followed=not_followed,
    )


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
