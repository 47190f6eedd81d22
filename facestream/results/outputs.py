"""Write result files so that nothing of the user's is lost: check them first, write beside, rename when whole.

A regular file is written to a hidden file in the same folder, `.NAME.XXXXXXXX.part`, and renamed over the old file when
it is whole: until then, the old file stays as it is. Pipes, devices and descriptors (`/dev/stdout`, `/dev/fd/63`) are
written to; they are never removed or replaced.
"""

import contextlib
import errno
import fcntl
import io
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TextIO

from facestream.errors import ConfigError

PART_SUFFIX: Final = ".part"
INCOMPLETE: Final = ".incomplete"
_MAX_NAME_BYTES = 255
_HEAD_BYTES = 4096
_MAX_LINKS = 40  # as in Linux
_DESCRIPTORS = re.compile(r"/proc/(\d+)(?:/task/\d+)?/fd|/dev/fd")


def check_outputs(
    outputs: Mapping[str, Path | None], inputs: Iterable[Path], *, binary: Collection[str] = ()
) -> None:
    """Raise ConfigError if an output would cost the user a file. Call it before the first `Output` of a command.

    `outputs` has all paths by option; None: not wanted. An output must not be one of the inputs, nor what standard
    output is redirected to, nor the file of another option. Files are compared by identity, so links and other
    spellings of a name are found too. `binary` has the options whose files are not text: no other option may replace an
    existing file that is not text, as in `--jsonl *.jpg`.
    """
    wanted = {option: path for option, path in outputs.items() if path is not None}
    read = {key: path for path in inputs if (key := _identity(path)) is not None}
    standard = _standard_streams()
    written: dict[tuple[object, ...], str] = {}
    for option, path in wanted.items():
        key = _identity(path)
        if key is not None and key in read:
            raise ConfigError(
                f"{option}: {path} is an input of this command ({read[key]}); choose another file", option
            )
        if key is not None and key in standard and _descriptor_of(path) is None:
            raise ConfigError(
                f"{option}: {path} is also {standard[key]} of this command; choose another file, or name /dev/stdout",
                option,
            )
        # A file that does not exist has a name only.
        place = key or _not_yet(path)
        if place in written:
            raise ConfigError(
                f"{option}: {path} is also the file of {written[place]}; choose two files", option
            )
        if place is not None:
            written[place] = option
        if option not in binary and _is_binary(path):
            raise ConfigError(
                f"{option}: {path} exists and is no text, so it may be an image or a video; choose another file, or "
                "delete it first",
                option,
            )


