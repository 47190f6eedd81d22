"""facestream: a WebRTC media server that analyses faces in live video, and its parts as a library.

Analyse frames and images::

    analyzer, tracks = facestream.load_analyzer(), facestream.Tracks()
    report = analyzer.analyze_still(facestream.read_gray("photo.jpg"))  # one image
    report, tracks = analyzer.analyze(gray, tracks, time_s)  # the next frame of a stream
    for time_s, report in facestream.analyze_clip("clip.mp4"):  # a video file
        print(time_s, [face.by_emotion["happy"] for face in report.faces])

`gray` is a numpy array of shape (height, width) and type uint8, luma 0..255. The `FrameReport` has a `Face` for each
face, in pixels of the frame. Read the messages of a server's data channel `telemetry` with `decode_telemetry`, send it
a video file with `replay_clip`, and run a server with `serve`::

    summary = asyncio.run(facestream.replay_clip(facestream.ReplayOptions(Path("clip.mp4"))))
    asyncio.run(facestream.serve(facestream.load_config(port=9000)))

Follow a running session of a server with `follow_events`, an async iterator over its telemetry and markers::

    async for event in facestream.follow_events("http://localhost:8080", token=admin_token):
        print(event)

The names in `__all__` and what their docstrings say are the public interface. Until version 1.0, a minor version may
change it, and the changelog says how; a patch version does not. Everything else is internal and may change at any time.
Every error that facestream raises on purpose is a `FacestreamError`, except ValueError for a value out of range and for
a message that cannot be decoded.

`import facestream` imports no library: each name imports what it needs when it is first used.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from facestream.analysis.analyzer import Analyzer
    from facestream.analysis.faces import (
        EMOTIONS,
        UNSURE,
        BoundingBox,
        Emotion,
        Face,
        FrameReport,
        HeadPose,
        QualityHint,
        UnsureReason,
    )
    from facestream.analysis.models import load_analyzer
    from facestream.analysis.options import AnalysisOptions
    from facestream.analysis.photos import read_gray
    from facestream.analysis.tracking.tracks import Tracks
    from facestream.config import Config, load_config
    from facestream.errors import FacestreamError
    from facestream.live.follow import follow_events
    from facestream.messages.events import Lost, Marker, MarkerNote, SessionEnd, SessionStart
    from facestream.messages.telemetry import Telemetry, decode_telemetry
    from facestream.offline.frames import analyze_clip
    from facestream.replay.options import ReplayOptions
    from facestream.replay.peer import replay_clip
    from facestream.replay.summary import Summary
    from facestream.web.server import serve

__version__ = "0.1.0"
__all__ = [
    "EMOTIONS",
    "UNSURE",
    "AnalysisOptions",
    "Analyzer",
    "BoundingBox",
    "Config",
    "Emotion",
    "Face",
    "FacestreamError",
    "FrameReport",
    "HeadPose",
    "Lost",
    "Marker",
    "MarkerNote",
    "QualityHint",
    "ReplayOptions",
    "SessionEnd",
    "SessionStart",
    "Summary",
    "Telemetry",
    "Tracks",
    "UnsureReason",
    "analyze_clip",
    "decode_telemetry",
    "follow_events",
    "load_analyzer",
    "load_config",
    "read_gray",
    "replay_clip",
    "serve",
]

_MODULE_OF = {
    "EMOTIONS": "facestream.analysis.faces",
    "UNSURE": "facestream.analysis.faces",
    "AnalysisOptions": "facestream.analysis.options",
    "Analyzer": "facestream.analysis.analyzer",
    "BoundingBox": "facestream.analysis.faces",
    "Config": "facestream.config",
    "Emotion": "facestream.analysis.faces",
    "Face": "facestream.analysis.faces",
    "FacestreamError": "facestream.errors",
    "FrameReport": "facestream.analysis.faces",
    "HeadPose": "facestream.analysis.faces",
    "Lost": "facestream.messages.events",
    "Marker": "facestream.messages.events",
    "MarkerNote": "facestream.messages.events",
    "QualityHint": "facestream.analysis.faces",
    "ReplayOptions": "facestream.replay.options",
    "SessionEnd": "facestream.messages.events",
    "SessionStart": "facestream.messages.events",
    "Summary": "facestream.replay.summary",
    "Telemetry": "facestream.messages.telemetry",
    "Tracks": "facestream.analysis.tracking.tracks",
    "UnsureReason": "facestream.analysis.faces",
    "analyze_clip": "facestream.offline.frames",
    "decode_telemetry": "facestream.messages.telemetry",
    "follow_events": "facestream.live.follow",
    "load_analyzer": "facestream.analysis.models",
    "load_config": "facestream.config",
    "read_gray": "facestream.analysis.photos",
    "replay_clip": "facestream.replay.peer",
    "serve": "facestream.web.server",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *_MODULE_OF})
