"""Write the results of one source into its folder: tables, and the annotated video."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.container import OutputContainer
from pydantic import JsonValue

from facestream.analysis.drawing.overlay import DEFAULT_LAYERS, draw
from facestream.analysis.faces import FrameReport
from facestream.clips.reader import ClipFrame
from facestream.errors import ClipError
from facestream.media.h264_file import H264Stream
from facestream.media.planes import planes_of
from facestream.offline.options import OfflineOptions
from facestream.offline.sources import Source
from facestream.resources import MODELS_DIR
from facestream.results.bundle import Bundle
from facestream.results.growing_table import MAX_EXTRA_NAMES
from facestream.results.neutral_span import NeutralSpan
from facestream.results.record import FrameResult, result_of
from facestream.results.report.session import ReportOptions
from facestream.results.report.writer import ReportWriter
from facestream.results.session_file import SessionFacts, models_used
from facestream.results.tables import TableOptions

VIDEO_NAME = "annotated.mp4"
IMAGE_NAME = "annotated.jpg"
IMAGE_QUALITY = 92
SHOWN_NAMES = 8
_TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class AnalysedFrame:
    """One frame and what was found in it; the results own its memory."""

    frame: ClipFrame
    report: FrameReport


class SourceResults:
    """The files of one source. One thread at a time; `close` may be called twice."""

    def __init__(self, source: Source, folder: Path, options: OfflineOptions, fps: float | None) -> None:
        """`fps`: of the clip; None: a photograph. Raises OSError, ConfigError."""
        self._folder, facts = folder, _facts(source, options)
        table = TableOptions(
            source.shown,
            options.with_landmarks,
            detector=options.analysis.detector,
            facts=facts,
            changes=options.neutral_s is not None,
            report=ReportOptions(options.language, options.with_images),
        )
        self._neutral = None if options.neutral_s is None else NeutralSpan(*options.neutral_s)
        self._bundle = Bundle(folder, options.formats, facts, table, neutral=self._neutral)
        self._reports = [writer for writer in self._bundle.writers if isinstance(writer, ReportWriter)]
        self._video = _AnnotatedVideo(folder / VIDEO_NAME) if options.with_video and fps is not None else None

    def write(self, analysed: AnalysedFrame) -> None:
        """Write one frame of a video; draws on it. Raises OSError, ClipError."""
        frame, report = analysed.frame, analysed.report
        size_wh = frame.frame.width, frame.frame.height
        self.write_result(result_of(report, frame.number, frame.at_s, size_wh))
        for html in self._reports:
            if html.wants_image:
                # Before the annotations, which are drawn on the frame.
                html.add_image(np.asarray(frame.frame.to_ndarray(format="bgr24"), np.uint8))
        if self._video is not None:
            self._video.write(frame, report)

    def write_result(self, result: FrameResult) -> None:
        """Write one frame of which no video is written."""
        self._bundle.write(result)

    def write_image(self, image: av.VideoFrame, report: FrameReport) -> None:
        """Write an image with its annotations; draws on a copy. Raises OSError."""
        video = image.reformat(format="yuv420p")
        video.make_writable()
        draw(planes_of(video), report, DEFAULT_LAYERS, "")
        settings = [cv2.IMWRITE_JPEG_QUALITY, IMAGE_QUALITY]
        _, jpeg = cv2.imencode(".jpg", video.to_ndarray(format="bgr24"), settings)
        (self._folder / IMAGE_NAME).write_bytes(jpeg.tobytes())

    @property
    def problems(self) -> list[str]:
        """Sentences, after `settle`: no face has a baseline, or a value of your own analysis is in no table."""
        problems = [self._neutral.shortfall] if self._neutral and self._neutral.is_missed else []
        if left_out := [*self._bundle.names_left_out]:
            names = ", ".join(left_out[:SHOWN_NAMES]) + (" and others" if len(left_out) > SHOWN_NAMES else "")
            problems.append(
                f"your own analysis has more than {MAX_EXTRA_NAMES} names of values, so the tables lack {names}; "
                "return the same names in each frame, or see frames.jsonl"
            )
        return problems

    def settle(self) -> Iterator[None]:
        """Write what waits for baselines, after the last frame; yields now and then. Raises OSError."""
        return self._bundle.settle()

    def finish(self, problems: Sequence[str] = ()) -> None:
        """Complete all files; `problems` are sentences about the source for the report."""
        for html in self._reports:
            html.session = replace(html.session, notes=tuple(problems))
        if self._video is not None:
            self._video.finish()
        self._bundle.finish()

    def close(self) -> None:
        """Close the files, complete or not."""
        self._bundle.close()
        if self._video is not None:
            self._video.close()


def _facts(source: Source, options: OfflineOptions) -> SessionFacts:
    settings = options.settings()
    analysis = settings.pop("analysis")
    assert isinstance(analysis, dict)
    # What changes no number, or is said elsewhere.
    for name in ("version", "formats", "language", "with_images", "with_landmarks", "with_video"):
        settings.pop(name)
    return SessionFacts(
        source=source.shown,
        began_at=datetime.now().astimezone().isoformat(" ", "minutes"),
        models=models_used(MODELS_DIR, options.analysis),
        settings=cast(dict[str, JsonValue], settings | analysis),
    )


class _AnnotatedVideo:
    """The video with the annotations that the page shows, at the clip's own pace and without its sound."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Opened by Python, so that any name is possible: FFmpeg takes a text before a colon for a protocol.
        self._file = path.open("wb")
        self._container: OutputContainer = av.open(self._file, "w", format="mp4")
        self._stream = H264Stream(self._container)
        self._first_s: float | None = None
        self._closed = False

    def write(self, frame: ClipFrame, report: FrameReport) -> None:
        video = frame.frame
        draw(planes_of(video), report, DEFAULT_LAYERS, f"#{frame.number} {frame.at_s:.1f} s")
        if self._first_s is None:
            # A part of a clip begins at 0: players would wait until its start.
            self._first_s = frame.at_s
        video.pts, video.time_base = round((frame.at_s - self._first_s) / _TIME_BASE), _TIME_BASE
        try:
            self._stream.write(video)
        except av.FFmpegError as error:
            raise _encoding_error(self._path, error) from error

    def finish(self) -> None:
        try:
            self._stream.finish()
            self._container.close()
        except av.FFmpegError as error:
            raise _encoding_error(self._path, error) from error
        self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._file.close()


def _encoding_error(path: Path, error: av.FFmpegError) -> Exception:
    """A full disk or the like as OSError."""
    if error.errno and error.errno > 0:
        return OSError(error.errno, error.strerror, str(path))
    return ClipError(f"{path}: cannot be encoded ({error}); leave out --video")
