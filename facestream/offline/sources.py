"""Turn the arguments of a command line into the sources that are analysed; opens and decodes nothing."""

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from facestream.addresses import shown_source, without_secrets
from facestream.errors import ConfigError
from facestream.remedies import remedy_of

PHOTO_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})  # fmt: skip
UNREADABLE_SUFFIXES = frozenset({".avif", ".heic", ".heif"})
"""Of photographs that cannot be read: the error says what to do."""
SCHEMES = ("http", "https", "rtsp", "rtsps", "tcp", "udp")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


class SourceKind(StrEnum):
    """Where frames come from."""

    FILE = "file"
    CAMERA = "camera"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to analyse."""

    kind: SourceKind
    where: str
    """Path or address, as it is opened."""
    shown: str
    """What tables and messages call it: the path as given, or the address without user name and password."""

    @property
    def shown_utf8(self) -> str:
        """`shown` as a table has it: a byte of a file's name that is not UTF-8 is an escape."""
        return as_utf8(self.shown)

    @property
    def path(self) -> Path:
        """The path of a file or a device."""
        return Path(self.where)

    @property
    def is_live(self) -> bool:
        """True: it has no end of its own, and a second analysis would see other frames."""
        return self.kind in {SourceKind.CAMERA, SourceKind.ADDRESS}

    @property
    def identity(self) -> str:
        """The same for two names of one source."""
        if self.kind is SourceKind.ADDRESS:
            # `shown` lacks the query, which may choose the camera and may be secret.
            return f"{self.shown}#{hashlib.sha256(os.fsencode(self.where)).hexdigest()[:8]}"
        return os.path.realpath(self.where)


@dataclass(frozen=True, slots=True)
class FoundSources:
    """The sources of a command line."""

    sources: tuple[Source, ...]
    """Each once, in the order of the arguments; those of a folder by name."""
    folders: tuple[Path, ...]
    """The folders that were searched."""
    left_out: int
    """Files of these folders that are neither videos nor photographs, by their suffix."""


def as_utf8(text: str) -> str:
    """A text as it can be written in UTF-8; a byte that is not UTF-8 becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_address(argument: str) -> bool:
    """Whether an argument is an address and not a path."""
    return _ADDRESS.match(argument) is not None


def find_sources(arguments: Sequence[str]) -> FoundSources:
    """The sources that the arguments name; raises ConfigError for one that names none."""
    sources = dict[str, Source]()
    folders = list[Path]()
    left_out = 0
    for argument in arguments:
        if is_address(argument):
            found: Sequence[Source] = [_address(argument)]
        elif (path := Path(argument)).is_dir():
            found, others = _in_folder(path)
            folders.append(path)
            left_out += others
        else:
            found = [_source(each) for each in _files(argument)]
        for source in found:
            sources.setdefault(source.identity, source)
    if not sources:
        raise ConfigError(
            f"{', '.join(arguments)}: no video or photograph in there; expected files that end in "
            f"{', '.join(sorted(PHOTO_SUFFIXES | VIDEO_SUFFIXES))}",
            "SOURCE",
        )
    return FoundSources(tuple(sources.values()), tuple(folders), left_out)


def _address(argument: str) -> Source:
    parts = urlsplit(argument)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if "@" in parts.path:
        # Otherwise a part of a password may be shown as the path.
        raise ConfigError(
            f"{without_secrets(argument)}: there is an @ in its path; write @ as %40, and in a password also / as %2F "
            "and ? as %3F",
            "SOURCE",
        )
    if parts.scheme.lower() not in SCHEMES or not host:
        raise ConfigError(
            f"{without_secrets(argument)}: not an address that can be read; expected rtsp://HOST/PATH or "
            "http://HOST/PATH (also rtsps, https, tcp, udp)",
            "SOURCE",
        )
    shown = parts._replace(netloc=f"[{host}]" if ":" in host else host, query="", fragment="")
    if port is not None:
        shown = shown._replace(netloc=f"{shown.netloc}:{port}")
    return Source(SourceKind.ADDRESS, argument, shown.geturl())


def _files(argument: str) -> list[Path]:
    path = Path(argument)
    if os.path.lexists(path):
        return [path]
    if glob.has_magic(argument):
        # Path.glob takes no absolute pattern.
        names = sorted(glob.glob(argument, recursive=True), key=_natural)  # noqa: PTH207
        found = [Path(name) for name in names]
        if files := [each for each in found if not each.is_dir()]:
            return files
        raise ConfigError(f"{shown_source(argument)}: no file has such a name; check the pattern", "SOURCE")
    raise ConfigError(
        f"{shown_source(argument)}: no such file; expected a video, a photograph, a folder, a camera such as "
        "/dev/video0, or an address such as rtsp://HOST/PATH",
        "SOURCE",
    )


def _source(path: Path) -> Source:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); {remedy_of(error, 'check the link')}", "SOURCE"
        ) from error
    if stat.S_ISCHR(mode):
        kind = SourceKind.CAMERA
    elif not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: neither a file nor a camera; save the video as a file first", "SOURCE")
    else:
        kind = SourceKind.FILE
    return Source(kind, str(path), str(path))


def _in_folder(folder: Path) -> tuple[list[Source], int]:
    """The videos and photographs below a folder, and the number of other files; hidden ones are left out."""
    sources = list[Source]()
    others = 0
    for path in _below(folder):
        if path.suffix.lower() not in PHOTO_SUFFIXES | VIDEO_SUFFIXES | UNREADABLE_SUFFIXES:
            others += 1
        # A broken link, as of a disk that is not there, is a source that fails: it must not be missing without a word.
        elif path.is_file() or (path.is_symlink() and not path.exists()):
            sources.append(Source(SourceKind.FILE, str(path), str(path)))
    return sources, others


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise ConfigError(
            f"{error.filename}: this folder cannot be read ({error.strerror}); {remedy_of(error)}",
            "SOURCE",
        ) from error

    # Links to folders are not followed: they may lead in a circle.
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=_natural)
        # Also the files "._NAME" that macOS leaves on other disks.
        yield from (Path(parent, name) for name in sorted(names, key=_natural) if not name.startswith("."))


def _natural(name: str) -> tuple[object, ...]:
    """A key that sorts clip2 before clip10."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(part), part) if number % 2 else (0, 0, part) for number, part in enumerate(parts))
