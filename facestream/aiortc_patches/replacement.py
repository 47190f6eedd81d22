"""One replaced name of a library: what, where and why; put in place once, after checking that the name still exists.

Never replaces anything on import: only `install` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from facestream.errors import FacestreamError
from facestream.resources import INSTALL_PINS

WRITTEN_FOR = {"aiortc": "1.16", "aioice": "0.13"}


class PatchError(FacestreamError):
    """The installed aiortc or aioice is not the one the replacements were written for."""

    code = "wrong_library_version"


@dataclass(frozen=True, slots=True)
class Replacement:
    """One name of a library's module or class, and what stands there instead."""

    owner: object
    name: str
    new: object
    reason: str

    @property
    def place(self) -> str:
        owner = getattr(self.owner, "__qualname__", None)
        module = getattr(self.owner, "__module__", None) if owner else getattr(self.owner, "__name__", "?")
        return ".".join(part for part in (module, owner, self.name) if part)


def check_versions() -> None:
    """Raise PatchError where a library has another version than the replacements were written for."""
    for package, expected in WRITTEN_FOR.items():
        try:
            got = version(package)
        except PackageNotFoundError:
            got = "nothing"
        if got != expected and not got.startswith(f"{expected}."):
            raise PatchError(
                f"{package} {got} is installed, expected {expected}.*: "
                f"run `{INSTALL_PINS}`, or read docs/aiortc-patches.md before an upgrade"
            )


def check_names(replacements: Sequence[Replacement]) -> None:
    """Raise PatchError where a name to be replaced is gone."""
    gone = [each.place for each in replacements if not hasattr(each.owner, each.name)]
    if gone:
        raise PatchError(
            f"{', '.join(gone)}: not found, expected in aiortc {WRITTEN_FOR['aiortc']} and "
            f"aioice {WRITTEN_FOR['aioice']}; run `{INSTALL_PINS}`"
        )


def check_mentions(owner: type, method: str, names: Sequence[str]) -> None:
    """Raise PatchError where a method no longer uses the private attributes the replacements rely on."""
    code = getattr(getattr(owner, method, None), "__code__", None)
    used = set(code.co_names) | set(code.co_cellvars) if code else set()
    gone = [name for name in names if name not in used]
    if gone:
        raise PatchError(
            f"{owner.__qualname__}.{method} does not use {', '.join(gone)}, expected in aiortc "
            f"{WRITTEN_FOR['aiortc']}; run `{INSTALL_PINS}`"
        )


def install(replacements: Sequence[Replacement]) -> None:
    """Put every replacement in place; all names are checked before the first is touched."""
    check_names(replacements)
    for each in replacements:
        setattr(each.owner, each.name, each.new)