class Output:
    """One output of a command: `open` it, write, then `commit`, `keep_incomplete` or `discard` it.

    As a context manager, it commits at the end, and discards if an exception leaves the block. One thread at a time.
    """

    def __init__(self, path: Path, option: str) -> None:
        """Check that it can be written, and leave everything as it is; raises ConfigError that names `option`."""
        self.path = path
        self.option = option
        self._file: BinaryIO | None = None
        self._text: io.TextIOWrapper | None = None
        self._part: Path | None = None
        try:
            self._descriptor = _descriptor_of(path)
            self._target = Path(os.path.realpath(path))
            self._old = _stat_of(path)
            self.is_regular = self._descriptor is None and (
                self._old is None or stat.S_ISREG(self._old.st_mode)
            )
            """Whether it is replaced when whole, in contrast to a pipe, a device or a descriptor."""
            self._check()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigError(
                f"{option}: {path} cannot be written ({why}); choose another file", option
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.commit()
        else:
            self.discard()

    @property
    def is_open(self) -> bool:
        """Whether something may have been written that is neither committed nor discarded."""
        return self._file is not None

    def open(self) -> BinaryIO:
        """The file to write to, the same one at each call; raises OSError. A pipe waits for its reader.

        It can be read and moved in if the output is a regular file.
        """
        if self._file is None:
            self._file = self._open_part() if self.is_regular else self._open_special()
        return self._file

    def open_text(self) -> TextIO:
        """The same file for text in UTF-8, without translation of line ends; do not close it."""
        if self._text is None:
            # A file name that is not UTF-8 is written with escapes, which JSON understands.
            self._text = io.TextIOWrapper(
                self.open(), encoding="utf-8", errors="backslashreplace", newline=""
            )
        return self._text

    def commit(self) -> None:
        """Put everything on the disk and replace the old file; raises OSError, and then the old file stays."""
        file = self.open()
        try:
            if self._text is not None:
                self._text.flush()
            file.flush()
            if self._part is not None:
                os.fsync(file.fileno())
            self._close()
            if self._part is not None:
                _replace(self._part, self._target)
                self._part = None
        except BaseException:
            self.discard()
            raise

    def keep_incomplete(self) -> Path | None:
        """Keep what was written as NAME.incomplete.EXT beside the old file; returns that name, None: nothing kept."""
        if self._part is None or self._file is None:
            self.discard()
            return None
        aside = self._target.with_name(f"{self._target.stem}{INCOMPLETE}{self._target.suffix}")
        try:
            self._close()
            self._part.replace(aside)
        except OSError:
            self.discard()
            return None
        self._part = None
        return aside

    def discard(self) -> None:
        """Remove what was written here, and nothing else; may be called in any state."""
        if self._file is None and not self.is_regular and self._descriptor is None:
            # A reader that waits at the pipe gets its end.
            with contextlib.suppress(OSError):
                os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))
        with contextlib.suppress(OSError):
            self._close()
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._part.unlink()
            self._part = None

    def _check(self) -> None:
        if self._old is not None:
            if stat.S_ISDIR(self._old.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if stat.S_ISBLK(self._old.st_mode):
                # A disk: nobody wants a table there instead of the files on it.
                raise ValueError("a disk")
            if self._descriptor is None and not os.access(self.path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if self._descriptor is not None and self._descriptor >= 0:
            if fcntl.fcntl(self._descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
                raise OSError(errno.EBADF, "it is open for reading only")
        elif self.is_regular:
            # Proves that the folder takes a new file.
            self._open_part().close()
            self.discard()

    def _open_part(self) -> BinaryIO:
        room = _MAX_NAME_BYTES - len(f"..{secrets.token_hex(4)}{PART_SUFFIX}")
        # A shortened name may end within a character, which os.fsdecode keeps as it is.
        name = os.fsdecode(os.fsencode(self._target.name)[:room])
        part = self._target.with_name(f".{name}.{secrets.token_hex(4)}{PART_SUFFIX}")
        # Whoever may not read the old file must not read the new one, not even while it is written.
        mode = 0o666 if self._old is None else 0o600
        number = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self._part = part
        if self._old is not None:
            # Another owner or group only if this user may set it.
            with contextlib.suppress(OSError):
                os.fchown(number, self._old.st_uid, self._old.st_gid)
            with contextlib.suppress(OSError):
                os.fchmod(number, stat.S_IMODE(self._old.st_mode))
        return os.fdopen(number, "w+b")

    def _open_special(self) -> BinaryIO:
        if self._descriptor is not None and self._descriptor >= 0:
            # Opened by name, a file that the shell has redirected would be overwritten from its start.
            if self._descriptor == 1:
                sys.stdout.flush()
            number = os.dup(self._descriptor)
        else:
            number = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
        return os.fdopen(number, "wb")

    def _close(self) -> None:
        file, self._file, text, self._text = self._file, None, self._text, None
        if file is None:
            return
        try:
            if text is not None:
                text.detach()
        finally:
            file.close()


def _replace(part: Path, target: Path) -> None:
    try:
        part.replace(target)
    except OSError:
        # A file that is mounted, or another user's in /tmp, cannot be replaced; what is whole is copied into it.
        shutil.copyfile(part, target)
        with target.open("rb") as copied:
            os.fsync(copied.fileno())
        part.unlink()
    with contextlib.suppress(OSError):
        # The new name itself.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _stat_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _identity(path: Path) -> tuple[object, ...] | None:
    """What two names of one file have in common; None for what does not exist, and for terminals and the like."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return None if stat.S_ISCHR(found.st_mode) else (found.st_dev, found.st_ino)


def _is_binary(path: Path) -> bool:
    """Whether a file exists and has a zero byte near its start, as images and videos have."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return b"\0" in file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return False


def _not_yet(path: Path) -> tuple[object, ...] | None:
    """The same for a file that does not exist yet; None for terminals and the like."""
    return None if path.exists() else (os.path.realpath(path),)


def _standard_streams() -> dict[tuple[object, ...], str]:
    """What standard output and error are redirected to, by identity."""
    found: dict[tuple[object, ...], str] = {}
    for number, name in ((2, "standard error"), (1, "standard output")):
        with contextlib.suppress(OSError):
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode):
                found[status.st_dev, status.st_ino] = name
    return found


def _descriptor_of(path: Path) -> int | None:
    """The descriptor of this process that a path like /dev/stdout names; -1: another process's; None: none."""
    at = os.path.abspath(path)  # noqa: PTH100 - links must not be followed
    for _ in range(_MAX_LINKS):
        folder, name = os.path.realpath(os.path.dirname(at)), os.path.basename(at)  # noqa: PTH119, PTH120
        match = _DESCRIPTORS.fullmatch(folder)
        if match is not None and name.isdigit():
            return int(name) if match[1] in {None, str(os.getpid())} else -1
        try:
            at = os.path.join(folder, os.readlink(os.path.join(folder, name)))  # noqa: PTH115, PTH118
        except OSError:
            return None
    return None
