"""Analyse one source and write its results into a folder: decode, analyse and write at the same time.

One source is never split: the ids of faces and the smoothing of a frame depend on all frames before it
(docs/decisions/0016-offline-analysis.md).
"""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import av

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import FrameReport
from facestream.analysis.photos import read_bgr, read_gray
from facestream.analysis.tracking.tracks import Tracks
from facestream.clips.clip import Clip, open_clip
from facestream.clips.reader import Selection
from facestream.clips.source import head_of, is_photo, source_of
from facestream.errors import ClipError
from facestream.offline.journal import Totals
from facestream.offline.messages import Outcome, Step
from facestream.offline.options import OfflineOptions
from facestream.offline.sources import Source, SourceKind
from facestream.offline.stages import Behind, ahead
from facestream.offline.writing import AnalysedFrame, SourceResults
from facestream.results.record import result_of
from facestream.workers.shortage import trim_memory

logger = logging.getLogger(__name__)

AHEAD_FRAMES = 4
"""Decoded frames that wait: 50 MB at 3840x2160."""
BEHIND_FRAMES = 4
TRIM_EVERY_FRAMES = 1_000
"""Frames are freed in other threads than they are made in: without this, 15 minutes of video leave 40 MB more."""
TELL_EVERY_S = 0.2
LOGGED_KINDS = 8
"""Kinds of faults of your own analysis whose tracebacks are logged for one source."""


