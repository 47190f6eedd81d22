"""The report of a real clip, for tests and for the images of the documentation."""

from pathlib import Path

import av
import numpy as np

import facestream
from facestream.results.record import result_of
from facestream.results.report.session import ReportEvent, ReportOptions, ReportSession
from facestream.results.report.writer import ReportWriter


def report_of_clip(clip: Path, to: Path, options: ReportOptions | None = None, every: int = 1) -> None:
    """Analyse a clip, or one of `every` frames of it, and write its report to a file."""
    analyzer, tracks = facestream.load_analyzer(), facestream.Tracks()
    session = ReportSession(
        title="Interview 3", source=clip.name, versions={"facestream": facestream.__version__}
    )
    with to.open("w", encoding="utf-8") as file, av.open(str(clip)) as container:
        writer = ReportWriter(file, session, options)
        writer.add_event(ReportEvent(4.0, "Question 1"))
        writer.add_event(ReportEvent(11.5, "Question 2"))
        for number, frame in enumerate(container.decode(video=0)):
            if number % every or frame.time is None:
                continue
            gray = np.ascontiguousarray(frame.to_ndarray(format="gray"), np.uint8)
            report, tracks = analyzer.analyze(gray, tracks, frame.time)
            writer.write(result_of(report, number, frame.time, (frame.width, frame.height)))
            if writer.wants_image:
                writer.add_image(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
        writer.close()
