"""The reasons why a session ends: one code for the log, the metrics and the peer's notice.

The session itself ends in `Session.run` (`sessions/base.py`): one of its tasks raises `SessionEnded`, or another part
of the server calls `Session.request_end`. An unexpected exception ends it with `Ending.FAULT`.
"""

from dataclasses import dataclass
from enum import StrEnum

from facestream.messages.control import NoticeCode


class Ending(StrEnum):
    """Why a session ended; `label` and `notice` map it to the metrics' label and to the code of the notice."""

    GOODBYE = "goodbye"  # the peer sent `bye`
    PAGE_CLOSED = "page_closed"  # the peer's page was closed (`POST /sessions/{id}/bye`)
    DELETED = "deleted"  # the peer deleted its session over HTTP
    ENDED_BY_ADMIN = "ended_by_admin"  # an admin deleted it
    RESUMED = "resumed"  # the peer has reconnected; its new session has the state
    MOVED = "moved"  # another node of the cluster serves the peer now; its new session there has the state
    VIDEO_ENDED = "video_ended"  # the peer's video track ended
    TIME_OVER = "time_over"  # the session reached max_session_s
    CONNECTION_LOST = "connection_lost"  # the peer connection or the socket closed or failed
    SILENCE = "silence"  # neither a frame nor a control message for silence_deadline_s
    SETUP_TIMEOUT = "setup_timeout"  # no frame within setup_deadline_s of the offer
    FRAME_TOO_LARGE = "frame_too_large"  # a frame has more pixels or bytes than the server accepts
    BAD_FRAME = "bad_frame"  # a frame cannot be decoded, or the server does not accept it
    SERVER_STOPPING = "server_stopping"  # the server is stopping
    FAULT = "fault"  # an unexpected exception: a bug in facestream

    @property
    def label(self) -> str:
        """The label `reason` of `facestream_sessions_closed`; both kinds of rejected frames have the same."""
        return "frame_refused" if self in {Ending.FRAME_TOO_LARGE, Ending.BAD_FRAME} else self.value

    @property
    def notice(self) -> NoticeCode | None:
        """The code of the notice to the peer; None: the peer ended the session or cannot be reached."""
        return _NOTICES.get(self)


_NOTICES = {
    Ending.ENDED_BY_ADMIN: NoticeCode.ENDED,
    Ending.RESUMED: NoticeCode.REPLACED,
    Ending.VIDEO_ENDED: NoticeCode.VIDEO_ENDED,
    Ending.TIME_OVER: NoticeCode.TIME_OVER,
    Ending.SILENCE: NoticeCode.SILENCE,
    Ending.SETUP_TIMEOUT: NoticeCode.SETUP_TIMEOUT,
    Ending.FRAME_TOO_LARGE: NoticeCode.FRAME_TOO_LARGE,
    Ending.BAD_FRAME: NoticeCode.BAD_FRAME,
    Ending.SERVER_STOPPING: NoticeCode.STOPPING,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one session ends."""

    ending: Ending
    detail: str
    """A sentence for the log, and for the notice if the ending has one."""


class SessionEnded(Exception):
    """Ends a session; not an error."""

    def __init__(self, ending: Ending, detail: str) -> None:
        super().__init__(detail)
        self.reason = Reason(ending, detail)
