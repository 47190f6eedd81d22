"""Run in a worker process: load the models once, then analyse and annotate one frame after the other.

Never touches the network.
"""

import gc
import pickle
import signal
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from facestream import logs
from facestream.analysis.drawing.annotation import Annotation, annotate
from facestream.analysis.faces import FrameReport
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.errors import FacestreamError
from facestream.workers.frame_memory import FrameMemory
from facestream.workers.message_pipe import MessagePipe
from facestream.workers.packing import PlainForm, plain_form

PackedTracks = bytes
"""The pickled plain form of the `Tracks` of a stream; the media process never unpacks them to analyse a frame."""
NEW_STREAM: PackedTracks = b""
"""The tracks of a stream before its first frame."""
KEPT_STREAMS = 16
PLUGIN_LIMIT_S = 1.0
"""For your own analysis of one frame. `child.py` ends a process later than this, which costs more than the values."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded and tried."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The process cannot start, or one frame could not be analysed, for the given reason."""

    reason: str
    traceback: str = ""
    """Traceback of an unexpected exception; empty if the reason is enough."""


class Request(NamedTuple):
    """Analyse the frame in the shared memory, and annotate it there. Sent as a plain tuple."""

    height: int
    width: int
    tracks: PackedTracks
    time_s: float
    """When the frame arrived, by one clock for the whole stream."""
    annotation: Any
    """The plain form of an `Annotation`; None: the frame stays as it is."""
    with_plugin: bool = True
    """False: without your own analysis."""


class Reply(NamedTuple):
    """The report of a frame, and the tracks for the next request of the stream."""

    report: FrameReport
    tracks: PackedTracks
    draw_ms: float
    """How long annotating the frame took."""

    def to_plain(self) -> tuple[Any, PackedTracks, float]:
        """What is sent."""
        return _REPORT.to_plain(self.report), self.tracks, self.draw_ms

    @classmethod
    def from_plain(cls, plain: tuple[Any, PackedTracks, float]) -> "Reply":
        report, tracks, draw_ms = plain
        return cls(_REPORT.from_plain(report), tracks, draw_ms)


ANNOTATION: PlainForm[Annotation] = plain_form(Annotation)
_REPORT: PlainForm[FrameReport] = plain_form(FrameReport)
_TRACKS: PlainForm[Tracks] = plain_form(Tracks)


class TracksCache:
    """Packs and unpacks tracks; keeps the last packed tracks, because most streams stay with one process."""

    def __init__(self) -> None:
        self._packed_lately: OrderedDict[PackedTracks, Tracks] = OrderedDict()

    def pack(self, tracks: Tracks) -> PackedTracks:
        packed = pack_tracks(tracks)
        self._packed_lately[packed] = tracks
        if len(self._packed_lately) > KEPT_STREAMS:
            self._packed_lately.popitem(last=False)
        return packed

    def unpack(self, packed: PackedTracks) -> Tracks:
        known = self._packed_lately.pop(packed, None)
        return unpack_tracks(packed) if known is None else known


def pack_tracks(tracks: Tracks) -> PackedTracks:
    """The tracks as bytes that any worker of this server can read."""
    return pickle.dumps(_TRACKS.to_plain(tracks), pickle.HIGHEST_PROTOCOL)


def unpack_tracks(packed: PackedTracks) -> Tracks:
    """The tracks of a stream; raises various errors if the bytes are damaged."""
    # Safe: only this server and its workers pack tracks.
    return Tracks() if packed == NEW_STREAM else _TRACKS.from_plain(pickle.loads(packed))  # noqa: S301


def new_stream(first_id: int) -> PackedTracks:
    """The tracks of a new stream whose first face gets this id."""
    return NEW_STREAM if first_id == 1 else pack_tracks(Tracks(next_id=first_id))


def forget_faces(packed: PackedTracks) -> PackedTracks:
    """New tracks for a stream; ids are not reused if the old tracks can be read."""
    try:
        return new_stream(unpack_tracks(packed).next_id)
    except Exception:  # noqa: BLE001
        # The old tracks may be damaged; unpacking may raise anything.
        return NEW_STREAM


def serve_analysis(pipe: Connection, memory: FrameMemory, models_dir: Path, options: AnalysisOptions) -> None:
    """Reply to requests until the pipe is closed."""
    messages = MessagePipe(pipe)
    # A terminal signals the whole process group; the parent ends its children by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logs.set_up_as_parent()
    cv2.setNumThreads(1)
    try:
        try:
            analyzer = load_analyzer(models_dir, options, plugin_limit_s=PLUGIN_LIMIT_S)
            built_in = analyzer.without_plugin()
        except FacestreamError as error:
            messages.send(Failed(str(error)))
            return
        except Exception as error:  # noqa: BLE001
            # The process boundary: report why the models cannot be loaded (no memory, no descriptor); print nothing.
            messages.send(_failed(f"{type(error).__name__}: {error}", error))
            return
        # Otherwise each full collection of garbage looks at every library, which takes 6 to 13 ms while a frame waits.
        gc.collect()
        gc.freeze()
        messages.send(Ready())
        cache = TracksCache()
        while True:
            request = Request(*messages.receive())
            planes = memory.planes(request.height, request.width)
            try:
                used = analyzer if request.with_plugin else built_in
                report, tracks = used.analyze(planes[0], cache.unpack(request.tracks), request.time_s)
                began_s = time.perf_counter()
                if request.annotation is not None:
                    annotate(planes, report, ANNOTATION.from_plain(request.annotation))
                draw_ms = 1000 * (time.perf_counter() - began_s)
                reply: object = Reply(report, cache.pack(tracks), draw_ms).to_plain()
            except Exception as error:  # noqa: BLE001
                # The process boundary: after a frame that cannot be analysed, the models stay loaded.
                # The media process logs the error, because it knows the stream and what it has already logged.
                reply = _failed(f"{type(error).__name__} in the analysis", error)
            messages.send(reply)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _failed(reason: str, error: Exception) -> Failed:
    return Failed(reason, "".join(traceback.format_exception(error)))
