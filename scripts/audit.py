"""Look up known vulnerabilities of the pinned versions at PyPI; says so if PyPI cannot be reached."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEADLINE_S = 300
HOLES_EXIT, UNKNOWN_EXIT = 1, 2


def main() -> int:
    """Return 0 if every version was looked up and has no known vulnerability."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "requirements.txt")]
    # The pins are complete; resolving them again would request every package.
    command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    try:
        dependencies = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = ended.stderr.strip().splitlines()[-1:] or ["no answer"]
        sys.stdout.write(f"not audited: pip-audit failed ({last[0]})\n")
        return UNKNOWN_EXIT
    unknown = [entry["name"] for entry in dependencies if "skip_reason" in entry]
    holes = [(entry["name"], hole) for entry in dependencies for hole in entry.get("vulns", [])]
    for name, hole in holes:
        fixed = ", ".join(hole.get("fix_versions", [])) or "no version yet"
        sys.stdout.write(f"{name}: {hole['id']}, fixed in {fixed}\n")
    if unknown:
        sys.stdout.write(
            f"not audited: PyPI knows nothing of {len(unknown)} of {len(dependencies)}, or was not reached\n"
        )
    if holes:
        return HOLES_EXIT
    if unknown:
        return UNKNOWN_EXIT
    sys.stdout.write(f"no known holes in {len(dependencies)} dependencies\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
