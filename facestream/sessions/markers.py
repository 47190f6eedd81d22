"""The markers of one session: their numbers, how many it may set, and which of them still wait for a note.

Sends nothing, and keeps only the newest.
"""

import time
from collections import OrderedDict
from typing import Final

from facestream.errors import FacestreamError
from facestream.messages.events import Marker, MarkerNote
from facestream.token_bucket import TokenBucket

MARKERS_PER_S, MARKERS_AT_ONCE = 10, 50
"""Of one session, with notes, names and baselines. The browser keeps all of them."""
MOST_WAITING: Final = 64
"""The newest markers of a session, for which a note may still come."""


class MarkerError(FacestreamError):
    """A marker is rejected; the base of the errors below."""

    code = "bad_marker"


class NoFrameYetError(MarkerError):
    """A session has received no frame yet, so a marker has no time; the client gets HTTP 409."""

    code = "no_frame_yet"


class TooManyMarkersError(MarkerError):
    """A session gets more markers than it may; the client gets HTTP 429."""

    code = "too_many_markers"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """When to try again."""


class NoSuchMarkerError(MarkerError):
    """A note comes for a marker that the session does not have, or that has its note."""

    code = "no_such_marker"


class SessionMarkers:
    """Numbers the markers of a session."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(1 / MARKERS_PER_S, MARKERS_AT_ONCE)
        self._count = 0
        self._waiting: OrderedDict[int, Marker] = OrderedDict()
        """By the peer's own id."""

    def check_rate(self) -> None:
        """Count one request of the owner; raises TooManyMarkersError."""
        if wait_s := self._bucket.wait_s(time.monotonic()):
            raise TooManyMarkersError(
                f"too many markers; expected at most {MARKERS_PER_S} a second of one session", wait_s
            )

    def set(self, name: str, note: str, pts_s: float | None, peer_id: int) -> Marker:
        """A marker at this time. `peer_id`: the peer's own id, by which its note comes later; 0: none comes.

        Raises MarkerError: there is no frame yet (`pts_s` is None), or there are too many.
        """
        if pts_s is None:
            raise NoFrameYetError(
                "no frame has arrived yet; a marker has the time of a frame: try again later"
            )
        self.check_rate()
        self._count += 1
        marker = Marker(name=name, note=note, pts=pts_s, id=self._count)
        if peer_id:
            self._waiting.pop(peer_id, None)
            self._waiting[peer_id] = marker
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
        return marker

    def add_note(self, peer_id: int, note: str) -> MarkerNote:
        """The note of a marker, once; raises MarkerError."""
        self.check_rate()
        if (marker := self._waiting.pop(peer_id, None)) is None:
            raise NoSuchMarkerError(
                f"got a note for marker {peer_id}; expected one of the last {MOST_WAITING} markers that were sent with "
                "an id over this connection, and one note for each"
            )
        return MarkerNote(id=marker.id, name=marker.name, note=note, pts=marker.pts)
