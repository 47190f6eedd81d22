"""Open the files of a folder of results, and replace one when it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

OF_UMASK, PRIVATE = 0o666, 0o600
"""Permissions of new files: as usual, or for their owner only."""


def open_text(path: Path, permissions: int = OF_UMASK) -> TextIO:
    """A file for a writer of results: UTF-8, and LF at the end of a line on every system.

    A PRIVATE one is never opened through a link, which could lead out of the folder.
    """
    links = os.O_NOFOLLOW if permissions == PRIVATE else 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | links, permissions)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def part_of(path: Path) -> Path:
    """Where a file is written before it replaces this one."""
    return path.with_name(f".{path.name}.part")


@contextmanager
def replacing(path: Path, permissions: int = OF_UMASK) -> Iterator[TextIO]:
    """A file that replaces this one when it is whole; if it cannot be, nothing of it is left. Raises OSError."""
    part = part_of(path)
    try:
        with open_text(part, permissions) as file:
            yield file
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
