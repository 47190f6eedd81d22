"""The analysis process: loads the models once, then answers one frame after the other; never touches the network."""

import logging
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np

from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracks import Tracks
from facestream.errors import FacestreamError
from facestream.faces import FrameReport

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """Models are loaded and tried."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The process cannot start, or one frame could not be analysed; the sentence says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """One gray frame lies in the shared memory, rows without padding."""

    height: int
    width: int
    tracks: Tracks
    time_s: float
    """When the frame arrived, on one clock for its whole stream."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and the tracks to hand in with the next frame of that stream."""

    report: FrameReport
    tracks: Tracks


def serve_analysis(pipe: Connection, memory_name: str, models_dir: Path, options: AnalysisOptions) -> None:
    """Answer requests until the pipe closes."""
    # Signals reach the whole process group or cgroup; the parent ends its children by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    cv2.setNumThreads(1)
    memory = SharedMemory(memory_name)
    try:
        try:
            analyzer = load_analyzer(models_dir, options)
        except FacestreamError as error:
            pipe.send(Failed(str(error)))
            return
        pipe.send(Ready())
        while True:
            request: Request = pipe.recv()
            gray = np.ndarray((request.height, request.width), np.uint8, memory.buf)
            try:
                answer: Answer | Failed = Answer(*analyzer.analyze(gray, request.tracks, request.time_s))
            except Exception as error:
                # The process boundary: one frame that cannot be analysed must not cost the models' loading time.
                logger.exception("a frame of %dx%d was not analysed", request.width, request.height)
                answer = Failed(f"{type(error).__name__} in the analysis")
            del gray
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        memory.close()
