"""Firefox ESR with the product's own page, on the peer's host; tests/clients/node/firefox_page.mjs is the person."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.browser.conftest import SCREENSHOTS
from tests.clients.outcome import Meeting, node

NAMES = ("firefox-esr", "firefox")
NO_WEBRTC = {"media.peerconnection.enabled": False}


@dataclass(frozen=True, slots=True)
class Sight:
    """What the page showed at one moment."""

    state: str
    problem: str
    message: str
    verdict: str
    session_id: str
    """How it begins."""
    points: dict[str, int]
    """Of each line of the chart."""
    mark: bool
    compatibility: bool
    width: int
    height: int
    time_s: float
    """Of the annotated video, as it plays."""
    spread: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened from opening the page to leaving it."""

    client: str
    first: Sight
    last: Sight
    """Two seconds and more after the first."""
    errors: list[str]
    refused: list[str]
    offers: list[str]
    saved: list[Path]
    goodbye_ms: float | None
    """From leaving until the server had no session; None: it still had."""
    late: str
    """What was waited for in vain."""


def firefox() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("Firefox is missing; run `make client-programs`")
    return found


def visit(
    meeting: Meeting,
    folder: Path,
    name: str,
    *,
    lines: tuple[str, ...],
    clip: Path | None = None,
    leave: Literal["close", "go on"] = "close",
    prefs: dict[str, Any] | None = None,
) -> Visit:
    """Open the page, start, record two seconds of what comes back, and leave.

    Who goes on to another page does so without UDP: nothing but the goodbye can tell the server then.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wishes = {
        "url": meeting.url,
        "executable": firefox(),
        "folder": str(folder),
        "clip": str(clip or ""),
        "lines": lines,
        "leave": leave,
        "prefs": prefs or {},
        "screenshot": str(SCREENSHOTS / f"firefox_{name}.png"),
    }
    seen = json.loads(meeting.output_of(*node("firefox_page.mjs", json.dumps(wishes))).splitlines()[-1])
    return Visit(
        client=seen["client"],
        first=Sight(**seen["first"]),
        last=Sight(**seen["last"]),
        errors=seen["errors"],
        refused=seen["refused"],
        offers=seen["offers"],
        saved=sorted(folder.iterdir()),
        goodbye_ms=seen.get("goodbye_ms"),
        late=seen.get("late", ""),
    )
