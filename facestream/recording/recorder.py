"""The records of a server: begin and delete them, finish those that were cut off, delete the old ones.

Everything that touches the disk runs in two threads of its own: one writes, the other cares for old folders.
"""

import asyncio
import enum
import logging
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import Self

from facestream.analysis.drawing.words import Language
from facestream.config import Config
from facestream.errors import ConfigError
from facestream.recording.care import RecordCare
from facestream.recording.files import RecordedSession, RecordFiles, RecordOptions, baseline_of
from facestream.recording.folders import Held, RecordFolders
from facestream.recording.record import EarlierRecord, SessionRecord
from facestream.recording.writer import WriterThread
from facestream.results.formats import check_formats
from facestream.results.report.session import ReportOptions
from facestream.results.session_file import SessionFacts, SessionNotes, models_used
from facestream.results.tables import TableOptions
from facestream.workers.shortage import started_threads

logger = logging.getLogger(__name__)

CARE_EVERY_S = 3600.0
LOOK_EVERY_S = 10.0
"""For records that could not be written."""
CLOSE_DEADLINE_S = 2.0
"""For the last writes at the end of the server; what is not done by then is finished at the next start."""


class Deletion(enum.Enum):
    """What became of a request to delete a record."""

    DONE = "done"
    NO_RECORD = "no record"  # never made, or deleted already
    NOT_YOURS = "not yours"
    IN_USE = "in use"  # another server writes it


def check_record(config: Config) -> None:
    """Check the formats, and that files can be written to the folder; raises ConfigError."""
    if config.record is None:
        return
    try:
        check_formats(config.record_formats)
    except ConfigError as error:
        raise ConfigError(f"record_formats: {error}", "record_formats") from error
    RecordFolders(config.record).prepare()


