"""Describe a replaced name of a library, check that it still exists, and replace it.

Importing this module replaces nothing; only `install` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from facestream.errors import FacestreamError
from facestream.resources import INSTALL_PINS

WRITTEN_FOR = {"aiortc": "1.16", "aioice": "0.13"}


class PatchError(FacestreamError):
    """The installed aiortc or aioice is not the version that the patches were written for."""

    code = "wrong_library_version"


@dataclass(frozen=True, slots=True)
class Replacement:
    """One patch: a name in a module or class of a library, and the object that replaces it."""

    owner: object
    name: str
    new: object
    reason: str
    """What happens without the patch; F numbers are those of docs/aiortc-patches.md."""

    @property
    def path(self) -> str:
        """The full name, such as `aiortc.rtcpeerconnection.RTCRtpSender`."""
        owner = getattr(self.owner, "__qualname__", None)
        module = getattr(self.owner, "__module__", None) if owner else getattr(self.owner, "__name__", "?")
        return ".".join(part for part in (module, owner, self.name) if part)


def check_versions() -> None:
    """Raise PatchError if a library has another version than the patches were written for."""
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
    """Raise PatchError if a name to be replaced does not exist."""
    gone = [each.path for each in replacements if not hasattr(each.owner, each.name)]
    if gone:
        raise PatchError(
            f"{', '.join(gone)}: not found, expected in aiortc {WRITTEN_FOR['aiortc']} and "
            f"aioice {WRITTEN_FOR['aioice']}; run `{INSTALL_PINS}`"
        )


def check_mentions(owner: type, method: str, names: Sequence[str]) -> None:
    """Raise PatchError if a method does not use the private attributes that the patches rely on."""
    code = getattr(getattr(owner, method, None), "__code__", None)
    used = set(code.co_names) | set(code.co_cellvars) if code else set()
    gone = [name for name in names if name not in used]
    if gone:
        raise PatchError(
            f"{owner.__qualname__}.{method} does not use {', '.join(gone)}, expected in aiortc "
            f"{WRITTEN_FOR['aiortc']}; run `{INSTALL_PINS}`"
        )


def install(replacements: Sequence[Replacement]) -> None:
    """Put all patches in place; all names are checked before the first is replaced. Raises PatchError."""
    check_names(replacements)
    for each in replacements:
        setattr(each.owner, each.name, each.new)
