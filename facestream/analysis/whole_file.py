"""Write a file beside the one that it replaces, so that no process ever opens a part of it."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced_when_whole(path: Path) -> Iterator[Path]:
    """The name of a new file that becomes `path` at the end of the context; after an error, nothing of it is left.

    Two processes write to different names, also if they run in two containers. Raises OSError.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