class Recorder:
    """Begins the records of a server's sessions. Its methods belong to the event loop."""

    def __init__(self, folders: RecordFolders, options: RecordOptions) -> None:
        """`folders` is prepared. Raises ShortageError."""
        self.keep_days = options.keep_days
        self.frames_lost = 0
        """Frames that are missing in records, because the disk or the machine was too slow."""
        self._folders = folders
        self._options = options
        self._begun: weakref.WeakValueDictionary[str, SessionRecord] = weakref.WeakValueDictionary()
        """By session, as long as the session runs or can be resumed."""
        self._care = RecordCare(folders, options.table.report)
        self._writer = WriterThread(self._care.add_failed)
        self._care_thread = started_threads(1, "record-care")
        self._closed = False

    @classmethod
    def of(cls, config: Config, models_dir: Path) -> Self | None:
        """The recorder that the settings ask for, which `check_record` accepts; None: none.

        Raises ModelFileError, ShortageError.
        """
        if config.record is None:
            return None
        folders = RecordFolders(config.record)
        analysis = config.analysis_options()
        facts = SessionFacts(
            models=models_used(models_dir, analysis) if config.analysis_processes else {},
            settings={name: value for name, value in asdict(analysis).items() if value != ""},
        )
        table = TableOptions(
            detector=config.detector,
            changes=True,
            events=True,
            report=ReportOptions(Language(config.record_language)),
        )
        days = f"for {config.record_days} days" if config.record_days else "without a limit of time"
        logger.info("record: the results of sessions are kept in %s %s", config.record, days)
        return cls(folders, RecordOptions(config.record_formats, config.record_days, facts, table))

    @property
    def faults(self) -> int:
        """Sessions whose record has ended early, because it could not be written."""
        return self._writer.faults

    @property
    def impaired(self) -> str:
        """Why the last session could not be recorded, as a sentence without paths; empty: it could."""
        problem = self._writer.problem
        return (
            f"record: the results of sessions cannot be written ({problem}), see the log" if problem else ""
        )

    def begin(
        self,
        session_id: str,
        secret: str,
        kind: str,
        earlier: EarlierRecord | None = None,
        *,
        most_days: int = 0,
    ) -> SessionRecord | None:
        """Begin the record of a session; one that continues another gets its names and baselines.

        `most_days`: what its peer agreed to, maybe before this server was started with another number; 0: any number.
        None: the owner has deleted the record of the session that it continues.
        """
        if earlier is not None and earlier.is_deleted:
            return None
        continues = earlier.folder if earlier else ""
        keep_days = min((days for days in (most_days, self.keep_days) if days), default=0)
        session = RecordedSession(session_id, secret, kind, continues, keep_days)
        notes = SessionNotes()
        if earlier is not None:
            notes.names.update(earlier.names)
            notes.baselines.update(
                {face: baseline_of(emotions, 0.0) for face, emotions in earlier.baselines.items()}
            )
        record = SessionRecord(
            self._writer,
            RecordFiles(self._folders, session, self._options, notes),
            self._count_lost,
        )
        self._begun[session_id] = record
        if earlier is not None:
            record.names = dict(earlier.names)
            record.baselines = {face: dict(emotions) for face, emotions in earlier.baselines.items()}
        return record

    async def delete(self, record: SessionRecord) -> Deletion:
        """Delete the record of a running session, and those that it continues; nothing more is kept of it.

        Raises OSError.
        """
        record.is_deleted = True
        return await asyncio.wrap_future(self._writer.submit(lambda: self._delete_files(record.files)))

    async def delete_ended(self, session_id: str, secret: str | None) -> Deletion:
        """Delete the record of a session that has ended, and those that it continues.

        `secret`: that of the session; None: an admin asks. Raises OSError.
        """
        deletion = await asyncio.wrap_future(self._writer.submit(lambda: self._delete(session_id, secret)))
        if deletion is Deletion.DONE and (record := self._begun.get(session_id)) is not None:
            # The peer may still resume the session.
            record.is_deleted = True
        return deletion

    async def care(self) -> None:
        """Finish folders that were cut off and delete the old ones, now and every hour, until cancelled.

        Records that could not be written are finished within seconds after the disk has space again.
        """
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(self._care_thread, self._care.tidy)
            tidy_at_s = loop.time() + CARE_EVERY_S
            while (left_s := tidy_at_s - loop.time()) > 0:
                await asyncio.sleep(min(left_s, LOOK_EVERY_S))
                if self._care.has_failed:
                    await loop.run_in_executor(self._care_thread, self._care.finish_failed)

    def tidy(self) -> None:
        """Finish folders that were cut off, and delete the old ones. Takes seconds for an hour of frames."""
        self._care.tidy()

    def close(self) -> None:
        """Write what waits, and end; blocks for CLOSE_DEADLINE_S at most. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._care.stop()
        self._care_thread.shutdown(wait=False, cancel_futures=True)
        if not self._writer.close(CLOSE_DEADLINE_S):
            logger.warning("record: not everything was written in time; the next start finishes it")

    def _count_lost(self) -> None:
        self.frames_lost += 1

    def _delete_files(self, files: RecordFiles) -> Deletion:
        has_folder = files.delete()
        self._delete_continued(files.continues)
        return Deletion.DONE if has_folder or files.continues else Deletion.NO_RECORD

    def _delete(self, session_id: str, secret: str | None) -> Deletion:
        record = self._folders.of_session(session_id)
        if record is None:
            return Deletion.NO_RECORD
        held = Held.existing(record.path)
        if held is None:
            return Deletion.IN_USE
        if secret is not None and not held.belongs_to(secret):
            held.release()
            return Deletion.NOT_YOURS
        held.delete()
        self._delete_continued(record.continues)
        return Deletion.DONE

    def _delete_continued(self, name: str) -> None:
        """Delete the folders that a deleted one continued: they belong to the same peer."""
        seen = set[str]()
        while name not in seen and (record := self._folders.named(name)):
            # A folder that is not deleted, because another server holds it, may name itself.
            seen.add(name)
            if held := Held.existing(record.path):
                held.delete()
            name = record.continues
