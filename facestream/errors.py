"""Every error that facestream raises on purpose.

The message is for people: what was received, what is expected, what to do. `code` is for programs: it never changes,
and no program compares messages. A module may define more errors beside the code that raises them.

FacestreamError
├── ConfigError          a setting is out of range, a file it names cannot be read, or the port is taken
├── ModelFileError       a model file is missing or is not the one the manifest names
├── ImageError           an image cannot be analysed
├── ClipError            a clip cannot be read or has no video
├── FrameError           a frame cannot be accepted
│   └── FrameTooLargeError  a frame is larger than the server accepts
├── OfferError           an offer cannot be served
│   └── OfferTooLargeError  the body of an offer is larger than the server reads
├── FragmentError        candidates sent after the offer cannot be read
│   └── FragmentTooLargeError  the body with these candidates is larger than the server reads
├── RestartError         a peer asks for an ICE restart, which is not supported
├── RequestLateError     the body of a request does not arrive in time
├── NoPortError          no UDP port is free for a session's media
├── ServerUnreachableError  the address given to the headless peer is not that of a facestream server
│   └── ServerLostError  the server ended the session of the headless peer, or fell silent
├── TooManyListenersError  a session, or the server, has as many listeners as it may have
├── StateError           what one node gives another is no state of a session
├── NoStateError         there is no state of a session for a resume token
├── OtherFormatError     the state of a session comes from a server of another version
├── ShortageError        the machine lacks descriptors, processes, memory or threads for a part of the server
└── AnalysisUnavailableError  no worker could take or finish the frame
    ├── WorkerLostError      the worker died or hung over the frame
    └── AnalysisFaultError   the analysis of the frame raised an exception: a bug in facestream
"""


class FacestreamError(Exception):
    """Base of all errors with a message that a user can act on."""

    code: str = "error"
    """The reason of the error, for programs: lower case with underscores, never changed."""


class ConfigError(FacestreamError):
    """A setting is out of range, or the file, address or port that it names is not available."""

    code = "bad_config"

    def __init__(self, message: str, setting: str = "") -> None:
        super().__init__(message)
        self.setting = setting
        """The setting, or option of a command, that is meant, as the message names it; empty: several, or none."""


class ModelFileError(FacestreamError):
    """A model file is missing or differs from the file that the manifest names."""

    code = "bad_model_file"


class ImageError(FacestreamError):
    """An image cannot be analysed."""

    code = "bad_image"


class ClipError(FacestreamError):
    """A clip cannot be read or has no video in it."""

    code = "bad_clip"


class FrameError(FacestreamError):
    """A frame cannot be accepted; its session ends with a notice of the same code."""

    code = "bad_frame"


class FrameTooLargeError(FrameError):
    """A frame is larger than the server accepts."""

    code = "frame_too_large"

    def __init__(self, message: str, got: tuple[int, ...] = (), most: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.got = got
        """Width and height in pixels; for an encoded frame its length in bytes. Empty: not given."""
        self.most = most
        """What the server accepts, in the unit of `got`."""


class OfferError(FacestreamError):
    """An offer cannot be served; the client gets HTTP 400 with the message."""

    code = "bad_offer"


class OfferTooLargeError(OfferError):
    """The body of an offer is larger than the server reads; the client gets HTTP 413."""

    code = "offer_too_large"


class FragmentError(FacestreamError):
    """Candidates sent after the offer cannot be read; the client gets HTTP 400 with the message."""

    code = "bad_candidates"


class FragmentTooLargeError(FragmentError):
    """The body with candidates is larger than the server reads; the client gets HTTP 413."""

    code = "candidates_too_large"


class RestartError(FacestreamError):
    """A peer asks for an ICE restart, which is not supported; its session continues."""

    code = "ice_restart_not_supported"


class RequestLateError(FacestreamError, TimeoutError):
    """The body of a request does not arrive in time; the client gets HTTP 408."""

    code = "request_timeout"


class NoPortError(FacestreamError):
    """No UDP port is free for the media of a session."""

    code = "no_media_port"


class ServerUnreachableError(FacestreamError):
    """The address given to the headless peer is not that of a facestream server, or the server rejects the peer."""

    code = "server_unreachable"

    def __init__(
        self, message: str, status: int = 0, problem_code: str = "", retry_after_s: float = 0.0
    ) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status with which the server rejected the peer; 0: no HTTP response."""
        self.problem_code = problem_code
        """`code` of the problem in that response; empty: none."""
        self.retry_after_s = retry_after_s
        """Seconds after which the server allows another try; 0: it did not say."""


class ServerLostError(ServerUnreachableError):
    """The server ended the session of the headless peer before the end of the clip, or it does not answer any more."""

    code = "server_lost"


class ShortageError(FacestreamError):
    """The machine lacks descriptors, processes, threads or memory for a part of the server."""

    code = "machine_shortage"


class AnalysisUnavailableError(FacestreamError):
    """No worker could take or finish the frame."""

    code = "analysis_unavailable"


class WorkerLostError(AnalysisUnavailableError):
    """The worker died or hung over the frame."""

    code = "worker_lost"


class AnalysisFaultError(AnalysisUnavailableError):
    """The analysis of the frame raised an exception: a bug in facestream."""

    code = "analysis_fault"

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback
        """Traceback of the worker, for the log."""


class StateError(FacestreamError):
    """The bytes that a gateway sends are no state; it gets HTTP 400."""

    code = "bad_state"


class NoStateError(FacestreamError):
    """There is no state for a resume token, or not any more; the gateway gets HTTP 404."""

    code = "no_state"


class OtherFormatError(FacestreamError):
    """The state comes from a server of another version; the gateway gets HTTP 409, and the peer new ids."""

    code = "other_state_format"


class TooManyListenersError(FacestreamError):
    """A session, or the server, has as many listeners as it may have; the client gets HTTP 429."""

    code = "too_many_listeners"
