"""What the page promises, in Firefox: chart, faces, recording, sessions, refusals. Each test is a visit."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.browser.cameras import NOTHING
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_chart import OVERFLOW, SIZES
from tests.browser.test_frame_on_show import clip_of_faces
from tests.clients.firefox import firefox, frames_of
from tests.clients.outcome import Meeting, node

pytestmark = pytest.mark.clients

MOST_BEHIND = 15
"""Frames between the panel and the newest report; each is looked at four times a second."""


@pytest.fixture(scope="module")
def clip(media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five faces for three seconds, then one of them for four."""
    return clip_of_faces(media_dir / "multi_face.jpg", tmp_path_factory.mktemp("clip") / "faces.webm")


def visit(meeting: Meeting, clip: Path, folder: Path, name: str) -> dict[str, Any]:
    """One of the VISITS of tests/clients/node/firefox_visits.mjs; returns its observations."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    options = {
        "url": meeting.url,
        "executable": firefox(),
        "folder": str(folder),
        "clip": str(clip),
        "visit": name,
        "sizes": SIZES,
        "overflow": OVERFLOW,
        "screenshot": str(SCREENSHOTS / f"firefox_{name}.png"),
    }
    lines = meeting.output_of(*node("firefox_visits.mjs", json.dumps(options))).splitlines()
    seen: dict[str, Any] = json.loads(lines[-1])
    if seen.get("failed"):
        pytest.fail(f"{seen['failed']}\n{seen}")
    return seen


def test_the_chart_fits_keeps_what_it_showed_and_reaches_the_start(
    meeting: Meeting, clip: Path, tmp_path: Path
):
    seen = visit(meeting, clip, tmp_path, "chart")

    assert seen["overflows"] == []
    assert seen["save_at_rest"] == "true"
    before, after = seen["paused"]
    assert before == after
    assert seen["looked_at"] == "0:00 to 0:15 of the session"
    assert seen["axis"].startswith("0:00")
    assert seen["axis"].endswith("0:15")
    assert re.search("happy|neutral|unsure", seen["bands"])
    assert seen["menu_closed"]
    assert not seen["errors"]


def test_the_word_belongs_to_the_frame_and_a_chosen_face_is_not_replaced(
    meeting: Meeting, clip: Path, tmp_path: Path
):
    seen = visit(meeting, clip, tmp_path, "people")

    # None: no face at that moment.
    assert set(seen["sums"]) - {None} == {100}
    assert all(abs(frames) <= MOST_BEHIND for frames in seen["behind"]), seen["behind"]
    assert seen["absent"] == f"Face {seen['chosen']} is not in the video"
    assert set(seen["absent_shares"]) == {NOTHING}
    assert seen["followed"] > 0
    assert not seen["errors"]


def test_a_file_is_analysed_once_from_start_to_end(meeting: Meeting, media_dir: Path, tmp_path: Path):
    # Each of its steps takes Firefox up to half a second.
    clip = clip_of_faces(media_dir / "multi_face.jpg", tmp_path / "short.webm", five_s=1, one_s=0)
    seen = visit(meeting, clip, tmp_path, "clip")

    # Firefox does not tell the times of a file's frames, so it is read in steps of 1/30 s.
    counts = re.search(r"(\d+) of (\d+) moments", seen["result"])
    assert counts, seen
    assert counts[1] == counts[2]
    assert int(counts[1]) == 3 * frames_of(clip)
    assert seen["held"].startswith("Measurements: 0:01, ")
    assert not seen["errors"]


def test_a_recording_continues_after_a_lost_connection_and_is_offered_after_a_reload(
    meeting: Meeting, clip: Path, tmp_path: Path
):
    seen = visit(meeting, clip, tmp_path, "recording")

    assert seen["leaving_asks"]
    (parts,) = seen["parts"]
    with zipfile.ZipFile(tmp_path / parts) as archive:
        frames = [frames_of(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert len(frames) == 2
    assert all(frames)
    (later,) = seen["saved_later"]
    assert frames_of(tmp_path / later) > 0


def test_a_session_is_listed_after_a_reload_opened_and_saved_with_one_clock(
    meeting: Meeting, clip: Path, tmp_path: Path
):
    seen = visit(meeting, clip, tmp_path, "sessions")

    assert re.search(r"^Measurements: 0:\d\d(?: \(0:\d\d measured\))?, [1-5] faces?\.", seen["held"])
    assert seen["listed"] == 1
    assert "Past session" in seen["past"]
    (saved,) = seen["saved"]
    times_s = [json.loads(line)["time_s"] for line in (tmp_path / saved).read_text().splitlines()]
    assert len(times_s) > 2
    assert times_s == sorted(times_s)
    assert 0 <= times_s[0] < times_s[-1]


def test_a_wrong_token_opens_no_camera_and_a_full_server_is_tried_again(
    meeting: Meeting, clip: Path, tmp_path: Path
):
    seen = visit(meeting, clip, tmp_path, "refusals")

    assert "This token is not valid on this server" in seen["token_text"]
    assert seen["opened_before_token"] == 0
    assert re.fullmatch(r"Next try in \d+ s", seen["countdown"])
    assert seen["admitted"]
