"""The folders of recorded sessions below one directory: make, lock, find, delete. Writes no results.

A folder is ours if its name is one of ours and its session.json says that a server has recorded it; nothing else is
touched, and links are not followed. The process that writes a folder holds a lock in it, which ends with the process,
so that several servers can share a directory.
"""

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from facestream.errors import ConfigError
from facestream.remedies import remedy_of
from facestream.results.bundle import SESSION, write_session_file
from facestream.results.files import PRIVATE
from facestream.results.finishing import is_unfinished, read_session_file
from facestream.session_ids import NODE_ID, RANDOM_PART

FOLDER_MODE, FILE_UMASK = 0o700, 0o077
LOCK: Final = ".facestream"
"""The file that is locked while the folder is written; it holds what only the owner of the session can prove."""
DELETING: Final = ".deleting_"
"""Before the name of a folder that is being deleted."""
MAKING: Final = ".making_"
"""Before the name of a folder that has no session.json yet."""
MAKING_LIMIT = timedelta(minutes=1)
"""After this, nobody is making it any more; the folder is made at once."""
PLAUSIBLE_FROM = datetime(2026, 1, 1, tzinfo=UTC)
"""No session began before there was facestream; a clock without a battery begins long before."""
FUTURE = timedelta(days=1)
"""No session began later than this from now."""
_ID = rf"(?:{NODE_ID}\.)?{RANDOM_PART}"
_FOLDER = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ_"
_NAME = re.compile(rf"{_FOLDER}({_ID})")
_REST = re.compile(rf"({re.escape(DELETING)}|{re.escape(MAKING)}){_FOLDER}{_ID}")


def name_of(session_id: str, began: datetime) -> str:
    """The name of the folder of a session: when it began, and its id."""
    return f"{began.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}_{session_id}"


class Held:
    """A folder that this process works on; no other process touches it until `release`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def new(cls, path: Path, secret: str, content: dict[str, Any]) -> Self:
        """Make a folder whose owner has this secret, with a session.json of this content; raises OSError.

        It appears with both: a killed process leaves no folder that is not known as a record.
        """
        making = path.with_name(f"{MAKING}{path.name}")
        making.mkdir(mode=FOLDER_MODE)
        lock = -1
        try:
            lock = os.open(making / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(lock, json.dumps({"secret_sha256": _digest(secret)}).encode())
            write_session_file(making, content, PRIVATE)
            making.rename(path)
        except OSError:
            if lock >= 0:
                os.close(lock)
            shutil.rmtree(making, ignore_errors=True)
            raise
        return cls(path, lock)

    @classmethod
    def existing(cls, path: Path) -> Self | None:
        """None: another process, or another part of this one, works on it, or it is gone."""
        try:
            lock = os.open(path / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        return cls(path, lock)

    def belongs_to(self, secret: str) -> bool:
        """Whether this is the secret of the session's owner."""
        try:
            content = json.loads(os.pread(self._lock, 1000, 0))
            return hmac.compare_digest(str(content["secret_sha256"]), _digest(secret))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def delete(self) -> None:
        """Remove the folder, and release it; raises OSError."""
        try:
            # Renamed first: a folder that is deleted in part must not look like a record.
            doomed = self.path.with_name(f"{DELETING}{self.path.name}")
            self.path.rename(doomed)
            shutil.rmtree(doomed)
        finally:
            self.release()

    def release(self) -> None:
        """Let others work on it; a second call does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@dataclass(frozen=True, slots=True)
class Record:
    """A folder of ours, as its session.json describes it."""

    path: Path
    content: dict[str, Any]

    @property
    def continues(self) -> str:
        """The name of the folder that it continues; empty: none."""
        return str(self.content["record"].get("continues") or "")

    @property
    def is_unfinished(self) -> bool:
        """Whether it is being written, or was cut off."""
        return is_unfinished(self.content)

    @property
    def days_from(self) -> datetime | None:
        """From when on its days are counted; None: nobody can say."""
        try:
            said = self.content["record"].get("days_from") or self.content["began_at"]
            from_ = datetime.fromisoformat(str(said))
        except (KeyError, TypeError, ValueError):
            return None
        return from_ if from_.tzinfo else None

    def is_expired(self, now: datetime) -> bool:
        """Whether the days are over that the answer to the peer named."""
        from_, kept = self.days_from, self._kept
        return from_ is not None and kept is not None and now - from_ > kept

    def is_misdated(self, now: datetime) -> bool:
        """Whether it was begun while the clock was wrong, so that its days are counted from another time."""
        from_ = self.days_from
        return self._kept is not None and from_ is not None and not PLAUSIBLE_FROM <= from_ <= now + FUTURE

    @property
    def _kept(self) -> timedelta | None:
        try:
            return timedelta(days=int(self.content["record"].get("keep_days") or 0)) or None
        except (TypeError, ValueError, OverflowError):
            return None

    def count_days_from(self, now: datetime) -> None:
        """Count its days from now on; for who holds it. Raises OSError."""
        self.content["record"]["days_from"] = now.isoformat(" ", "seconds")
        write_session_file(self.path, self.content, PRIVATE)


class RecordFolders:
    """All records below a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the directory, and check that files can be written there; raises ConfigError."""
        try:
            self.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as file:
                file.write(b"facestream")
                file.flush()
        except OSError as error:
            raise ConfigError(
                f"record: {self.root} cannot be written to ({error.strerror}); expected a folder for the results of "
                f"sessions: {remedy_of(error, 'choose another')}",
                "record",
            ) from error

    def all(self) -> Iterator[Record]:
        """Every folder of ours, the oldest first; raises OSError if the directory cannot be read."""
        with os.scandir(self.root) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        for name in names:
            if record := self.named(name):
                yield record

    def named(self, name: str) -> Record | None:
        """The folder of that name, if it is ours."""
        match = _NAME.fullmatch(name)
        path = self.root / name
        if match is None or path.is_symlink():
            return None
        try:
            content = read_session_file(path)
            if content["record"]["session_id"] != match[1]:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Record(path, content)

    def of_session(self, session_id: str) -> Record | None:
        """The folder of a session; raises OSError."""
        if not re.fullmatch(_ID, session_id):
            return None
        with os.scandir(self.root) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(f"_{session_id}")]
        return next(filter(None, map(self.named, names)), None)

    def newest(self) -> datetime | None:
        """When a record was last written to; None: there is none. Raises OSError."""
        times = list[float]()
        for record in self.all():
            with contextlib.suppress(OSError):
                times.append((record.path / SESSION).stat().st_mtime)
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def remove_rests(self) -> None:
        """Remove what is left of folders that were being made or deleted when a process was killed; raises OSError."""
        with os.scandir(self.root) as entries:
            for entry in list(entries):
                match = _REST.fullmatch(entry.name)
                if match is None or not entry.is_dir(follow_symlinks=False):
                    continue
                with contextlib.suppress(OSError):
                    if match[1] == DELETING or self._is_left(entry):
                        shutil.rmtree(entry.path)

    @staticmethod
    def _is_left(entry: "os.DirEntry[str]") -> bool:
        changed = datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC)
        return abs(datetime.now(UTC) - changed) > MAKING_LIMIT


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
