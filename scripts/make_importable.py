"""Let the programs of a virtual environment import facestream from its checkout, wherever they lie and are started.

Writes a .pth file into the environment that runs this script. An editable installation would do the same, but its build
needs hatchling, which only the checks have. Fetches nothing.
"""

import sys
import sysconfig
from pathlib import Path


def main() -> int:
    """Write facestream.pth; returns the exit code."""
    if sys.prefix == sys.base_prefix:
        sys.stderr.write("this Python is not that of a virtual environment; run .venv/bin/python\n")
        return 2
    # The checkout in which the environment lies, also if another working tree links to it.
    checkout = Path(sys.prefix).resolve().parent
    packages = Path(sysconfig.get_path("purelib"))
    (packages / "facestream.pth").write_text(f"{checkout}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
