"""Every error facestream raises on purpose; a message says got / expected / what to do.

FacestreamError
├── ConfigError          a setting is out of range, a file it names cannot be read, or the port is taken
├── ModelFileError       a model file is missing or is not the one the manifest names
├── ImageError           a picture cannot be analysed
├── ClipError            a clip cannot be read or has no video
├── FrameError           a frame cannot be accepted
│   └── FrameTooLargeError  a frame is larger than the server accepts
├── OfferError           an offer cannot be served
├── FragmentError        candidates sent after the offer cannot be read
├── RestartError         a peer wants to restart ICE, which is not served
├── RequestLateError     the body of a request does not arrive in time
├── NoPortError          no UDP port is free for a session's media
├── ServerUnreachableError  the address given to the headless peer does not answer as facestream
├── ShortageError        the machine lacks descriptors, processes, memory or threads for a part of the server
└── AnalysisUnavailableError  no analysis process could take or finish the frame
    ├── WorkerLostError      the analysis process died or hung over the frame
    └── AnalysisFaultError   the analysis of the frame raised an exception: a bug in facestream
"""


class FacestreamError(Exception):
    """Base of all errors with a sentence a user can act on."""


class ConfigError(FacestreamError):
    """A setting is out of range, or what it names is not available."""


class ModelFileError(FacestreamError):
    """A model file is missing or is not the one the manifest names."""


class ImageError(FacestreamError):
    """A picture cannot be analysed."""


class ClipError(FacestreamError):
    """A clip cannot be read or has no video in it."""


class FrameError(FacestreamError):
    """A frame cannot be taken; the peer is told why."""

    code = "bad_frame"
    """Code of the notice to the peer, see docs/telemetry.md."""


class FrameTooLargeError(FrameError):
    """A frame is larger than the server accepts."""

    code = "frame_too_large"


class OfferError(FacestreamError):
    """An offer cannot be served; the peer is told why."""


class FragmentError(FacestreamError):
    """Candidates sent after the offer cannot be read; the peer is told why."""


class RestartError(FacestreamError):
    """A peer wants to restart ICE, which is not served; its session goes on."""


class RequestLateError(FacestreamError, TimeoutError):
    """The body of a request does not arrive in time; the client gets 408."""


class NoPortError(FacestreamError):
    """No UDP port is free for the media of a session."""


class ServerUnreachableError(FacestreamError):
    """The address given to the headless peer does not answer as a facestream server."""


class ShortageError(FacestreamError):
    """The machine lacks descriptors, processes, threads or memory for a part of the server."""


class AnalysisUnavailableError(FacestreamError):
    """No analysis process could take or finish the frame."""


class WorkerLostError(AnalysisUnavailableError):
    """The analysis process died or hung over the frame."""


class AnalysisFaultError(AnalysisUnavailableError):
    """The analysis of the frame raised an exception: a bug in facestream."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback
        """Traceback of the analysis process, for the log."""
