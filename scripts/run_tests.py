"""Run pytest, and run its failed tests once more, alone, if they are few; both results stay in the output.

Usage: run_tests.py [PYTEST_ARGUMENT...]
A plugin cannot do this: pytest-rerunfailures listens on a port, and the server grants a local program access without a
token only if the program does not listen (docs/decisions/0012-local-clients.md).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

MOST_AGAIN = 5
"""More failed tests than this are no coincidence."""
SLOWEST = 30
"""Tests whose times are listed at the end, so that somebody notices when the run grows."""
WITHOUT_FLOOR = "--cov-fail-under=0"
"""Of a run whose coverage counts with another one's."""
TESTS_FAILED = 1
"""The exit status of pytest for it; others mean that it could not run them."""


def failed_tests(cache: Path) -> list[str]:
    """The node ids of the tests that failed in the run with this folder for pytest's cache."""
    path = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def report(text: str) -> None:
    """Write at once, so that the text stays between the outputs of the two runs."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Return pytest's exit status, of the second run if there was one; not 0 if the coverage is below its floor."""
    # Of this run only, because `make test` has two at once.
    with tempfile.TemporaryDirectory(prefix="facestream-tests-") as folder:
        return run(Path(folder), arguments)


def run(cache: Path, arguments: list[str]) -> int:
    """The same, with this folder for pytest's cache."""
    pytest = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", f"--durations={SLOWEST}"]
    status = subprocess.run([*pytest, *arguments], check=False).returncode
    failed = failed_tests(cache)
    if status != TESTS_FAILED or not 0 < len(failed) <= MOST_AGAIN:
        return status
    report(f"{len(failed)} failed; once more, alone:")
    status = subprocess.run([*pytest, *failed], check=False).returncode
    if status == 0:
        if "--cov" in arguments and WITHOUT_FLOOR not in arguments:
            # The second run measures nothing, so ask for the floor of the first one's data.
            status = subprocess.run([sys.executable, "-m", "coverage", "report"], check=False).returncode
        report(
            "\n  ".join(["passed at the second try, so mend the test or the race that it found:", *failed])
        )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
