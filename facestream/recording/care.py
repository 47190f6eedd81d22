"""Care for the folders of records: finish those that were cut off, delete the old ones. Runs beside the event loop."""

import logging
import shutil
import threading
import time
from datetime import datetime
from pathlib import Path

from facestream.recording.clock import RecordClock
from facestream.recording.folders import Held, Record, RecordFolders
from facestream.results.finishing import finish_interrupted
from facestream.results.report.session import ReportOptions
from facestream.results.report.texts import texts_of

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 10.0, 600.0
LEAST_FREE_BYTES = 16 * 1024 * 1024
"""A report has less than 5 MB. On a fuller disk, nobody tries to write one."""


class RecordCare:
    """Cares for the folders of one directory. One thread at a time; `add_failed` from any."""

    def __init__(
        self, folders: RecordFolders, report: ReportOptions, clock: RecordClock | None = None
    ) -> None:
        self._folders, self._report = folders, report
        self._clock = clock or RecordClock(folders.root)
        self._failed: dict[str, str] = {}
        self._lock = threading.Lock()
        self._retry_s, self._retry_at_s = FIRST_RETRY_S, 0.0
        self._stopped = False

    @property
    def has_failed(self) -> bool:
        """Whether a record that could not be written is still to be finished."""
        return bool(self._failed)

    def add_failed(self, name: str, problem: str) -> None:
        """Finish this folder as soon as possible: its record has ended, because of this problem."""
        with self._lock:
            self._failed[name] = problem

    def stop(self) -> None:
        """Begin with no further folder."""
        self._stopped = True

    def tidy(self) -> None:
        """Finish folders that were cut off, and delete the old ones. Takes seconds for an hour of frames."""
        finished, deleted = list[str](), 0
        try:
            self._folders.remove_rests()
            now = self._clock.believed(self._folders.newest)
            if self._clock.problem:
                logger.warning("record: %s", self._clock.problem)
            for record in self._folders.all():
                if self._stopped:
                    return
                if now is not None and record.is_misdated(now):
                    self._redate(record, now)
                if now is not None and record.is_expired(now):
                    deleted += self._delete_expired(record)
                elif record.is_unfinished and self._finish(record):
                    finished.append(record.path.name)
        except OSError as error:
            logger.warning("record: %s cannot be read (%s)", self._folders.root, error.strerror)
        if finished:
            logger.info("record: finished the results of sessions that were cut off: %s", ", ".join(finished))
        if deleted:
            logger.info("record: deleted %d recorded sessions, because their days are over", deleted)

    def finish_failed(self) -> None:
        """Finish records that could not be written, if the disk has space again; else wait longer for the next try."""
        now_s = time.monotonic()
        if now_s < self._retry_at_s or not _has_space(self._folders.root):
            return
        with self._lock:
            names = list(self._failed)
        finished = [name for name in names if not self._stopped and self._finish_failed(name)]
        if finished:
            logger.info(
                "record: finished the results of sessions that could not be written: %s", ", ".join(finished)
            )
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S) if self._failed else FIRST_RETRY_S
        self._retry_at_s = now_s + self._retry_s if self._failed else 0.0

    def _finish_failed(self, name: str) -> bool:
        record = self._folders.named(name)
        if record is not None and record.is_unfinished and not self._finish(record):
            return False
        with self._lock:
            self._failed.pop(name, None)
        return record is not None

    def _finish(self, record: Record) -> bool:
        name = record.path.name
        held = Held.existing(record.path)
        if held is None:
            return False
        try:
            # Again, because its writer may have finished it since.
            current = self._folders.named(name)
            if current is None or not current.is_unfinished:
                return False
            texts = texts_of(self._report.language)
            problem = self._failed.get(name)
            why = texts.not_written.format(problem=problem) if problem else texts.cut_off
            finish_interrupted(record.path, why, self._report)
        except (OSError, ValueError) as error:
            logger.warning("record: %s cannot be finished (%s)", name, error)
            return False
        except Exception:
            # The boundary of one folder: a fault in it must not prevent the deletion of others.
            logger.exception("record: %s cannot be finished: fault in the server", name)
            return False
        finally:
            held.release()
        with self._lock:
            self._failed.pop(name, None)
        return True

    def _redate(self, record: Record, now: datetime) -> None:
        held = Held.existing(record.path)
        if held is None:
            return
        try:
            record.count_days_from(now)
        except OSError as error:
            logger.warning("record: %s cannot be written (%s)", record.path.name, error.strerror)
        else:
            logger.warning(
                "record: %s was begun while the clock was wrong; its days are counted from now on",
                record.path.name,
            )
        finally:
            held.release()

    def _delete_expired(self, record: Record) -> bool:
        held = Held.existing(record.path)
        if held is None:
            return False
        try:
            held.delete()
        except OSError as error:
            logger.warning("record: %s cannot be deleted (%s)", record.path.name, error)
            return False
        return True


def _has_space(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free >= LEAST_FREE_BYTES
    except OSError:
        return False
