"""Write `report.html`: add up the results of a session as they come, and draw them at the end.

Memory does not grow with the length of the session. The file opens without a network and runs no script.
"""

from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from facestream.results.frame_clock import FrameClock
from facestream.results.record import FrameResult
from facestream.results.report.document import document
from facestream.results.report.session import ReportEvent, ReportOptions, ReportSession
from facestream.results.report.session_tally import SessionTally
from facestream.results.report.thumbnails import Thumbnails

MOST_EVENTS = 1000


class ReportWriter:
    """Writes one report to an open text file, which has to be UTF-8.

    Give each result to `write` in order of time, and call `close` at the end. With `ReportOptions.images`, give the
    frame to `add_image` after the `write` of its result whenever `wants_image` is true.
    """

    def __init__(
        self, file: TextIO, session: ReportSession | None = None, options: ReportOptions | None = None
    ) -> None:
        self._file = file
        self._options = options or ReportOptions()
        self._tally = SessionTally()
        self._clock = FrameClock()
        self._thumbnails = Thumbnails()
        self._events: list[ReportEvent] = []
        self._left_out_events = 0
        self._without_time = 0
        self._first_s = 0.0
        self._has_begun = False
        self._waiting: list[FrameResult] = []
        """The last two results: how long one counts depends on the two after it."""
        self._is_closed = False
        self.session = session or ReportSession()
        """May be replaced until `close`, because some of it is known at the end only."""

    def write(self, result: FrameResult) -> None:
        """Add a result. One whose time is before that of the last one is only counted."""
        if self._waiting and result.time_s < self._waiting[-1].time_s:
            self._without_time += 1
            return
        if not self._has_begun:
            self._has_begun, self._first_s = True, result.time_s
        self._waiting.append(result)
        changed = self._settle() if len(self._waiting) > 2 else {}
        if self._options.images:
            self._thumbnails.want(changed, result)

    def add_event(self, event: ReportEvent) -> None:
        """Add an event, in any order; the first MOST_EVENTS are listed. A `marker_note` replaces its marker."""
        if event.kind == "marker_note":
            self._replace(event)
        elif len(self._events) < MOST_EVENTS:
            self._events.append(event)
        else:
            self._left_out_events += 1

    def _replace(self, noted: ReportEvent) -> None:
        """A note comes soon after its marker. One whose marker is not listed is not listed either."""
        for at in reversed(range(len(self._events))):
            if self._events[at].id == noted.id:
                self._events[at] = noted
                return

    @property
    def wants_image(self) -> bool:
        """Whether the report shows a face of the frame of the last result."""
        return self._thumbnails.wants_image

    def add_image(self, image: NDArray[np.uint8]) -> None:
        """The frame of the last result: shape (height, width), luma, or (height, width, 3), BGR. Raises ValueError."""
        self._thumbnails.add(image)

    def close(self) -> None:
        """Write the report; a second call does nothing. The file stays open."""
        if self._is_closed:
            return
        self._is_closed = True
        while self._waiting:
            self._settle()
        self._file.write(
            document(
                self._tally,
                self.session,
                self._options,
                start_s=self._first_s,
                events=sorted(self._events, key=lambda event: event.time_s),
                left_out_events=self._left_out_events,
                without_time=self._without_time,
                thumbnails=self._thumbnails.by_face,
            )
        )

    def _settle(self) -> dict[int, str]:
        """Add the result that waits longest; returns the labels that have changed, by face id."""
        result = self._waiting.pop(0)
        next_s, after_s = [*(waiting.time_s for waiting in self._waiting), None, None][:2]
        length_s, gap_s = self._clock.length_of(result.time_s, next_s, after_s)
        from_s = result.time_s - self._first_s
        changes = self._tally.add(result, from_s, from_s + length_s)
        if gap_s:
            self._tally.add_gap(gap_s)
        return {face_id: change.label for face_id, change in changes.items()}
