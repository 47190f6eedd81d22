"""Name the folder of each source's results: readable, valid on every file system, and the same in the next run."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

from facestream.offline.sources import Source, SourceKind

MAX_NAME_BYTES = 120
"""File systems allow 255; the name also gets a number, and a prefix while it is written."""
_INVALID = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)


def result_names(
    sources: Sequence[Source], kept: Mapping[str, str], taken: Collection[str]
) -> dict[str, str]:
    """The name of each source's results, by its identity.

    `kept`: names that sources have from an earlier run, by identity; they stay. `taken`: names that no source may get.
    A source is named after its file without the suffix; the second of that name gets the suffix, its folder, or a
    number.
    """
    # Compared without case, for the file systems of macOS and Windows.
    used = {name.casefold() for name in (*kept.values(), *taken)}
    names = dict[str, str]()
    for source in sources:
        identity = source.identity
        name = kept.get(identity) or next(name for name in _candidates(source) if name.casefold() not in used)
        used.add(name.casefold())
        names[identity] = name
    return names


def safe_name(text: str) -> str:
    """A text as a name that every file system can keep.

    It is never empty, hidden, like an option of a command, or a device of Windows.
    """
    normal = unicodedata.normalize("NFC", text)
    name = "".join("_" if char in _INVALID or not char.isprintable() else char for char in normal)
    name = name.strip().rstrip(".")
    while len(name.encode()) > MAX_NAME_BYTES:
        name = name[:-1]
    if not name or name.startswith((".", "-")) or name.partition(".")[0].casefold() in _DEVICES:
        name = f"_{name}"
    return name


def _candidates(source: Source) -> Iterator[str]:
    if source.kind is SourceKind.ADDRESS:
        first = safe_name(source.shown.partition("://")[2].strip("/").replace("/", "_"))
    else:
        path = source.path
        first = safe_name(path.stem)
        yield first
        yield safe_name(path.name)
        yield safe_name(f"{path.absolute().parent.name}-{path.name}")
    yield first
    for number in count(2):
        yield f"{first}-{number}"
