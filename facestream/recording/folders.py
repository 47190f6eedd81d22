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
from facestream.results.finishing import is_unfinished, read_session_file

FOLDER_MODE, FILE_UMASK = 0o700, 0o077
LOCK: Final = ".facestream"
"""The file that is locked while the folder is written; it holds what only the owner of the session can prove."""
DELETING: Final = ".deleting_"
"""Before the name of a folder that is being deleted."""
_ID = r"[A-Za-z0-9_-]{22}"
_NAME = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d-\d\d-\d\dZ_({_ID})")


def name_of(session_id: str, began: datetime) -> str:
    """The name of the folder of a session: when it began, and its id."""
    return f"{began.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}_{session_id}"


class Held:
    """A folder that this process works on; no other process touches it until `release`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def new(cls, path: Path, secret: str) -> Self:
        """Make a folder whose owner has this secret; raises OSError."""
        path.mkdir(mode=FOLDER_MODE)
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(lock, json.dumps({"secret_sha256": _digest(secret)}).encode())
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

    def is_expired(self, now: datetime) -> bool:
        """Whether the days are over that the answer to the peer named."""
        try:
            days = int(self.content["record"].get("keep_days") or 0)
            began = datetime.fromisoformat(str(self.content["began_at"]))
            return days > 0 and now - began > timedelta(days=days)
        except (TypeError, ValueError, OverflowError):
            return False


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

    def remove_rests(self) -> None:
        """Remove what is left of folders whose deletion was cut off."""
        with os.scandir(self.root) as entries:
            for entry in list(entries):
                name = entry.name.removeprefix(DELETING)
                if name != entry.name and _NAME.fullmatch(name) and entry.is_dir(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        shutil.rmtree(entry.path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
