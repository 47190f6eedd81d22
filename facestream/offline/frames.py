"""Analyse a clip frame by frame in this process, for programs that want reports and no files."""

import logging
import math
from collections.abc import Iterator
from pathlib import Path

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import FrameReport
from facestream.analysis.models import load_analyzer
from facestream.analysis.tracking.tracks import Tracks
from facestream.clips.clip import Clip, open_clip
from facestream.clips.reader import Selection

logger = logging.getLogger(__name__)


def analyze_clip(
    path: Path | str,
    analyzer: Analyzer | None = None,
    *,
    every: int = 1,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Iterator[tuple[float, FrameReport]]:
    """Yield the time in seconds and the report of each frame of a video or image file, as `facestream analyze` does.

    Frames are upright and have square pixels; the reports are in their pixels.
    Without `analyzer`, the default one is loaded. Of every `every` frames one is analysed, from `start_s` to `end_s`
    (seconds; None: to the end). The degradation level stays 0, however slow the machine is. Raises ClipError,
    ImageError and ModelFileError, and ValueError for a number out of range. A file that is cut off ends early, with a
    warning in the log.

    Example::

        for time_s, report in facestream.analyze_clip("clip.mp4", every=5):
            print(time_s, [face.label for face in report.faces])
    """
    if every < 1 or not 0 <= start_s < math.inf or (end_s is not None and not start_s < end_s):
        raise ValueError(
            f"every {every}, start_s {start_s}, end_s {end_s}; expected every from 1, and a start before the end"
        )
    clip = open_clip(Path(path))
    # The results must not depend on the machine.
    analyzer = (analyzer or load_analyzer()).with_options(budget_ms=math.inf)
    return _reports(clip, analyzer, Selection(start_s=start_s, end_s=end_s, every=every))


def _reports(clip: Clip, analyzer: Analyzer, selection: Selection) -> Iterator[tuple[float, FrameReport]]:
    tracks = Tracks()
    with clip.frames(Selection() if clip.still else selection) as reader:
        for frame in reader:
            if clip.still:
                yield 0.0, analyzer.analyze_still(frame.gray)
                return
            report, tracks = analyzer.analyze(frame.gray, tracks, frame.at_s)
            yield frame.at_s, report
        for problem in reader.problems:
            if problem.incomplete:
                logger.warning("%s", problem.sentence)
