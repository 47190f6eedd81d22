"""The analysis process: loads the models once, then answers one frame after the other; never touches the network."""

import os
import pickle
import signal
import struct
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import cv2

from facestream import logs
from facestream.analysis.faces import FrameReport
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.errors import FacestreamError
from facestream.workers.frame_memory import FrameMemory

PackedTracks = bytes
"""A stream's `Tracks` as an analysis process has packed them: the media process only keeps them for the next frame."""
NEW_STREAM: PackedTracks = b""
KEPT_STREAMS = 16


@dataclass(frozen=True, slots=True)
class Ready:
    """Models are loaded and tried."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The process cannot start, or one frame could not be analysed; the sentence says why."""

    reason: str
    traceback: str = ""
    """Traceback of an unexpected exception; empty if the message is sufficient."""


class Request(NamedTuple):
    """One gray frame lies in the shared memory, rows without padding."""

    height: int
    width: int
    tracks: PackedTracks
    time_s: float
    """When the frame arrived, on one clock for its whole stream."""


class Answer(NamedTuple):
    """What was found, and the tracks to hand in with the next frame of that stream."""

    report: FrameReport
    tracks: PackedTracks


class TracksUnpacker:
    """Packs and unpacks tracks; those packed here lately come back without work, as they mostly do."""

    def __init__(self) -> None:
        self._packed_lately: OrderedDict[PackedTracks, Tracks] = OrderedDict()

    def pack(self, tracks: Tracks) -> PackedTracks:
        packed = pickle.dumps(tracks, pickle.HIGHEST_PROTOCOL)
        self._packed_lately[packed] = tracks
        if len(self._packed_lately) > KEPT_STREAMS:
            self._packed_lately.popitem(last=False)
        return packed

    def unpack(self, packed: PackedTracks) -> Tracks:
        if packed == NEW_STREAM:
            return Tracks()
        known = self._packed_lately.pop(packed, None)
        if known is not None:
            return known
        # Only ever what another analysis process of this server has packed.
        tracks: Tracks = pickle.loads(packed)  # noqa: S301
        return tracks


def forget_faces(packed: PackedTracks) -> PackedTracks:
    """Fresh tracks for a stream; ids are not reused if the old tracks can be read."""
    try:
        return pickle.dumps(Tracks(next_id=TracksUnpacker().unpack(packed).next_id), pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001
        # The old tracks may be broken; unpickling may raise anything.
        return NEW_STREAM


def send_whole(pipe: Connection, message: object) -> None:
    """`pipe.send` in one write, whatever the length.

    `send` makes two writes of more than 16 kB, as eight faces have: a process that is stopped between them would stop
    the event loop that reads.
    """
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    left = memoryview(struct.pack("!i", len(content)) + content)
    while left:
        left = left[os.write(pipe.fileno(), left) :]


def serve_analysis(pipe: Connection, memory: FrameMemory, models_dir: Path, options: AnalysisOptions) -> None:
    """Answer requests until the pipe closes."""
    # Signals reach the whole process group or cgroup; the parent ends its children by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logs.set_up_as_parent()
    cv2.setNumThreads(1)
    try:
        try:
            analyzer = load_analyzer(models_dir, options)
        except FacestreamError as error:
            send_whole(pipe, Failed(str(error)))
            return
        except Exception as error:  # noqa: BLE001
            # The process boundary: report why the models cannot load (no memory, no descriptor); do not print it.
            send_whole(pipe, _failed(f"{type(error).__name__}: {error}", error))
            return
        send_whole(pipe, Ready())
        tracks_of = TracksUnpacker()
        while True:
            request: Request = pipe.recv()
            gray = memory.frame(request.height, request.width)
            try:
                report, tracks = analyzer.analyze(gray, tracks_of.unpack(request.tracks), request.time_s)
                answer: Answer | Failed = Answer(report, tracks_of.pack(tracks))
            except Exception as error:  # noqa: BLE001
                # The process boundary: one frame that cannot be analysed must not cost the models' loading time.
                # The media process logs it, because it knows the stream and what it has already logged.
                answer = _failed(f"{type(error).__name__} in the analysis", error)
            send_whole(pipe, answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _failed(reason: str, error: Exception) -> Failed:
    return Failed(reason, "".join(traceback.format_exception(error)))
