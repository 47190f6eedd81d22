"""What the doctor is told to do, and the command line that tells it; starts nothing."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What is looked at."""

    url: str = ""
    """A server to look at from a peer's side; empty: this machine, and a server started for it."""
    as_json: bool = False
    token_file: Path | None = None
    """Holds the token for that server, where it asks who comes in."""
    cafile: Path | None = None
    """Certificates to believe beside the system's."""


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `facestream doctor`."""
    parser.add_argument(
        "--url", default="", help="look at this server as its peers see it (default: look at this machine)"
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file of the token, where that server asks who comes in",
    )
    parser.add_argument("--cafile", type=Path, metavar="FILE", help="trust these certificates, too (PEM)")
    parser.add_argument(
        "--json", action="store_true", dest="as_json", help="print one JSON object at the end"
    )
