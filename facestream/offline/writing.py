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
from facestream.results.neutral_span import NeutralSpan
from facestream.results.record import FrameResult, result_of
from facestream.results.report.session import ReportOptions
from facestream.results.report.writer import ReportWriter
from facestream.results.session_file import SessionFacts, models_used
from facestream.results.tables import TableOptions

VIDEO_NAME = "annotated.mp4"
IMAGE_NAME = "annotated.jpg"
IMAGE_QUALITY = 92
HELD_FRAMES = 600
"""Results that wait for the first frame with values of your own analysis, whose names become columns; about 2 MB."""
LATE_NAMES = 8
"""Names that are not columns, as many as are named."""
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
        self._folder, self._formats, self._facts = folder, options.formats, _facts(source, options)
        self._table_options = TableOptions(
            source.shown,
            options.with_landmarks,
            detector=options.analysis.detector,
            facts=self._facts,
            changes=options.neutral_s is not None,
            report=ReportOptions(options.language, options.with_images),
        )
        self._neutral = None if options.neutral_s is None else NeutralSpan(*options.neutral_s)
        self._bundle: Bundle | None = None
        self._has_plugin = bool(options.analysis.analyzer)
        self._held = list[FrameResult]()
        self._extra_names: tuple[str, ...] = ()
        self._late_names = dict[str, None]()
        self._reports = list[ReportWriter]()
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
        if self._bundle is None and self._has_plugin and not result.extra and len(self._held) < HELD_FRAMES:
            self._held.append(result)
            return
        self._opened(tuple(sorted(result.extra))).write(result)
        if len(self._late_names) <= LATE_NAMES:
            self._late_names |= dict.fromkeys(name for name in result.extra if name not in self._extra_names)

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
        if not self._late_names:
            return problems
        names = ", ".join([*self._late_names][:LATE_NAMES]) + (
            " and others" if len(self._late_names) > LATE_NAMES else ""
        )
        return [
            *problems,
            f"your own analysis has values that its first frame with values does not have, so the tables lack {names}; "
            "return each name in each frame (None: no value), or see frames.jsonl",
        ]

    def settle(self) -> Iterator[None]:
        """Write what waits for baselines, after the last frame; yields now and then. Raises OSError."""
        return self._opened(()).settle()

    def finish(self, problems: Sequence[str] = ()) -> None:
        """Complete all files; `problems` are sentences about the source for the report."""
        bundle = self._opened(())
        for html in self._reports:
            html.session = replace(html.session, notes=tuple(problems))
        if self._video is not None:
            self._video.finish()
        bundle.finish()

    def _opened(self, extra_names: tuple[str, ...]) -> Bundle:
        """The bundle; made with the first frame that has values of your own analysis, because these are columns."""
        if self._bundle is None:
            self._extra_names = extra_names
            options = replace(self._table_options, extra_names=extra_names)
            self._bundle = Bundle(self._folder, self._formats, self._facts, options, neutral=self._neutral)
            self._reports = [writer for writer in self._bundle.writers if isinstance(writer, ReportWriter)]
            for held in self._held:
                self._bundle.write(held)
            self._held.clear()
        return self._bundle

    def close(self) -> None:
        """Close the files, complete or not."""
        if self._bundle is not None:
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
