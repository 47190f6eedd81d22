"""Entry point of the program; reports a system or a Python that cannot run it before importing the rest.

Python 3.6 can parse this module and the modules that import it.
"""

import os
import sys

OLDEST = 3, 11


def main(arguments: "list[str] | None" = None) -> int:
    """Run the command of a command line as this process; returns its exit code."""
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write(
            f"facestream: this is Python {sys.version_info[0]}.{sys.version_info[1]}; expected 3.11 or newer: run "
            "`make setup`, and start it with .venv/bin/python\n"
        )
        return 2
    if sys.platform == "win32":
        sys.stderr.write(
            "facestream: this is Windows, which lacks the Unix signals and resource limits that the server uses; "
            "expected Linux: run it in WSL 2 or in a container\n"
        )
        return 2
    given = sys.argv[1:] if arguments is None else arguments
    try:
        from facestream.cli.exit_codes import run_process
    except KeyboardInterrupt:
        os._exit(0 if given[:1] in (["serve"], ["gateway"]) else 130)  # as run_process would
    return run_process(given)
