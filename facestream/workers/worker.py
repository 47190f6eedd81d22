"""Run in a worker process: load the models once, then analyse one frame after the other.

Never touches the network.
"""

import gc
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
"""The pickled `Tracks` of a stream; the media process never unpickles them to analyse a frame."""
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
    """Analyse the gray frame in the shared memory; its rows have no padding."""

    height: int
    width: int
    tracks: PackedTracks
    time_s: float
    """When the frame arrived, by one clock for the whole stream."""
    with_plugin: bool = True
    """False: without your own analysis."""


class Reply(NamedTuple):
    """The report of a frame, and the tracks for the next request of the stream."""

    report: FrameReport
    tracks: PackedTracks


class TracksCache:
    """Packs and unpacks tracks; keeps the last packed tracks, because most streams stay with one process."""

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
        # Safe: only workers of this server pack tracks.
        tracks: Tracks = pickle.loads(packed)  # noqa: S301
        return tracks


def new_stream(first_id: int) -> PackedTracks:
    """The tracks of a new stream whose first face gets this id."""
    return NEW_STREAM if first_id == 1 else pickle.dumps(Tracks(next_id=first_id), pickle.HIGHEST_PROTOCOL)


def forget_faces(packed: PackedTracks) -> PackedTracks:
    """New tracks for a stream; ids are not reused if the old tracks can be read."""
    try:
        return new_stream(TracksCache().unpack(packed).next_id)
    except Exception:  # noqa: BLE001
        # The old tracks may be damaged; unpickling may raise anything.
        return NEW_STREAM


def send_whole(pipe: Connection, message: object) -> None:
    """Send a message as `pipe.send` does, but in one write, whatever its length.

    `pipe.send` writes messages of more than 16 kB (eight faces) in two parts. If this process is stopped between them,
    the event loop that reads blocks.
    """
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    left = memoryview(struct.pack("!i", len(content)) + content)
    while left:
        left = left[os.write(pipe.fileno(), left) :]


def serve_analysis(pipe: Connection, memory: FrameMemory, models_dir: Path, options: AnalysisOptions) -> None:
    """Reply to requests until the pipe is closed."""
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
            send_whole(pipe, Failed(str(error)))
            return
        except Exception as error:  # noqa: BLE001
            # The process boundary: report why the models cannot be loaded (no memory, no descriptor); print nothing.
            send_whole(pipe, _failed(f"{type(error).__name__}: {error}", error))
            return
        # Otherwise each full collection of garbage looks at every library, which takes 6 to 13 ms while a frame waits.
        gc.collect()
        gc.freeze()
        send_whole(pipe, Ready())
        cache = TracksCache()
        while True:
            request: Request = pipe.recv()
            gray = memory.frame(request.height, request.width)
            try:
                used = analyzer if request.with_plugin else built_in
                report, tracks = used.analyze(gray, cache.unpack(request.tracks), request.time_s)
                reply: Reply | Failed = Reply(report, cache.pack(tracks))
            except Exception as error:  # noqa: BLE001
                # The process boundary: after a frame that cannot be analysed, the models stay loaded.
                # The media process logs the error, because it knows the stream and what it has already logged.
                reply = _failed(f"{type(error).__name__} in the analysis", error)
            send_whole(pipe, reply)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _failed(reason: str, error: Exception) -> Failed:
    return Failed(reason, "".join(traceback.format_exception(error)))
