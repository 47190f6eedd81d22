"""Drive our page in Firefox ESR on the peer's host, with tests/clients/node/firefox_page.mjs."""

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
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
    """Its first characters."""
    points: dict[str, int]
    """Number of points by line of the chart."""
    mark: bool
    compatibility: bool
    width: int
    height: int
    time_s: float
    """Playback position of the annotated video."""
    spread: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened from opening the page to leaving it."""

    client: str
    first: Sight
    last: Sight
    """At least two seconds after the first."""
    errors: list[str]
    rejected: list[str]
    offers: list[str]
    saved: list[Path]
    goodbye_ms: float | None
    """Time from leaving until the server has no session; None: the session did not end."""
    late: str
    """What did not appear in time; empty: nothing is missing."""


def frames_of(file: Path | io.BytesIO) -> int:
    """The number of frames of a recording."""
    with av.open(file if isinstance(file, io.BytesIO) else str(file), mode="r") as clip:
        return sum(1 for _ in clip.decode(video=0))


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
    leave: Literal["close", "navigate"] = "close",
    prefs: dict[str, Any] | None = None,
) -> Visit:
    """Open the page, start, record two seconds of the annotated video, and leave.

    For "navigate", UDP is cut before the page is left, so only the goodbye reaches the server.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    options = {
        "url": meeting.url,
        "executable": firefox(),
        "folder": str(folder),
        "clip": str(clip or ""),
        "lines": lines,
        "leave": leave,
        "prefs": prefs or {},
        "screenshot": str(SCREENSHOTS / f"firefox_{name}.png"),
    }
    seen = json.loads(meeting.output_of(*node("firefox_page.mjs", json.dumps(options))).splitlines()[-1])
    return Visit(
        client=seen["client"],
        first=Sight(**seen["first"]),
        last=Sight(**seen["last"]),
        errors=seen["errors"],
        rejected=seen["rejected"],
        offers=seen["offers"],
        saved=sorted(folder.iterdir()),
        goodbye_ms=seen.get("goodbye_ms"),
        late=seen.get("late", ""),
    )