class _Counter:
    """Counts what the analysis of a source finds, and in how many frames your own analysis has failed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._faults = Counter[str]()
        self._last_fault = ""
        self.frames = self._with_faces = 0
        self._ids = set[int]()
        self._first_s = self._last_s = 0.0
        self._size_wh = (0, 0)

    def count(self, at_s: float, report: FrameReport, size_wh: tuple[int, int]) -> None:
        if not self.frames:
            self._first_s, self._size_wh = at_s, size_wh
        self._last_s = at_s
        self.frames += 1
        self._with_faces += bool(report.faces)
        self._ids.update(face.id for face in report.faces)
        if (fault := report.extra_fault) is not None:
            if fault.kind not in self._faults and len(self._faults) < LOGGED_KINDS:
                logger.error(
                    "%s: your own analysis has failed (each kind of fault is logged once):\n%s",
                    self._source.shown,
                    fault.traceback.rstrip(),
                )
            self._faults[fault.kind] += 1
            self._last_fault = fault.sentence

    @property
    def problems(self) -> list[str]:
        """A sentence if your own analysis has failed."""
        failed, kinds = self._faults.total(), len(self._faults)
        if not failed:
            return []
        frames = "its only frame" if failed == self.frames == 1 else f"{failed} of {self.frames} frames"
        others = f", and {kinds - 1} other kinds of faults" if kinds > 1 else ""
        return [f"your own analysis failed in {frames}, without its values: {self._last_fault}{others}"]

    def step(self, expected_s: float) -> Step:
        """How far the analysis is, of so many seconds; infinity: not known."""
        done_s = self._last_s - self._first_s
        return Step(self.frames, done_s, min(1.0, done_s / expected_s))

    def totals(self) -> Totals:
        return Totals(
            frames=self.frames,
            frames_with_faces=self._with_faces,
            faces=len(self._ids),
            seconds=round(self._last_s - self._first_s, 3),
            size_wh=self._size_wh,
        )


def analyze_source(
    source: Source,
    folder: Path,
    options: OfflineOptions,
    analyzer: Analyzer,
    tell: Callable[[Step], None],
    stop: threading.Event,
) -> Outcome:
    """Write the results of one source into an empty folder; raises ClipError, ImageError, OSError.

    `stop` ends the source early, and in order: what was read until then is its result.
    """
    given = source.where if source.kind is SourceKind.ADDRESS else source.path
    # By its content, whatever the suffix says.
    if is_photo(opened := source_of(given), head_of(opened)):
        _refuse_neutral(source, options)
        return _analyze_photo(source, folder, options, analyzer)
    clip = open_clip(given)
    if clip.still:
        _refuse_neutral(source, options)
        return _analyze_still(clip, source, folder, options, analyzer)
    return _analyze_clip(clip, source, folder, options, analyzer, tell, stop)


def _analyze_clip(
    clip: Clip,
    source: Source,
    folder: Path,
    options: OfflineOptions,
    analyzer: Analyzer,
    tell: Callable[[Step], None],
    stop: threading.Event,
) -> Outcome:
    totals = _Counter(source)
    tracks = Tracks()
    expected_s = _expected_s(clip, options)
    last_s = time.monotonic()
    reader = clip.frames(
        Selection(
            start_s=options.start_s,
            end_s=options.end_s,
            duration_s=options.duration_s,
            every=options.every,
            max_fps=options.fps,
            writable=options.with_video,
        )
    )
    with ExitStack() as opened:
        opened.enter_context(reader)
        results = opened.enter_context(closing(SourceResults(source, folder, options, clip.fps)))
        behind = Behind(results.write, BEHIND_FRAMES, "write")
        opened.callback(behind.drop)
        for frame in opened.enter_context(ahead(reader, AHEAD_FRAMES, "decode")):
            report, tracks = analyzer.analyze(frame.gray, tracks, frame.at_s)
            totals.count(frame.at_s, report, (frame.frame.width, frame.frame.height))
            behind.put(AnalysedFrame(frame, report))
            if time.monotonic() - last_s >= TELL_EVERY_S:
                last_s = time.monotonic()
                tell(totals.step(expected_s))
            if totals.frames % TRIM_EVERY_FRAMES == 0:
                trim_memory()
            if stop.is_set():
                break
        if totals.frames == 0:
            raise ClipError(f"{source.shown}: no frame in the chosen part; the video ends before it")
        behind.finish()
        for _ in results.settle():
            tell(totals.step(expected_s))
        problems = [problem.sentence for problem in reader.problems if problem.incomplete]
        problems += totals.problems + results.problems
        results.finish(problems)
    return Outcome(totals.totals(), "; ".join(problems))


def _analyze_photo(source: Source, folder: Path, options: OfflineOptions, analyzer: Analyzer) -> Outcome:
    gray = read_gray(source.path)
    report = analyzer.analyze_still(gray)
    image = av.VideoFrame.from_ndarray(read_bgr(source.path), "bgr24") if options.with_video else None
    return _write_still(report, (gray.shape[1], gray.shape[0]), image, source, folder, options)


def _analyze_still(
    clip: Clip, source: Source, folder: Path, options: OfflineOptions, analyzer: Analyzer
) -> Outcome:
    """Analyse a file with one frame as a photograph."""
    with clip.frames(Selection()) as reader:
        frame = next(reader)
        report = analyzer.analyze_still(frame.gray)
        size_wh = frame.frame.width, frame.frame.height
        return _write_still(report, size_wh, frame.frame, source, folder, options)


def _write_still(
    report: FrameReport,
    size_wh: tuple[int, int],
    image: av.VideoFrame | None,
    source: Source,
    folder: Path,
    options: OfflineOptions,
) -> Outcome:
    totals = _Counter(source)
    totals.count(0.0, report, size_wh)
    with closing(SourceResults(source, folder, options, None)) as results:
        results.write_result(result_of(report, 0, 0.0, size_wh))
        if options.with_video and image is not None:
            results.write_image(image, report)
        results.finish(totals.problems)
    return Outcome(totals.totals(), "; ".join(totals.problems))


def _refuse_neutral(source: Source, options: OfflineOptions) -> None:
    if options.neutral_s is not None:
        raise ClipError(
            f"{source.shown}: is one image, which has no part in which its faces look neutral; analyse it without "
            "--neutral"
        )


def _expected_s(clip: Clip, options: OfflineOptions) -> float:
    """Seconds of the clip that will be analysed, for the progress bar; infinity: not known."""
    end_s = math.inf if clip.duration_s is None else clip.duration_s
    if options.end_s is not None:
        end_s = min(end_s, options.end_s)
    if options.duration_s is not None:
        end_s = min(end_s, options.start_s + options.duration_s)
    return max(0.001, end_s - options.start_s)
