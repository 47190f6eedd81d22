"""docs/clients.md names every client that the tests install, in the version that they install."""

import json
import re

from tests.conftest import ROOT

PACKAGE = ROOT / "tests" / "clients" / "node" / "package.json"


def npm_versions() -> dict[str, str]:
    versions: dict[str, str] = json.loads(PACKAGE.read_text(encoding="utf-8"))["devDependencies"]
    return versions


def pip_versions() -> dict[str, str]:
    files = ("requirements.txt", "requirements-dev.txt")
    pins = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    return dict(re.findall(r"^(aiortc|wrtc)==(.*)$", pins, re.MULTILINE))


def test_every_client_from_npm_says_why_it_is_here():
    reasons = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert [name for name in npm_versions() if f"| `{name}` |" not in reasons] == []


def test_every_client_is_in_the_table_with_its_version():
    rows = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8").splitlines()
    # Playwright drives a browser and is not a client itself.
    clients = {**npm_versions(), **pip_versions()}
    del clients["puppeteer-core"]

    missing = [
        (name, version)
        for name, version in clients.items()
        if not any(row.startswith((f"| `{name}`", f"| {name}")) and f"| {version} |" in row for row in rows)
    ]

    assert missing == []
