"""The record of one session, as its session sees it: takes frames, markers, names and baselines, and never waits."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from facestream.analysis.faces import FrameReport
from facestream.errors import FacestreamError
from facestream.messages.events import Marker, MarkerNote
from facestream.messages.telemetry import Telemetry
from facestream.recording.files import RecordFiles
from facestream.recording.writer import Step, WriterThread
from facestream.results.report.session import EventKind, ReportEvent

logger = logging.getLogger(__name__)

Value = TypeVar("Value")
MOST_WAITING = 256
"""Frames of one session that wait for the disk, eight seconds at 30 FPS; about 1 MB for one face."""
MOST_NOTES_WAITING = 512
"""Markers, names and baselines are few, and people wait for none again."""
MOST_FACES = 200
"""Faces of one session with a name or a baseline."""


class TooManyFacesError(FacestreamError):
    """More faces of a session than MOST_FACES would have a name or a baseline."""

    code = "too_many_faces"


@dataclass(frozen=True, slots=True)
class EarlierRecord:
    """What the record of the next session of a peer takes over from the one before."""

    folder: str
    """The name of its folder; empty: it is on another machine."""
    names: Mapping[int, str]
    baselines: Mapping[int, Mapping[str, float]]
    """Probabilities by label, of each face whose look at rest is known."""
    is_deleted: bool
    """Whether the owner has deleted it: then nothing more is kept."""

    @property
    def earlier(self) -> Self:
        """Itself, as `SessionRecord.earlier` of one that is still being written or was written here."""
        return self


class SessionRecord:
    """What a session gives to its record. Use it in one thread."""

    def __init__(
        self, writer: WriterThread, files: RecordFiles, on_lost: Callable[[], None] = lambda: None
    ) -> None:
        self.lost = 0
        """Frames that were not written, because the thread could not keep up."""
        self.is_deleted = False
        """Whether the owner has deleted it: then nothing more is kept of this session, nor of one that continues it."""
        self.names: dict[int, str] = {}
        self.baselines: dict[int, dict[str, float]] = {}
        self.files = files
        self._writer = writer
        self._on_lost = on_lost
        self._put = self._done = 0

    @property
    def earlier(self) -> EarlierRecord:
        """What the next session of the peer takes over, as it is now."""
        return EarlierRecord(self.files.name, dict(self.names), dict(self.baselines), self.is_deleted)

    @property
    def is_active(self) -> bool:
        """Whether frames are still being kept."""
        return not self.is_deleted and not self.files.is_closed

    def add_frame(self, message: Telemetry, report: FrameReport, size_wh: tuple[int, int]) -> None:
        """Keep a frame as it was sent; `report` has its landmarks. Beyond MOST_WAITING it is lost, and counted."""
        if self.is_active and not self._give(
            lambda files: files.write(message, report, size_wh), MOST_WAITING
        ):
            if not self.lost:
                logger.warning(
                    "%s: frames are missing in the record, because the disk or the machine is too slow; counted "
                    "until its end",
                    self.files.name,
                )
            self.lost += 1
            self._on_lost()

    def add_marker(self, marker: Marker | MarkerNote) -> None:
        """Keep a marker, or the note that it has got since then."""
        kind: EventKind = "marker_note" if isinstance(marker, MarkerNote) else "marker"
        event = ReportEvent(marker.pts, marker.name, marker.note, marker.id, kind)
        self._give_note(lambda files: files.add_event(event))

    def name_face(self, face: int, name: str | None) -> None:
        """Give a face a name; None: it has none. Raises TooManyFacesError."""
        _keep(self.names, face, name)
        self._give_note(lambda files: files.name_face(face, name))

    def set_baseline(self, face: int, emotions: Mapping[str, float] | None) -> None:
        """Say how a face looks at rest, a probability by label; None: not known. Raises TooManyFacesError."""
        kept = None if emotions is None else dict(emotions)
        _keep(self.baselines, face, kept)
        self._give_note(lambda files: files.set_baseline(face, kept))

    def end(self, ending: str) -> None:
        """The session has ended."""
        if self.is_active:
            lost = self.lost
            self._writer.put(self.files, lambda files: files.finish(ending, lost), lambda: None)

    def _give_note(self, step: Step) -> None:
        if self.is_active:
            self._give(step, MOST_NOTES_WAITING)

    def _give(self, step: Step, most: int) -> bool:
        """Whether the thread gets the step: not if it is too far behind."""
        if self._put - self._done >= most:
            return False
        self._put += 1
        self._writer.put(self.files, step, self._count_done)
        return True

    def _count_done(self) -> None:
        # Each of both numbers has one thread that writes it, so neither needs a lock.
        self._done += 1


def _keep(values: dict[int, Value], face: int, value: Value | None) -> None:
    if value is None:
        values.pop(face, None)
        return
    if face not in values and len(values) >= MOST_FACES:
        raise TooManyFacesError(
            f"{MOST_FACES} faces have one already; expected no more: take one away from another face first"
        )
    values[face] = value
