"""The files of one recorded session, for the thread that writes them; opens them with the first frame."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from facestream.analysis.faces import EMOTIONS, FrameReport
from facestream.messages.telemetry import Telemetry
from facestream.recording.folders import Held, RecordFolders, name_of
from facestream.results.bundle import Bundle
from facestream.results.files import PRIVATE
from facestream.results.record import result_of
from facestream.results.report.session import ReportEvent
from facestream.results.report.texts import texts_of
from facestream.results.session_file import Baseline, SessionFacts, SessionNotes, Totals, session_json
from facestream.results.tables import TableOptions


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """What is known about a session when its record begins."""

    id: str
    secret: str
    kind: str
    continues: str
    """The name of the folder of the session that it continues; empty: none."""
    keep_days: int
    """0: not limited."""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What every record of a server has in common."""

    formats: Sequence[str]
    keep_days: int
    """0: not limited. The peer of a session may ask for less."""
    facts: SessionFacts
    table: TableOptions


class RecordFiles:
    """Writes one session. One thread at a time; methods raise OSError."""

    def __init__(
        self, folders: RecordFolders, session: RecordedSession, options: RecordOptions, notes: SessionNotes
    ) -> None:
        self.name = name_of(session.id, began := datetime.now(UTC))
        """Of its folder, which does not exist before the first frame."""
        self._folders, self._session, self._options = folders, session, options
        self._facts = replace(options.facts, source=session.id, began_at=began.isoformat(" ", "seconds"))
        self._notes = notes
        self._held: Held | None = None
        self._bundle: Bundle | None = None
        self._last_s = 0.0
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be written."""
        return self._is_closed

    @property
    def continues(self) -> str:
        """The name of the folder of the session that it continues; empty: none."""
        return self._session.continues

    @property
    def keep_days(self) -> int:
        """Days after which the folder is deleted; 0: it is not."""
        return self._session.keep_days

    def write(self, message: Telemetry, report: FrameReport, size_wh: tuple[int, int]) -> None:
        """Write a frame as it was sent to the peer."""
        result = replace(
            result_of(report, message.seq, message.pts, size_wh),
            unanalysed=message.unanalysed,
            message=message,
        )
        self._last_s = message.pts
        self._opened().write(result)

    def add_event(self, event: ReportEvent) -> None:
        """Write a marker, or the note that it has got; one before the first frame is impossible."""
        if self._bundle is not None:
            self._bundle.add_event(event)

    def name_face(self, face: int, name: str | None) -> None:
        """Give a face a name, or None."""
        if self._bundle is not None:
            self._bundle.name_face(face, name)
        elif name is None:
            self._notes.names.pop(face, None)
        else:
            self._notes.names[face] = name

    def set_baseline(self, face: int, emotions: dict[str, float] | None) -> None:
        """Say how a face looks at rest, by label; None: not known any more."""
        baseline = None if emotions is None else baseline_of(emotions, self._last_s)
        if self._bundle is not None:
            self._bundle.set_baseline(face, baseline)
        elif baseline is not None:
            self._notes.baselines[face] = baseline
        else:
            self._notes.baselines.pop(face, None)

    def flush(self) -> bool:
        """Give everything to the system; returns whether there is a folder yet."""
        if self._bundle is None:
            return False
        assert self._held is not None
        # Files of a folder that somebody has deleted can still be written, to nowhere.
        self._held.path.stat()
        self._bundle.flush()
        return True

    def finish(self, ending: str, lost: int) -> None:
        """Complete all files. `lost`: how many frames were not written, because this thread could not keep up."""
        if self._bundle is not None:
            self._notes.record = {**self._notes.record, "ending": ending, "frames_lost": lost}
            texts = texts_of(self._options.table.report.language)
            missing = [texts.frames_missing.format(count=lost)] if lost else []
            if left_out := self._bundle.names_left_out:
                missing.append(texts.values_missing.format(names=", ".join(left_out)))
            self._bundle.finish(" ".join(missing))
        self.close()

    def delete(self) -> bool:
        """Remove the folder with everything; returns whether there was one."""
        self._close_files()
        held, self._held = self._held, None
        self.close()
        if held is not None:
            held.delete()
        return held is not None

    def close(self) -> None:
        """Leave the files as they are; a second call does nothing, and none raises."""
        self._is_closed = True
        self._close_files()
        if self._held is not None:
            self._held.release()

    def _close_files(self) -> None:
        if self._bundle is not None:
            # What could not be written is still in its buffers, and fails again.
            with contextlib.suppress(OSError):
                self._bundle.close()

    def _opened(self) -> Bundle:
        if self._bundle is not None:
            return self._bundle
        path = self._folders.root / self.name
        self._notes.record = self._record()
        try:
            content = session_json(self._facts, Totals(), {}, self._notes, whole=False)
            self._held = Held.new(path, self._session.secret, content)
            table = replace(self._options.table, source=self._session.id)
            self._bundle = Bundle(
                path, self._options.formats, self._facts, table, self._notes, "by caller", PRIVATE
            )
        except OSError:
            _remove_empty(path)
            raise
        return self._bundle

    def _record(self) -> dict[str, JsonValue]:
        session = self._session
        return {
            "session_id": session.id,
            "kind": session.kind,
            "continues": session.continues or None,
            "keep_days": session.keep_days,
            "ending": None,
            "frames_lost": 0,
        }


def baseline_of(emotions: Mapping[str, float], from_time_s: float) -> Baseline:
    """How a face looks at rest, from probabilities by label."""
    return Baseline(tuple(emotions[name] for name in EMOTIONS), from_time_s)


def _remove_empty(path: Path) -> None:
    """Remove the files of a folder that has no frame yet."""
    with contextlib.suppress(OSError):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
