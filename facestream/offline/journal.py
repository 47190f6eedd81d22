"""The folder that an analysis writes into: which results are whole, for which source and with which settings.

The results of a source are written into a hidden folder and renamed when they are whole, together with
`source.json`, which says what they were made from. So a folder with that file is whole, also after a kill. Nothing that
facestream has not written is ever removed.
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from facestream.errors import ConfigError
from facestream.offline.sources import FoundSources, Source
from facestream.remedies import remedy_of

HIDDEN = ".facestream"
JOURNAL = "source.json"
SUMMARY = "sources.csv"
JOINED = ("faces.csv", "pyfeat.csv", "openface.csv", "faces.parquet")
"""The tables of all sources in one."""
RESERVED = frozenset({SUMMARY, HIDDEN, *JOINED})
_PARTIAL, _OLD = ".partial", ".old"


@dataclass(frozen=True, slots=True)
class Totals:
    """What the analysis of one source amounts to."""

    frames: int
    """Frames that were analysed."""
    frames_with_faces: int
    faces: int
    """Different faces: ids."""
    seconds: float
    """From the first to the last analysed frame, in the source's own time."""
    size_wh: tuple[int, int]
    """Width and height of the first frame, in pixels."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The journal of one source's results."""

    source: str
    """As tables show it."""
    identity: str
    size: int
    """Bytes of the file; 0: not a file."""
    mtime_ns: int
    settings: Mapping[str, object]
    totals: Totals
    problem: str = ""
    """What is wrong with the source, such as a file that is cut off; empty: nothing."""
    files: Sequence[str] = ()
    """The names that facestream has written."""

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def stamp_of(source: Source) -> tuple[int, int]:
    """Size and time of the last change of a source's file; zeros if it is not a file. Raises OSError."""
    if source.is_live:
        return 0, 0
    status = source.path.stat()
    return status.st_size, status.st_mtime_ns


class ResultFolder:
    """The folder that `--out` names, held by this process; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._hidden = folder / HIDDEN
        self._lock: int | None = None
        self.entries: dict[str, tuple[str, Entry]] = {}
        """Name of the folder and journal of the results that are whole, by the identity of their source."""

    def __enter__(self) -> Self:
        """Create the folder, reserve it for this process and read its journals; raises ConfigError."""
        try:
            if not self._hidden.exists():
                self._refuse_files_of_others()
            self._hidden.mkdir(parents=True, exist_ok=True)
            self._reserve()
            self._clear_up()
        except OSError as error:
            self.close()
            raise ConfigError(
                f"--out: {self.path} cannot be written ({error.strerror}); {remedy_of(error, 'choose another folder')}",
                "--out",
            ) from error
        for name, entry in self._journals():
            self.entries[entry.identity] = name, entry
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what is not whole and release the folder; may be called twice."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._clear_up()
            os.close(self._lock)
            self._lock = None

    def names_in_use(self) -> set[str]:
        """The names in the folder that no new source may get, however they came there."""
        return {*RESERVED, *(path.name for path in self.path.iterdir())}

    def is_whole(self, source: Source, settings: Mapping[str, object]) -> bool:
        """Whether the results are there, of the source as it is now and with these settings."""
        if source.is_live or source.identity not in self.entries:
            return False
        name, entry = self.entries[source.identity]
        try:
            return (
                (entry.size, entry.mtime_ns) == stamp_of(source)
                and entry.settings == settings
                and all((self.path / name / file).is_file() for file in entry.files)
            )
        except OSError:
            return False

    def partial(self, name: str) -> Path:
        """The hidden folder in which the results of this name are written; it does not exist yet."""
        return self._hidden / f"{name}{_PARTIAL}"

    def discard(self, name: str) -> None:
        """Remove results that are not whole."""
        shutil.rmtree(self.partial(name), ignore_errors=True)

    def keep(self, name: str, entry: Entry) -> None:
        """Put whole results in place of earlier ones of the same source; raises OSError."""
        partial = self.partial(name)
        files = sorted([*(path.name for path in partial.iterdir()), JOURNAL])
        entry = replace(entry, files=files)
        (partial / JOURNAL).write_text(entry.as_json(), encoding="utf-8")
        for path in partial.iterdir():
            _put_on_disk(path)
        final, old = self.path / name, self._hidden / f"{name}{_OLD}"
        if final.exists():
            final.rename(old)
        partial.rename(final)
        self._remove_old(name)
        self.entries[entry.identity] = name, entry

    def put(self, name: str, write: Callable[[Path], None]) -> Path:
        """Write a file of all sources beside the old one, and put it there when it is whole; raises OSError."""
        part, path = self._hidden / f"{name}.part", self.path / name
        try:
            write(part)
            _put_on_disk(part)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _refuse_files_of_others(self) -> None:
        for name in (SUMMARY, *JOINED):
            if os.path.lexists(self.path / name):
                raise ConfigError(
                    f"--out: {self.path / name} exists and is not from an earlier analysis, which would replace it; "
                    "choose another folder",
                    "--out",
                )

    def _reserve(self) -> None:
        self._lock = os.open(self._hidden / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = None
            raise ConfigError(
                f"--out: another analysis is writing into {self.path}; wait for its end, or choose another folder",
                "--out",
            ) from error
        except OSError as error:
            # Some network file systems have no locks.
            if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL}:
                raise

    def _clear_up(self) -> None:
        """Finish or undo what an earlier run was doing when it was killed."""
        for path in self._hidden.iterdir():
            if path.name.endswith(_PARTIAL):
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.endswith(_OLD):
                name = path.name.removesuffix(_OLD)
                if (self.path / name).exists():
                    self._remove_old(name)
                else:
                    path.rename(self.path / name)

    def _remove_old(self, name: str) -> None:
        """Remove replaced results; files that the person has added move to the new ones."""
        old, new = self._hidden / f"{name}{_OLD}", self.path / name
        if not old.exists():
            return
        entry = _read(old / JOURNAL)
        ours = set(entry.files) if entry is not None else set()
        for path in old.iterdir():
            if path.name not in ours and not os.path.lexists(new / path.name):
                path.rename(new / path.name)
            elif path.name in ours:
                path.unlink()
        # Not empty only if two files of the person have one name.
        with contextlib.suppress(OSError):
            old.rmdir()

    def _journals(self) -> Iterator[tuple[str, Entry]]:
        for path in sorted(self.path.iterdir()):
            entry = _read(path / JOURNAL)
            if entry is not None:
                yield path.name, entry


def check_place(folder: Path, found: FoundSources) -> None:
    """Raise ConfigError if results in this folder would be sources of the next run, or replace one."""
    place = Path(os.path.realpath(folder))
    if os.path.lexists(folder) and not folder.is_dir():
        raise ConfigError(f"--out: {folder} is a file; expected a folder", "--out")
    for searched in found.folders:
        if place.is_relative_to(os.path.realpath(searched)):
            raise ConfigError(
                f"--out: {folder} is inside {searched}, which is analysed; choose a folder outside", "--out"
            )
    for source in found.sources:
        path = Path(source.identity)
        if not source.is_live and path.is_relative_to(place):
            first = place / path.relative_to(place).parts[0]
            if (first / JOURNAL).is_file():
                raise ConfigError(
                    f"{source.shown}: is a result of an earlier analysis, which this one may replace; copy it "
                    "somewhere else first",
                    "SOURCE",
                )


def _read(path: Path) -> Entry | None:
    """A journal; None if there is none that can be read."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        totals = values["totals"]
        values["totals"] = Totals(**{**totals, "size_wh": tuple(totals["size_wh"])})
        return Entry(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _put_on_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
